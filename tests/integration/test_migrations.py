"""The migrations of both databases, there and back, and what they lead to."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from importlib.resources import files
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError

from mechanic_adapters.sql.engine.engines import database_url
from mechanic_adapters.sql.migrations import runner
from mechanic_adapters.sql.schema.metadata import METADATA
from mechanic_core.errors import Unavailable
from tests.integration.servers import PostgresServer

CONSTRAINTS = """
    SELECT conrelid::regclass || '.' || conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND conrelid <> 0
"""
INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
COLUMNS = """
    SELECT table_name || '.' || column_name,
        (ordinal_position, data_type, character_maximum_length, collation_name, is_nullable,
         is_identity, identity_generation, column_default)::text
    FROM information_schema.columns WHERE table_schema = 'public'
"""
OBJECTS = """
    SELECT type || ' ' || name, sql FROM sqlite_master
    WHERE type <> 'trigger' AND name NOT LIKE 'sqlite_%'
"""
FILLED = """
    INSERT INTO customers (id, name, email, created_at, updated_at, version)
    VALUES (1, '', '', '2026-01-01', '2026-01-01', 1);
    INSERT INTO tickets (id, customer_id, service_date, service_month, description, status,
        created_at, updated_at, version)
    VALUES (1, 1, '2026-01-01', '2026-01-01', '', 'open', '2026-01-01', '2026-01-01', 1);
    INSERT INTO ticket_history (ticket_id, at, by_id, event)
    VALUES (1, '2026-01-01', 1, 'opened');
    INSERT INTO parts (id, sku, name, price, unit, quantity, reserved, reorder_point, created_at,
        updated_at, version, name_key, sku_key)
    VALUES (1, '', '', 0, '', 0, 0, 0, '2026-01-01', '2026-01-01', 1, '', '');
    INSERT INTO stock_movements (part_id, kind, on_hand_change, reserved_change, on_hand_after,
        reserved_after, by_id, at)
    VALUES (1, 'count', 0, 0, 0, 0, 1, '2026-01-01')
"""


def revisions() -> list[str]:
    """Return every version, oldest first."""
    config = Config()
    config.set_main_option("script_location", "mechanic_adapters.sql:migrations")
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    return [script.revision for script in scripts.walk_revisions()][::-1]


def described(url: str) -> Mapping[str, Any]:
    """Return every table, column, index and constraint of a database, by name."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file:
            found = dict(file.execute(OBJECTS))
        return {
            name: sorted(line.strip(" ,\n)") for line in (sql or "").split("\n"))
            for name, sql in found.items()
            if "alembic_version" not in name
        }
    with psycopg.connect(url) as connection:
        rows = [row for sql in (CONSTRAINTS, INDEXES, COLUMNS) for row in connection.execute(sql)]
    return {name: told for name, told in rows if "alembic_version" not in name}


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Makes databases with nothing in them."""
    made: list[str] = []
    if request.param == "sqlite":
        numbers = count(1)
        yield lambda: f"sqlite:///{tmp_path}/{next(numbers)}.db"
        return
    postgres: PostgresServer = request.getfixturevalue("postgres")

    def new() -> str:
        made.append(postgres.new_database())
        return made[-1]

    yield new
    for url in made:
        postgres.drop_database(url)


@pytest.fixture
def url(new_database: Callable[[], str]) -> str:
    """The address of a database with nothing in it."""
    return new_database()


def test_climbs_every_stair_up_down_and_up(url: str) -> None:
    """
    Each migration can be taken back, and then be made again.
    """
    landings: list[Mapping[str, Any]] = []
    for before, revision in zip([None, *revisions()], revisions(), strict=False):
        runner.upgrade(url, revision)
        landings.append(described(url))
        runner.downgrade(url)
        assert before == runner.current(url)
        assert (landings[-2] if before else {}) == described(url)
        runner.upgrade(url, revision)
        assert landings[-1] == described(url)

    assert runner.newest() == runner.current(url)


def test_leads_to_the_tables_of_the_code(new_database: Callable[[], str]) -> None:
    """
    The migrated schema has the tables, columns, indexes and constraints that the code describes.
    """
    migrated, created = new_database(), new_database()
    runner.upgrade(migrated)
    engine = create_engine(database_url(created))
    METADATA.create_all(engine)
    engine.dispose()

    assert described(created) == described(migrated)


def test_goes_back_to_nothing(url: str) -> None:
    """
    The way back ends where the way there began.
    """
    runner.upgrade(url)
    runner.downgrade(url, "base")

    assert runner.current(url) is None
    assert {} == described(url)


def test_goes_back_one_step(url: str) -> None:
    """
    Unless told otherwise, a downgrade is one step.
    """
    runner.upgrade(url)
    runner.downgrade(url)

    assert revisions()[-2] == runner.current(url)


def test_knows_a_database_without_a_schema(url: str) -> None:
    """
    Where nothing was ever migrated there is no version, and asking makes no file.
    """
    assert runner.current(url) is None
    assert not Path(url.removeprefix("sqlite:///")).exists()


def test_knows_the_newest() -> None:
    """
    The newest version is the end of one straight line.
    """
    assert revisions()[-1] == runner.newest()


def test_is_upgraded_once_by_many(url: str) -> None:
    """
    Of several who migrate at once, one does and the others find it done.
    """
    with ThreadPoolExecutor(4) as others:
        done = list(others.map(runner.upgrade, [url] * 4))

    assert [None] * 4 == done
    assert runner.newest() == runner.current(url)


def test_keeps_what_is_there(url: str) -> None:
    """
    Upgrading what is new enough changes nothing.
    """
    runner.upgrade(url)
    before = described(url)
    runner.upgrade(url)

    assert before == described(url)


@pytest.mark.parametrize("table", ["ticket_history", "stock_movements"])
@pytest.mark.parametrize("change", ["UPDATE {} SET note = 'other'", "DELETE FROM {}"])
def test_guards_what_is_only_added_to(url: str, table: str, change: str) -> None:
    """
    No row of the histories and of the ledger can be changed or deleted, by whomever.
    """
    runner.upgrade(url)
    engine = create_engine(database_url(url))
    with engine.begin() as connection:
        for insert in FILLED.split(";"):
            connection.exec_driver_sql(insert)
    with pytest.raises(DBAPIError, match="is only ever added to"), engine.begin() as connection:
        connection.exec_driver_sql(change.format(table))
    engine.dispose()


def test_says_when_the_database_is_away() -> None:
    """
    A server that does not answer is told as such, with no library's error.
    """
    with pytest.raises(Unavailable):
        runner.current("postgresql://nobody@127.0.0.1:1/none")


def test_ships_its_migrations() -> None:
    """
    The package holds what it needs to migrate, whatever folder it is started in.
    """
    migrations = files("mechanic_adapters.sql") / "migrations"

    assert (migrations / "env.py").is_file()
    assert len(revisions()) == sum(
        file.name[0].isdigit() for file in (migrations / "versions").iterdir()
    )
