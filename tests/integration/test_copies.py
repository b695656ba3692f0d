"""`copy` moves a whole shop into another database, in either direction."""

import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine, func, select, text

from mechanic_adapters.sql.engine.engines import database_url
from mechanic_adapters.sql.migrations import runner
from mechanic_adapters.sql.schema.metadata import METADATA
from mechanic_core.access import SYSTEM
from mechanic_core.customers.customer import Registration
from mechanic_core.events.use_cases import EventsExpired
from mechanic_core.inventory.part import PartForm
from mechanic_shop import open_shop
from mechanic_shop.backups.copy import copy_shop
from mechanic_shop.backups.epoch import EMPTIED, POSITION_TABLE, TABLE
from mechanic_shop.demo.throwaway_shop import fill_shop
from mechanic_shop.settings.settings import Settings
from tests.integration.databases import DATABASES
from tests.integration.events.mirror import NEWEST
from tests.integration.programs import run
from tests.integration.servers import PostgresServer
from tests.strategies import sample

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
Rows = Mapping[str, Sequence[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def shops(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The URL of a shop with a year of data, by the kind of database."""
    file = f"sqlite:///{tmp_path_factory.mktemp('demo') / 'shop.db'}"
    fill_shop(Settings(database_url=file, secret_key="s" * 48), NOON)
    with open_shop(file) as shop:  # its account has a last id that must not come back
        gone = shop.register_customer(SYSTEM, sample(Registration))
        shop.erase_customer(SYSTEM, gone.id)
    server = postgres.new_database()
    runner.upgrade(server)
    copy_shop(file, server)
    return {"sqlite": file, "postgresql": server}


def engine_of(url: str) -> Any:
    """Return an engine without a connection pool."""
    return create_engine(database_url(url), poolclass=NullPool)


def rows_of(url: str) -> Rows:
    """Return every row of every table that is copied unchanged."""
    with engine_of(url).connect() as connection:
        return {
            table.name: [
                tuple(row)
                for row in connection.execute(select(table).order_by(*table.primary_key.columns))
            ]
            for table in METADATA.sorted_tables
            if table.name not in (*EMPTIED, POSITION_TABLE, TABLE)
        }


def triggers_of(url: str) -> Sequence[tuple[Any, ...]]:
    """Return the triggers, and on PostgreSQL whether they are enabled."""
    if url.startswith("sqlite"):
        sql = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY name"
    else:
        sql = "SELECT tgname, tgenabled::text FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2"
    with engine_of(url).connect() as connection:
        return [tuple(row) for row in connection.execute(text(sql))]


def copy(folder: Path, source: str, target: str) -> "subprocess.CompletedProcess[str]":
    """Run the command."""
    return run(folder, "copy", "--to", target, env={"DATABASE_URL": source})


def new_url(kind: str, folder: Path, postgres: PostgresServer) -> str:
    """Return the URL of a database without tables."""
    return f"sqlite:///{folder / 'new.db'}" if kind == "sqlite" else postgres.new_database()


@pytest.mark.parametrize("target", DATABASES)
@pytest.mark.parametrize("source", DATABASES)
def test_everything_is_copied(
    source: str,
    target: str,
    shops: Mapping[str, str],
    tmp_path: Path,
    postgres: PostgresServer,
) -> None:
    """
    The copy has every row with its id, its triggers work, and no id is given a second time.
    """
    old, new = shops[source], new_url(target, tmp_path, postgres)

    done = copy(tmp_path, old, new)

    expected = rows_of(old)
    assert done.returncode == 0, done.stderr
    assert expected == rows_of(new)
    assert len(expected["stock_movements"]) > 100
    assert "rows of" in done.stdout
    assert 0 == run(tmp_path, "check", env={"DATABASE_URL": new}).returncode
    assert triggers_of(new) == triggers_of(old) or source != target
    with open_shop(new) as shop:
        shop.register_customer(SYSTEM, sample(Registration))
    last = [rows_of(url)["accounts"][-1][0] for url in (old, new)]
    assert last[1] == last[0] + 2
    assert 0 == run(tmp_path, "db", "recount", env={"DATABASE_URL": new}).returncode


@pytest.mark.parametrize("kind", DATABASES)
def test_sessions_end_and_mirrors_start_again(
    kind: str, shops: Mapping[str, str], tmp_path: Path, postgres: PostgresServer
) -> None:
    """
    As after a restore no session and no event is there, and the epoch is a new one.
    """
    old, new = shops["sqlite"], new_url(kind, tmp_path, postgres)
    assert copy(tmp_path, old, new).returncode == 0

    def first(url: str, name: str) -> Any:
        with engine_of(url).connect() as connection:
            return connection.execute(select(METADATA.tables[name])).first()

    assert [None] * len(EMPTIED) == [first(new, name) for name in EMPTIED]
    assert first(old, TABLE) != first(new, TABLE)
    with open_shop(new) as shop:
        with pytest.raises(EventsExpired):
            shop.read_events(SYSTEM, 0)
        last = shop.read_events(SYSTEM, NEWEST).last
        shop.add_part(SYSTEM, sample(PartForm, sku="RAG"))
        assert [last + 1] == [event.position for event in shop.read_events(SYSTEM, last).items]


@pytest.mark.parametrize("kind", DATABASES)
def test_a_target_with_data_is_refused(
    kind: str, shops: Mapping[str, str], tmp_path: Path, postgres: PostgresServer
) -> None:
    """
    An upgraded target without data is filled; one with a single part is left as it is.
    """
    new = new_url(kind, tmp_path, postgres)
    runner.upgrade(new)
    triggers = triggers_of(new)
    with open_shop(new) as shop:
        shop.add_part(SYSTEM, sample(PartForm))
    before = rows_of(new)

    refused = copy(tmp_path, shops["sqlite"], new)
    itself = copy(tmp_path, shops["sqlite"], shops["sqlite"])

    assert (1, 1) == (refused.returncode, itself.returncode)
    assert "the database of --to has data already, in " in refused.stderr
    assert "--to is the same database as DATABASE_URL, " in itself.stderr
    assert [1, 1] == [one.stderr.count("\n") for one in (refused, itself)]
    assert before == rows_of(new)
    assert triggers == triggers_of(new)


def test_an_upgraded_target_is_filled(
    shops: Mapping[str, str], tmp_path: Path, postgres: PostgresServer
) -> None:
    """
    A target whose schema was made by `db upgrade` is as good as one without.
    """
    new = postgres.new_database()
    runner.upgrade(new)

    done = copy(tmp_path, shops["sqlite"], new)

    assert done.returncode == 0, done.stderr
    assert rows_of(shops["sqlite"]) == rows_of(new)


def test_a_failed_copy_changes_nothing(
    shops: Mapping[str, str], tmp_path: Path, postgres: PostgresServer
) -> None:
    """
    What the target refuses is one line without the row, and the target stays empty.
    """
    new = postgres.new_database()
    runner.upgrade(new)
    with engine_of(new).begin() as connection:
        connection.execute(text("ALTER TABLE ticket_history ADD CHECK (id < 5)"))

    failed = copy(tmp_path, shops["sqlite"], new)

    with engine_of(new).connect() as connection:
        counted = [
            connection.scalar(select(func.count()).select_from(METADATA.tables[name]))
            for name in ("customers", "ticket_history")
        ]
    assert (1, [0, 0]) == (failed.returncode, counted)
    assert "violates check constraint" in failed.stderr
    assert 1 == failed.stderr.count("\n")
    assert "@example.com" not in failed.stderr


def test_wrong_addresses(tmp_path: Path) -> None:
    """
    A wrong address, an absent server and a missing source are one line each, without a password.
    """
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    away = "postgresql://shop:w0rd@127.0.0.1:1/shop"
    runner.upgrade(url)

    wrong = copy(tmp_path, url, "mysql://shop:w0rd@localhost/shop")
    absent = copy(tmp_path, url, away)
    missing = copy(tmp_path, f"sqlite:///{tmp_path / 'none.db'}", url)

    assert (2, 1, 1) == (wrong.returncode, absent.returncode, missing.returncode)
    assert "--to: the database at 127.0.0.1:1 does not answer" in absent.stderr
    assert "there is no shop in " in missing.stderr
    assert "none.db: set DATABASE_URL to its place" in missing.stderr
    assert not [one for one in (wrong, absent, missing) if "w0rd" in one.stderr]
    assert not (tmp_path / "none.db").exists()
