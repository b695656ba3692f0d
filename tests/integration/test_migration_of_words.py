"""The migration of words: what a former release stored, and still stores, can be found."""

from collections.abc import Iterable
from typing import Any, Final

import orjson
import pytest
from sqlalchemy import create_engine, text

from mechanic_adapters.sql.engine.engines import database_url
from mechanic_adapters.sql.migrations import runner
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.events.event import SubjectKind
from mechanic_core.paging import PageRequest
from mechanic_core.vehicles.ports import VehicleFilter
from tests.integration.servers import PostgresServer

ALL: Final = PageRequest(size=1000)
OLD: Final = (
    "UPDATE customers SET name = 'Žoë O''Straße ½', phone = '0049 (30) 12-3 x4' WHERE id = 1",
    "UPDATE customers SET name = '李 小龍', phone = '+1 555 0100' WHERE id = 2",
    "UPDATE vehicles SET plate = 'É-MW 1', make = 'Škoda' WHERE id = 1",
    "UPDATE parts SET name = '---' WHERE id = 1",
)
CUSTOMER: Final = """
    INSERT INTO customers (name, email, phone, created_at, updated_at, version, name_key, email_key)
    VALUES ('Zoë Quimby', 'zq@example.net', '+49 30 99', '2026-01-01 00:00:00.000000+00:00',
        '2026-01-01 00:00:00.000000+00:00', 1, 'zoë quimby', 'zq@example.net')
"""
INDEXES: Final = {
    "customers": ("name_words", "contact_words"),
    "mechanics": ("words",),
    "parts": ("words",),
    "vehicles": ("plate_words", "other_words"),
}


def execute(url: str, *statements: str) -> None:
    """Run *statements* in one transaction."""
    engine = create_engine(database_url(url))
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def rows(url: str, statement: str) -> list[Any]:
    """Return the rows that a query selects."""
    engine = create_engine(database_url(url))
    with engine.connect() as connection:
        found = list(connection.execute(text(statement)))
    engine.dispose()
    return found


@pytest.fixture(scope="module")
def upgraded(released_database: str) -> str:
    """A released database with odd texts, upgraded."""
    execute(released_database, *OLD)
    runner.upgrade(released_database)
    return released_database


def records_of(url: str) -> dict[str, Iterable[Any]]:
    """Return all records that can be found."""
    store = SqlStore.open(url)
    with store.read_only() as work:
        found: dict[str, Iterable[Any]] = {
            "customers": work.customers.find(None, ALL).items,
            "mechanics": work.mechanic_lists.find(ALL, active_only=False).items,
            "vehicles": work.vehicle_lists.find(VehicleFilter(), ALL).items,
            "parts": list(work.subjects.find(SubjectKind.PART, range(100)).values()),
        }
    store.close()
    return found


@pytest.mark.parametrize("table", INDEXES)
def test_every_record_has_its_words(upgraded: str, table: str) -> None:
    """
    The words of each stored record are those that the application computes.
    """
    columns = INDEXES[table]
    stored = {row.id: row for row in rows(upgraded, f"SELECT * FROM {table}")}  # noqa: S608 - our own names
    records = records_of(upgraded)[table]

    assert [record.id for record in records] != []
    for record in records:
        for column in columns:
            words = sorted(getattr(record, column))
            assert (words, column) == (orjson.loads(getattr(stored[record.id], column)), column)


@pytest.mark.parametrize("table", INDEXES)
def test_every_index_has_the_words_of_its_records(upgraded: str, table: str) -> None:
    """
    Each word index has exactly the words of its records, and of owners for their vehicles.
    """
    found = records_of(upgraded)
    names = {customer.id: customer.name_words for customer in found["customers"]}
    expected = {
        (word, record.id)
        for record in found[table]
        for column in INDEXES[table]
        for word in getattr(record, column)
    }
    if table == "vehicles":
        expected |= {
            (word, one.id) for one in found[table] for word in names.get(one.customer_id, ())
        }
    index = f"{table[:-1]}_words"

    assert expected == {
        (row.word, row.subject_id)
        for row in rows(upgraded, f"SELECT * FROM {index}")  # noqa: S608 - our own names
    }


def test_finds_what_the_former_release_writes(postgres: PostgresServer) -> None:
    """
    Rows that the former release writes after the upgrade are found too, on PostgreSQL.

    On SQLite it does not run on an upgraded file.
    """
    url = postgres.new_database()
    runner.upgrade(url)
    execute(url, CUSTOMER)
    created = [search(url, q) for q in ("zoe", "quim", "4930", "3099", "zq@example")]
    execute(url, "UPDATE customers SET name = 'Zoë Marsh', name_key = 'zoë marsh', phone = NULL")
    renamed = [search(url, q) for q in ("marsh zoe", "quimby", "3099")]
    execute(
        url,
        "UPDATE customers SET name = 'Erased customer', erased_at = '2026-01-02Z', name_key = NULL,"
        " email_key = NULL",
    )
    erased = [search(url, q) for q in ("marsh", "erased")]
    postgres.drop_database(url)

    assert [["Zoë Quimby"]] * 5 == created
    assert [["Zoë Marsh"], [], []] == renamed
    assert [[], []] == erased


def search(url: str, q: str) -> list[str]:
    """Return the names of the customers that a search finds."""
    store = SqlStore.open(url)
    with store.read_only() as work:
        found = [customer.name for customer in work.customers.find(q, ALL).items]
    store.close()
    return found
