"""The shop in the database of a host application, which has an Alembic and tables of its own."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from attrs import frozen
from sqlalchemy import create_engine, inspect, text

from mechanic_adapters.sql.engine.engines import database_url
from mechanic_adapters.sql.migrations import runner
from mechanic_adapters.sql.migrations.lock_retries import LockRetries
from mechanic_adapters.sql.migrations.ownership import NamesTaken
from mechanic_adapters.sql.migrations.version import FORMER_TABLE, VERSION_TABLE
from tests.integration.apps import ADA, PASSWORD, open_client, settings_for
from tests.integration.cli.outcomes import ADD
from tests.integration.programs import run
from tests.integration.released import load_released
from tests.integration.servers import PostgresServer

STAFF: Final = (*ADD, "--password-stdin")

ENVIRONMENT: Final = """
from alembic import context
context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
"""
MIGRATION: Final = """
from alembic import op
revision = {revision!r}
down_revision = {before!r}
def upgrade():
    op.execute({sql!r})
"""


@frozen
class Host:
    """An application with a table of its own, migrated by Alembic."""

    url: str
    scripts: Path
    table: str

    def write_migrations(self) -> None:
        """Write its two migrations."""
        (self.scripts / "versions").mkdir()
        (self.scripts / "env.py").write_text(ENVIRONMENT)
        create = f"CREATE TABLE {self.table} (company TEXT)"
        add = f"ALTER TABLE {self.table} ADD COLUMN country TEXT"
        for revision, before, sql in (("a1b2c3", None, create), ("0003", "a1b2c3", add)):
            migration = MIGRATION.format(revision=revision, before=before, sql=sql)
            (self.scripts / "versions" / f"{revision}.py").write_text(migration)

    def upgrade(self, revision: str) -> None:
        """Upgrade its schema."""
        engine = create_engine(database_url(self.url))
        with engine.begin() as connection:
            config = Config(attributes={"connection": connection})
            config.set_main_option("script_location", str(self.scripts))
            config.set_main_option("path_separator", "os")
            command.upgrade(config, revision)
        engine.dispose()

    def ask(self, sql: str) -> Any:
        """Run a statement, and return the rows that it returns."""
        engine = create_engine(database_url(self.url))
        with engine.begin() as connection:
            result = connection.execute(text(sql))
            rows = [tuple(row) for row in result] if result.returns_rows else []
        engine.dispose()
        return rows


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """The URL of an empty database."""
    url = postgres.new_database()
    yield url
    postgres.drop_database(url)


def new_host(url: str, folder: Path, table: str) -> Host:
    """Return a host application at its first revision, with a row."""
    (folder / "host").mkdir()
    host = Host(url, folder / "host", table)
    host.write_migrations()
    host.upgrade("a1b2c3")
    host.ask(f"INSERT INTO {table} (company) VALUES ('ACME')")  # noqa: S608 - our own name
    return host


def use_shop(url: str) -> list[str]:
    """Register a customer over HTTP, and return the e-mail addresses that a manager sees."""
    with open_client(settings_for(url)) as client:
        registration = {"name": "Ada", "email": ADA, "password": PASSWORD, "phone": "555-0101"}
        assert 201 == client.ask("POST", "/customers", body=registration).status_code
        assert "ready" == client.get("/readyz").json["status"]
        login = {"email": "grace@example.com", "password": PASSWORD}
        token = client.ask("POST", "/mechanics/login", body=login).json["token"]
        return [item["email"] for item in client.get("/customers", token).json["items"]]


@pytest.mark.parametrize(
    "parameter", ["options=-csearch_path%3Dshop", "schema=shop&options=-cwork_mem%3D8MB"]
)
def test_shares_a_postgres_database(
    tmp_path: Path, postgres: PostgresServer, postgres_url: str, parameter: str
) -> None:
    """
    In a schema of its own the shop is migrated, used, checked, backed up and restored.

    The host has a table of the same name, is migrated before and after, and is left alone.
    """
    host = new_host(postgres_url, tmp_path, "customers")
    url = f"{postgres_url}?{parameter}"
    path = f"{postgres._programs}{os.pathsep}{os.environ['PATH']}"
    env = {"DATABASE_URL": url, "SECRET_KEY": "s" * 48, "PATH": path}

    def mechanic_shop(*words: str, given: str = "") -> str:
        result = run(tmp_path, *words, env=env, given=given)
        assert 0 == result.returncode, result.stderr
        return result.stdout

    upgraded = mechanic_shop("db", "upgrade")
    mechanic_shop(*STAFF, given=PASSWORD)
    emails = use_shop(url)
    host.upgrade("0003")
    checks = [mechanic_shop("db", word) for word in ("check", "current", "recount")]
    mechanic_shop("stock", "check")
    mechanic_shop("backup", "shop.backup")
    host.ask("UPDATE customers SET country = 'Poland'")
    host.ask("UPDATE shop.customers SET name = 'Lost'")
    mechanic_shop("restore", "--force", "shop.backup")

    newest = f"{runner.newest()}\n"
    assert [ADA] == emails
    assert (newest, [newest, newest, "all counters are right\n"]) == (upgraded, checks)
    assert [("0003",)] == host.ask("SELECT version_num FROM alembic_version")
    assert [("ACME", "Poland")] == host.ask("SELECT * FROM customers")
    assert [("Ada", "ada@example.com")] == host.ask("SELECT name, email FROM shop.customers")
    assert {"alembic_version", "customers"} == tables_in(postgres_url, "public")
    assert functions_in(postgres_url) == {"shop"}


def tables_in(url: str, schema: str) -> set[str]:
    """Return the tables of a schema."""
    engine = create_engine(database_url(url))
    found = {*inspect(engine).get_table_names(schema)}
    engine.dispose()
    return found


def functions_in(url: str) -> set[str]:
    """Return the schemas that have functions, besides the server's."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT DISTINCT nspname FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace"
            " WHERE nspname NOT IN ('pg_catalog', 'information_schema')"
        )
        return {name for (name,) in rows}


def test_restores_into_a_database_without_the_schema(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    """
    A backup of a schema is restored where there is none, and not into another schema.
    """
    old, new = postgres.new_database(), postgres.new_database()
    path = f"{postgres._programs}{os.pathsep}{os.environ['PATH']}"
    runner.upgrade(f"{old}?schema=shop")

    results = [
        run(tmp_path, *words, "shop.backup", env={"DATABASE_URL": url, "PATH": path})
        for words, url in (
            (["backup"], f"{old}?schema=shop"),
            (["restore"], f"{new}?schema=other"),
            (["restore"], new),
            (["restore"], f"{new}?schema=shop"),
        )
    ]

    refused = "mechanic-shop: shop.backup has the schema shop, and DATABASE_URL"
    assert [0, 1, 1, 0] == [result.returncode for result in results], results
    assert [f"{refused} other\n", f"{refused} public\n"] == [one.stderr for one in results[1:3]]
    assert runner.newest() == runner.current(f"{new}?schema=shop")
    assert runner.current(new) is None


def test_shares_a_sqlite_file(tmp_path: Path) -> None:
    """
    In one SQLite file both have a version of their own.
    """
    url = f"sqlite:///{tmp_path / 'host.db'}"
    host = new_host(url, tmp_path, "companies")

    runner.upgrade(url)
    host.upgrade("0003")
    run(tmp_path, *STAFF, env={"DATABASE_URL": url}, given=PASSWORD)

    assert [ADA] == use_shop(url)
    assert runner.newest() == runner.current(url)
    assert [("0003",)] == host.ask("SELECT version_num FROM alembic_version")
    assert [("ACME", None)] == host.ask("SELECT * FROM companies")


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_takes_no_table_of_another_application(
    tmp_path: Path, postgres_url: str, kind: str
) -> None:
    """
    Where a table of the shop's names is another application's, the upgrade says so.
    """
    url = f"sqlite:///{tmp_path / 'host.db'}" if kind == "sqlite" else postgres_url
    host = new_host(url, tmp_path, "customers")
    host.upgrade("0003")

    with pytest.raises(NamesTaken, match="another application: customers; give the shop"):
        runner.upgrade(url)

    assert runner.current(url) is None
    assert [("0003",)] == host.ask("SELECT version_num FROM alembic_version")
    assert {"alembic_version", "customers"} == tables_in(
        url, "main" if kind == "sqlite" else "public"
    )


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_takes_over_the_version_of_a_former_release(
    tmp_path: Path, postgres_url: str, kind: str
) -> None:
    """
    The version in `alembic_version` is taken over; there former releases read a newer one.
    """
    url = f"sqlite:///{tmp_path / 'shop.db'}" if kind == "sqlite" else postgres_url
    load_released(url)
    host = Host(url, tmp_path, "")

    before = runner.current(url)
    runner.upgrade(url)

    assert ("0006", runner.newest()) == (before, runner.current(url))
    assert [(VERSION_TABLE,)] == host.ask(f"SELECT version_num FROM {FORMER_TABLE}")  # noqa: S608 - our own name
    assert VERSION_TABLE > "9999"  # as former releases compare
    runner.downgrade(url, "base")
    assert [] == host.ask(f"SELECT version_num FROM {FORMER_TABLE}")  # noqa: S608 - as above


def test_takes_over_when_the_lock_is_free(tmp_path: Path, postgres_url: str) -> None:
    """
    While another transaction has changed the row of a former release's version, the upgrade waits.
    """
    load_released(postgres_url)
    host = Host(postgres_url, tmp_path, "")
    with psycopg.connect(postgres_url) as holder:
        holder.execute("UPDATE alembic_version SET version_num = '0006'")

        runner.upgrade(postgres_url, retries=LockRetries(report=lambda _: holder.rollback()))

    assert runner.newest() == runner.current(postgres_url)
    assert [(VERSION_TABLE,)] == host.ask("SELECT version_num FROM alembic_version")
