"""The migrations of both databases, up and down, and the resulting schema."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib.resources import files
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect
from sqlalchemy.exc import DBAPIError

from mechanic_adapters.sql.engine.engines import database_url
from mechanic_adapters.sql.migrations import runner
from mechanic_adapters.sql.schema.metadata import METADATA
from mechanic_core.errors import Unavailable
from tests.integration.schemas import schema_of
from tests.integration.servers import PostgresServer

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
    VALUES (1, 'count', 0, 0, 0, 0, 1, '2026-01-01');
    INSERT INTO profile_history (at, by_id, before, after) VALUES ('2026-01-01', 1, '{}', '{}');
    INSERT INTO estimates (id, ticket_id, number, jobs, discounts, tax, totals, revised_total, profile,
        created_at, by_id, digest)
    VALUES (1001, 1, 1, '[]', '[]', '[]', '{}', 0, '{}', '2026-01-01', 1, '');
    INSERT INTO decisions (ticket_id, kind, answers, authorized_total, person, channel, at, digest)
    VALUES (1, 'limit', '[]', 0, '', 'phone', '2026-01-01', '');
    INSERT INTO invoices (number, series, sequence, ticket_id, customer, seller, service_date,
        description, jobs, lines, discounts, tax, totals, deposit, decisions, issued_at, issued_on,
        due_date, by_id, digest)
    VALUES ('INV-1', 'INV-', 1, 1, '{}', '{}', '2026-01-01', '', '[]', '[]', '[]', '[]', '{}', 0,
        '[]', '2026-01-01', '2026-01-01', '2026-01-01', 1, '');
    INSERT INTO credit_notes (number, series, sequence, invoice_id, invoice_number, ticket_id,
        customer, seller, lines, tax, totals, total, reason, issued_at, issued_on, by_id, digest)
    VALUES ('CN-1', 'CN-', 1, 1, 'INV-1', 1, '{}', '{}', '[]', '[]', '{}', 0, '', '2026-01-01',
        '2026-01-01', 1, '');
    INSERT INTO payments (ticket_id, amount, method, received_on, received_month, at, by_id)
    VALUES (1, 2, 'cash', '2026-01-01', '2026-01-01', '2026-01-01', 1);
    INSERT INTO refunds (payment_id, amount, method, reason, received_on, at, by_id)
    VALUES (1, 1, 'cash', '', '2026-01-01', '2026-01-01', 1)
"""


def revisions() -> list[str]:
    """Return every revision, oldest first."""
    config = Config()
    config.set_main_option("script_location", "mechanic_adapters.sql:migrations")
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    return [script.revision for script in scripts.walk_revisions()][::-1]


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Creates empty databases."""
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
    """The URL of an empty database."""
    return new_database()


def test_each_migration_can_be_reverted(url: str) -> None:
    """
    Each migration can be applied, reverted and applied again.
    """
    schemas: list[Mapping[str, Any]] = []
    for before, revision in zip([None, *revisions()], revisions(), strict=False):
        runner.upgrade(url, revision)
        schemas.append(schema_of(url))
        runner.downgrade(url)
        assert before == runner.current(url)
        assert (schemas[-2] if before else {}) == schema_of(url)
        runner.upgrade(url, revision)
        assert schemas[-1] == schema_of(url)

    assert runner.newest() == runner.current(url)


def test_leads_to_the_declared_tables(new_database: Callable[[], str]) -> None:
    """
    The migrated schema equals the tables, indexes and constraints that the code declares.
    """
    migrated, created = new_database(), new_database()
    runner.upgrade(migrated)
    engine = create_engine(database_url(created))
    METADATA.create_all(engine)
    engine.dispose()

    assert schema_of(created) == schema_of(migrated)


def test_downgrades_to_base(url: str) -> None:
    """
    A downgrade to base leaves an empty database.
    """
    runner.upgrade(url)
    runner.downgrade(url, "base")

    assert runner.current(url) is None
    assert {} == schema_of(url)


def test_downgrades_one_step(url: str) -> None:
    """
    A downgrade reverts one migration by default.
    """
    runner.upgrade(url)
    runner.downgrade(url)

    assert revisions()[-2] == runner.current(url)


def test_knows_a_database_without_a_schema(url: str) -> None:
    """
    A database without a schema has no version, and asking creates no file.
    """
    assert runner.current(url) is None
    assert not Path(url.removeprefix("sqlite:///")).exists()


def test_knows_the_newest() -> None:
    """
    The newest revision is the head of one linear history.
    """
    assert revisions()[-1] == runner.newest()


def test_is_upgraded_once_by_many(url: str) -> None:
    """
    Of concurrent upgrades one runs and the others find nothing to do.
    """
    with ThreadPoolExecutor(4) as others:
        done = list(others.map(runner.upgrade, [url] * 4))

    assert [None] * 4 == done
    assert runner.newest() == runner.current(url)


def test_upgrading_again_changes_nothing(url: str) -> None:
    """
    Upgrading a current schema changes nothing.
    """
    runner.upgrade(url)
    before = schema_of(url)
    runner.upgrade(url)

    assert before == schema_of(url)


CHANGES = {
    "sqlite": ["INSERT OR REPLACE INTO {0} SELECT * FROM {0}"],
    "postgresql": [
        "INSERT INTO {0} SELECT * FROM {0} ON CONFLICT (id) DO UPDATE SET {1} = 'other'",
        "TRUNCATE {0}",
        "TRUNCATE tickets, parts CASCADE",
    ],
}
"""Ways to change rows besides UPDATE and DELETE."""


@pytest.mark.parametrize(
    ("table", "column", "stored"),
    [
        ("ticket_history", "note", None),
        ("stock_movements", "note", None),
        ("profile_history", "after", "{}"),
        ("estimates", "note", None),
        ("decisions", "note", None),
        ("invoices", "previous", None),
        ("credit_notes", "previous", None),
        ("payments", "reference", None),
        ("refunds", "reason", ""),
    ],
)
def test_guards_append_only_tables(url: str, table: str, column: str, stored: str | None) -> None:
    """
    Rows of histories, ledger, documents and payments cannot be updated, deleted, replaced or truncated.
    """
    runner.upgrade(url)
    engine = create_engine(database_url(url))
    with engine.begin() as connection:
        for insert in FILLED.split(";"):
            connection.exec_driver_sql(insert)
    changes = ["UPDATE {0} SET {1} = 'other'", "DELETE FROM {0}", *CHANGES[engine.dialect.name]]
    refused = []
    for change in changes:
        with suppress(DBAPIError), engine.begin() as connection:
            connection.exec_driver_sql(change.format(table, column))
            continue
        refused.append(change)
    with engine.begin() as connection:
        rows = connection.exec_driver_sql(f"SELECT count(*), max({column}) FROM {table}").fetchone()  # noqa: S608 - our own name
    engine.dispose()

    assert changes == refused
    assert (1, stored) == rows


@pytest.mark.parametrize("table", ["estimates", "invoices", "credit_notes"])
def test_replaces_no_document_by_its_number(url: str, table: str) -> None:
    """
    A row with the number of another on its ticket or in its series is refused, and replaces none.
    """
    runner.upgrade(url)
    engine = create_engine(database_url(url))
    with engine.begin() as connection:
        for insert in FILLED.split(";"):
            connection.exec_driver_sql(insert)
        names = [column["name"] for column in inspect(connection).get_columns(table)]
    copied = ", ".join("7" if name == "id" else f'"{name}"' for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    verb = "INSERT OR REPLACE" if engine.dialect.name == "sqlite" else "INSERT"
    with pytest.raises(DBAPIError), engine.begin() as connection:
        connection.exec_driver_sql(
            f"{verb} INTO {table} ({columns}) SELECT {copied} FROM {table}"  # noqa: S608 - our own names
        )
    with engine.begin() as connection:
        (stored,) = connection.exec_driver_sql(f"SELECT id FROM {table}").scalars()  # noqa: S608 - as above
    engine.dispose()

    assert 7 != stored


SOLD = """
    INSERT INTO customers (id, name, email, created_at, updated_at, version)
    VALUES (1, '', 'a', '2026-01-01', '2026-01-01', 1), (2, '', 'b', '2026-01-01', '2026-01-01', 1);
    INSERT INTO vehicles (id, customer_id, vin, plate, make, model, year, odometer, created_at,
        updated_at, version)
    VALUES (1, 1, 'VIN 1', 'A 1', 'VW', 'Golf', 1999, 7, '2026-01-01', '2026-01-01', 1),
        (2, 2, 'VIN 2', 'B 2', NULL, NULL, NULL, 8, '2026-01-01', '2026-01-01', 1)
"""
TICKETS = """
    INSERT INTO tickets (id, customer_id, vehicle_id, service_date, service_month, description,
        status, created_at, updated_at, version)
    VALUES ({0}1, 1, 1, '2026-01-01', '2026-01-01', '', 'open', '2026-01-01', '2026-01-01', 1),
        ({0}2, 1, 2, '2026-01-01', '2026-01-01', '', 'open', '2026-01-01', '2026-01-01', 1),
        ({0}3, 1, NULL, '2026-01-01', '2026-01-01', '', 'open', '2026-01-01', '2026-01-01', 1)
"""
COPIES = """
    SELECT vehicle_vin, vehicle_plate, vehicle_make, vehicle_model, vehicle_year, vehicle_odometer
    FROM tickets ORDER BY id
"""
GOLF = ("VIN 1", "A 1", "VW", "Golf", 1999, 7)
SOLD_ON = ("VIN 2", None, None, None, None, None)
NOTHING = (None,) * 6


def test_tickets_get_a_copy_of_their_vehicle(url: str) -> None:
    """
    The migration copies the vehicle to each ticket, and to those that the previous release writes.

    A vehicle that has another owner by now is copied without plate and odometer.
    """
    runner.upgrade(url, "0008")
    engine = create_engine(database_url(url))
    with engine.begin() as connection:
        for sql in (*SOLD.split(";"), TICKETS.format(1)):
            connection.exec_driver_sql(sql)
    runner.upgrade(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(TICKETS.format(2))
        connection.exec_driver_sql(TICKETS.format(3))
        connection.exec_driver_sql("UPDATE tickets SET vehicle_id = NULL WHERE id = 31")
        connection.exec_driver_sql("UPDATE tickets SET vehicle_id = 1 WHERE id IN (32, 33)")
        connection.exec_driver_sql("UPDATE vehicles SET plate = 'A 2'")
        connection.exec_driver_sql("UPDATE tickets SET vehicle_id = vehicle_id, version = 2")
        found = connection.exec_driver_sql(COPIES).fetchall()
    engine.dispose()

    assert [GOLF, SOLD_ON, NOTHING] * 2 + [NOTHING, GOLF, GOLF] == found


def test_reports_an_unreachable_database() -> None:
    """
    An unreachable server raises `Unavailable`.
    """
    with pytest.raises(Unavailable):
        runner.current("postgresql://nobody@127.0.0.1:1/none")


def test_ships_its_migrations() -> None:
    """
    The package contains its migrations.
    """
    migrations = files("mechanic_adapters.sql") / "migrations"

    assert (migrations / "env.py").is_file()
    assert len(revisions()) == sum(
        file.name[0].isdigit() for file in (migrations / "versions").iterdir()
    )
