"""Backups contain everything, and restore it."""

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from sqlalchemy import NullPool, create_engine, inspect, make_url, text

from mechanic_adapters.sql.engine.engines import database_url
from mechanic_adapters.sql.migrations import runner, version
from mechanic_core.access import SYSTEM
from mechanic_core.events.use_cases import EventsExpired
from mechanic_core.inventory.part import PartForm
from mechanic_shop import open_shop
from mechanic_shop.backups.epoch import EMPTIED, POSITION_TABLE, TABLE
from mechanic_shop.demo.throwaway_shop import fill_shop
from mechanic_shop.observability.agreement import ALL_RIGHT
from mechanic_shop.settings.settings import Settings
from tests.integration.databases import DATABASES, new_shop_url
from tests.integration.events.mirror import NEWEST
from tests.integration.programs import environment, run
from tests.integration.servers import PostgresServer
from tests.strategies import sample

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
Tables = Mapping[str, Sequence[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with a year of data in a SQLite file."""
    file = tmp_path_factory.mktemp("demo") / "shop.db"
    fill_shop(settings_of(f"sqlite:///{file}"), NOON)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    return file


@pytest.fixture(scope="module")
def template(postgres: PostgresServer) -> str:
    """The same in a PostgreSQL database, as a template."""
    url = postgres.new_database()
    fill_shop(settings_of(url), NOON)
    return url


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty directory."""
    return tmp_path


@pytest.fixture
def programs(postgres: PostgresServer) -> Mapping[str, str]:
    """An environment in which `pg_dump` is as new as the server."""
    return {"PATH": f"{postgres._programs}{os.pathsep}{os.environ['PATH']}"}


@pytest.fixture
def postgres_url(postgres: PostgresServer, template: str) -> Iterator[str]:
    """The URL of a PostgreSQL shop with a year of data."""
    url = postgres.new_database(template)
    yield url
    postgres.drop_database(url)


def settings_of(url: str) -> Settings:
    """Return the settings of a shop at *url*."""
    return Settings(database_url=url, secret_key="s" * 48)


def engine_of(url: str) -> Any:
    """Return an engine without a connection pool."""
    return create_engine(database_url(url), poolclass=NullPool)


def contents_of(url: str) -> Tables:
    """Return every row of every table but those of sessions and events, and the other schema objects."""
    engine = engine_of(url)
    with engine.connect() as connection:
        found = {
            name: sorted(
                (tuple(row) for row in connection.execute(text(f'SELECT * FROM "{name}"'))),  # noqa: S608 - our tables
                key=repr,
            )
            for name in inspect(engine).get_table_names()
            if name not in (*EMPTIED, POSITION_TABLE, TABLE)
        }
        found[""] = sorted(tuple(row) for row in connection.execute(text(_beside(url))))
    return found


def _beside(url: str) -> str:
    if url.startswith("sqlite"):
        return "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
    # PostgreSQL spells the casts of a predicate differently once it was restored.
    return r"""
        SELECT 'sequence', sequencename::text, last_value::text FROM pg_sequences
        UNION ALL SELECT 'trigger', tgname::text, '' FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL SELECT 'index', indexname::text, translate(
            regexp_replace(indexdef, '::(character varying|text)(\[\])?', '', 'g'), '()', ''
            ) FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT 'constraint', conname::text, contype::text
            FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    """


def run_command(
    folder: Path, url: str, *words: str, **env: str
) -> "subprocess.CompletedProcess[str]":
    """Run a command of the shop at *url*."""
    return run(folder, *words, env={"DATABASE_URL": url, "SECRET_KEY": "s" * 48, **env})


def assert_refused(result: "subprocess.CompletedProcess[str]", reason: str) -> None:
    """Check that a command failed with one line that gives the reason."""
    assert 1 == result.returncode
    assert result.stderr.startswith("mechanic-shop: ")
    assert 1 == len(result.stderr.splitlines())
    assert reason in result.stderr


def test_sqlite_is_restored_completely(folder: Path, demo: Path) -> None:
    """
    A restored SQLite shop has every row, index and trigger, and its ledger agrees.
    """
    url, new = f"sqlite:///{demo}", f"sqlite:///{folder / 'new.db'}"

    made = run_command(folder, url, "backup", "shop.backup")
    back = run_command(folder, new, "restore", "shop.backup")

    expected = contents_of(url)
    assert (0, 0) == (made.returncode, back.returncode), made.stderr + back.stderr
    assert expected == contents_of(new)
    assert len(expected["stock_movements"]) > 100
    assert 0 == run_command(folder, new, "stock", "check").returncode
    assert 0o600 == stat.S_IMODE((folder / "shop.backup").stat().st_mode)
    assert {"shop.backup", "new.db"} <= {path.name for path in folder.iterdir()}
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


def test_sqlite_is_backed_up_during_writes(folder: Path, demo: Path) -> None:
    """
    A backup contains transactions that are committed to the WAL only, and no uncommitted ones.
    """
    file = folder / "shop.db"
    file.write_bytes(demo.read_bytes())
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("PRAGMA wal_autocheckpoint=0")
        writer.execute("UPDATE parts SET name = 'committed' WHERE id = 1")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE parts SET name = 'never' WHERE id = 2")

        made = run_command(folder, f"sqlite:///{file}", "backup", "shop.backup")
        writer.execute("ROLLBACK")

    with closing(sqlite3.connect(folder / "shop.backup")) as copy:
        names = [name for (name,) in copy.execute("SELECT name FROM parts WHERE id < 3")]
    assert 0 == made.returncode, made.stderr
    assert "committed" in names
    assert "never" not in names


def test_postgresql_is_restored_completely(
    folder: Path, postgres: PostgresServer, postgres_url: str, programs: Mapping[str, str]
) -> None:
    """
    A restored PostgreSQL shop has every row, sequence, constraint, index and trigger.
    """
    new = postgres.new_database()

    made = run_command(folder, postgres_url, "backup", "shop.dump", **programs)
    back = run_command(folder, new, "restore", "shop.dump", **programs)

    expected = contents_of(postgres_url)
    assert (0, 0) == (made.returncode, back.returncode), made.stderr + back.stderr
    assert expected == contents_of(new)
    assert len(expected["stock_movements"]) > 100
    assert 0 == run_command(folder, new, "stock", "check").returncode
    assert 0o600 == stat.S_IMODE((folder / "shop.dump").stat().st_mode)


@pytest.mark.parametrize("kind", DATABASES)
def test_a_mirror_starts_again_after_a_restore(
    kind: str, folder: Path, postgres: PostgresServer, programs: Mapping[str, str]
) -> None:
    """
    After a restore no position of before can be gone on from: at, behind or beyond the backup.
    """
    url = new_shop_url(kind, folder, postgres)
    backed_up = last_after_adding(url, "PAD")
    assert 0 == run_command(folder, url, "backup", "shop.backup", **programs).returncode
    lost = last_after_adding(url, "OIL")

    back = run_command(folder, url, "restore", "shop.backup", "--force", **programs)

    assert (0, 1, 2) == (back.returncode, backed_up, lost), back.stderr
    with open_shop(url) as shop:
        for after in (0, backed_up, lost, lost + 1000):
            with pytest.raises(EventsExpired):
                shop.read_events(SYSTEM, after)
        last = shop.read_events(SYSTEM, NEWEST).last
        shop.add_part(SYSTEM, sample(PartForm, sku="RAG"))
        assert [last + 1] == [event.position for event in shop.read_events(SYSTEM, last).items]


def last_after_adding(url: str, sku: str) -> int:
    """Add a part and return the position of its event."""
    with open_shop(url) as shop:
        shop.add_part(SYSTEM, sample(PartForm, sku=sku))
        return shop.read_events(SYSTEM, NEWEST).last


def test_nothing_is_overwritten_without_force(
    folder: Path, demo: Path, postgres_url: str, programs: Mapping[str, str]
) -> None:
    """
    Neither a file nor a shop is overwritten without `--force`.
    """
    file = folder / "shop.db"
    file.write_bytes(demo.read_bytes())
    for url, name in ((f"sqlite:///{file}", "a"), (postgres_url, "b")):
        assert 0 == run_command(folder, url, "backup", name, **programs).returncode
        before = (folder / name).read_bytes()
        expected = contents_of(url)

        assert_refused(run_command(folder, url, "backup", name, **programs), "already exists")
        assert before == (folder / name).read_bytes()
        assert_refused(run_command(folder, url, "restore", name, **programs), "--force")

        with engine_of(url).begin() as connection:
            connection.execute(text("DELETE FROM ticket_labor"))
            connection.execute(text("UPDATE parts SET quantity = quantity + 1"))
        assert expected != contents_of(url)
        forced = run_command(folder, url, "restore", name, "--force", **programs)
        assert 0 == forced.returncode, forced.stderr
        assert expected == contents_of(url)
        assert 0 == run_command(folder, url, "backup", name, "--force", **programs).returncode


def test_invalid_backups_are_refused(
    folder: Path, demo: Path, postgres_url: str, programs: Mapping[str, str]
) -> None:
    """
    Restoring a file that is empty, truncated, newer or no backup changes nothing.
    """
    url = f"sqlite:///{folder / 'new.db'}"
    whole = demo.read_bytes()
    (folder / "text").write_text("no backup")
    (folder / "torn").write_bytes(whole[: len(whole) // 2])
    with closing(sqlite3.connect(folder / "other")) as other:
        other.execute("CREATE TABLE parts (id)")
    (folder / "late").write_bytes(whole)
    with closing(sqlite3.connect(folder / "late")) as late, late:
        late.execute("UPDATE mechanic_shop_version SET version_num = '9999'")

    assert_refused(
        run_command(folder, url, "restore", "text"), "is not a backup of a shop on SQLite"
    )
    assert_refused(run_command(folder, url, "restore", "torn"), "torn")
    assert_refused(run_command(folder, url, "restore", "other"), "does not contain a shop")
    assert_refused(run_command(folder, url, "restore", "late"), "supports up to")
    assert_refused(
        run_command(folder, postgres_url, "restore", "late", **programs),
        "not a backup of a shop on PostgreSQL",
    )
    assert not (folder / "new.db").exists()
    assert_refused(
        run_command(folder, url, "restore", "nowhere"), "nowhere: No such file or directory"
    )


def test_a_failed_backup_leaves_nothing(folder: Path) -> None:
    """
    A failed backup is a one-line error and leaves no file.
    """
    away = "postgresql://shop:w0rd@127.0.0.1:1/shop"

    assert_refused(run_command(folder, f"sqlite:///{folder / 'none.db'}", "backup", "a"), "none.db")
    result = run_command(folder, away, "backup", "a")
    assert_refused(
        result, "DATABASE_URL: the database at 127.0.0.1:1 does not answer: connection refused\n"
    )
    no_place = run_command(folder, f"sqlite:///{folder}", "backup", "a")
    assert 2 == no_place.returncode
    assert f"DATABASE_URL: {folder} is a folder\n" in no_place.stderr
    assert "w0rd" not in result.stderr
    assert [] == [path.name for path in folder.iterdir() if path.name != "mechanic_shop.secret"]


def test_an_old_pg_dump_is_reported(folder: Path, postgres_url: str) -> None:
    """
    A `pg_dump` older than the server is reported with both versions.
    """
    old = folder / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.1'\n")
    old.chmod(0o755)

    result = run_command(folder, postgres_url, "backup", "a", PATH=str(folder))

    assert_refused(result, f"pg_dump 18 or newer is required on the PATH; found {old} (9)")


@pytest.mark.parametrize(
    "parameters",
    [
        "",
        "?password={password}",
        "?password={password}&sslpassword=s%3Dcr%20t&sslmode=prefer",
    ],
    ids=["user information", "query", "query with a second secret"],
)
def test_no_secret_is_on_a_command_line(
    folder: Path, postgres_url: str, programs: Mapping[str, str], parameters: str
) -> None:
    """
    No command line of `pg_dump` and `pg_restore` contains a secret, and they connect with it.
    """
    password = str(psycopg.conninfo.conninfo_to_dict(postgres_url)["password"])
    url = postgres_url
    if parameters:
        url = url.replace(f":{password}@", "@") + parameters.format(password=password)
    for name in ("pg_dump", "pg_restore"):
        spy, real = folder / name, Path(programs["PATH"].partition(os.pathsep)[0]) / name
        spy.write_text(
            f'#!/bin/sh\ntr "\\0" "\\n" < /proc/$$/cmdline >> {folder}/seen\nexec {real} "$@"\n'
        )
        spy.chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"

    made = run_command(folder, url, "backup", "a", PATH=path, TMPDIR=str(folder))
    back = run_command(folder, url, "restore", "a", "--force", PATH=path, TMPDIR=str(folder))

    seen = (folder / "seen").read_text()
    assert (0, 0) == (made.returncode, back.returncode), made.stderr + back.stderr
    assert {"--format=custom", "--single-transaction"} <= set(seen.splitlines())
    assert [] == [secret for secret in (password, "s%3Dcr", "s=cr") if secret in seen]
    assert {"a", "seen", "pg_dump", "pg_restore"} == {path.name for path in folder.iterdir()}


@pytest.fixture
def role_url(postgres: PostgresServer) -> Iterator[str]:
    """The URL of an empty database of an ordinary role, whose password has any characters."""
    name, password = "mover", "p@ss/w%rd x+y=ü"
    url = postgres.new_database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(Identifier(name), password)
        )
        database = Identifier(url.rpartition("/")[2])
        connection.execute(SQL("ALTER DATABASE {} OWNER TO {}").format(database, Identifier(name)))
    place = make_url(url).set(username=name)
    yield str(place.set(password="PASSWORD").render_as_string(hide_password=False)).replace(
        "PASSWORD", quote(password, safe="")
    )
    postgres.drop_database(url)
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(SQL("DROP ROLE {}").format(Identifier(name)))


def test_an_ordinary_role_moves_to_postgresql(
    folder: Path, demo: Path, role_url: str, programs: Mapping[str, str]
) -> None:
    """
    The owner of an empty database moves a shop there from SQLite, backs it up and restores it.
    """
    moved = run_command(folder, f"sqlite:///{demo}", "copy", "--to", role_url)
    commands = (["check"], ["backup", "a"], ["restore", "a", "--force"], ["check"])

    outcomes = [run_command(folder, role_url, *words, **programs) for words in commands]

    done = [moved, *outcomes]
    assert [(0, "")] * 5 == [(one.returncode, one.stderr) for one in done]
    right = f"{ALL_RIGHT}\n"
    assert moved.stdout.endswith(right)
    assert [right] * 2 == [outcomes[0].stdout, outcomes[-1].stdout]


def test_a_secret_beside_a_service_is_reported(
    folder: Path, postgres_url: str, programs: Mapping[str, str]
) -> None:
    """
    A secret in the query cannot be passed on beside a service: it must be in the service file.
    """
    (folder / "services").write_text("[shop]\n")
    env = {**programs, "PGSERVICEFILE": str(folder / "services")}

    result = run_command(
        folder, f"{postgres_url}?service=shop&sslpassword=w0rd", "backup", "a", **env
    )

    assert_refused(result, "DATABASE_URL: sslpassword must be in the service file")
    assert "w0rd" not in result.stderr


def test_a_failed_restore_quotes_no_row(
    folder: Path, postgres: PostgresServer, postgres_url: str, programs: Mapping[str, str]
) -> None:
    """
    The line about a failed restore contains no row of the backup.
    """
    assert 0 == run_command(folder, postgres_url, "backup", "a", **programs).returncode
    new = postgres.new_database()
    with psycopg.connect(new, autocommit=True) as connection:
        connection.execute(
            "CREATE FUNCTION spoil() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN IF EXISTS"
            " (SELECT FROM pg_tables WHERE tablename = 'accounts') THEN EXECUTE 'ALTER TABLE"
            " public.accounts ADD CHECK (id < 0)'; END IF; END $$"
        )
        connection.execute(
            "CREATE EVENT TRIGGER spoil ON ddl_command_end WHEN TAG IN ('CREATE TABLE')"
            " EXECUTE FUNCTION spoil()"
        )

    result = run_command(folder, new, "restore", "a", **programs)

    assert_refused(result, "violates check constraint")
    assert "$argon2" not in result.stderr
    assert "@example.com" not in result.stderr
    postgres.drop_database(new)


def test_newest_is_what_alembic_says() -> None:
    """
    The newest version by file names is the one that Alembic reports.
    """
    program = (
        "import sys; from mechanic_shop.wiring.application import open_application;"
        "print('alembic' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )

    assert runner.newest() == version.newest()
    assert "False\n" == result.stdout
