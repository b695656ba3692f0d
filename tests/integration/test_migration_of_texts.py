"""The migration of texts: what a former release stored is normalized, distinguished and kept."""

import logging
from collections.abc import Iterator
from typing import Any, Final

import pytest
from attrs import frozen
from sqlalchemy import create_engine, text

from mechanic_adapters.sql.engine.engines import database_url
from mechanic_adapters.sql.migrations import runner
from tests.integration.apps import AppClient, open_client, settings_for
from tests.integration.released import PASSWORD

MANAGER: Final = {"email": "manager@example.com", "password": PASSWORD}
SKUS: Final = ("Brk-1", "BRK-1", "BRK - 1", "BRK-1~2", "Old", "OLD")
PART: Final = """
    INSERT INTO parts (sku, name, price, unit, quantity, reserved, reorder_point, created_at,
        updated_at, version, name_key, sku_key, archived_at)
    VALUES (:sku, 'Pad', 100, 'each', 0, 0, 0, '2026-01-01 00:00:00.000000+00:00',
        '2026-01-01 00:00:00.000000+00:00', 1, 'pad', :key, :archived)
"""
OLD_TEXTS: Final = (
    "UPDATE customers SET name = :decomposed, name_key = :decomposed WHERE id = 1",
    "UPDATE customers SET phone = '555   0100 ', address = :lines WHERE id = 1",
    "UPDATE customers SET name = :odd WHERE id = 2",
    "UPDATE customers SET email = 'odd@-b-.example', email_key = email WHERE id = 2",
    "UPDATE vehicles SET plate = 'B-MW 1', plate_key = 'b-mw 1', make = ' Honda' WHERE id = 1",
    "UPDATE tickets SET description = :odd WHERE id = 1",
)
VALUES: Final = {
    "decomposed": "Zoe\u0308 ",
    "lines": "1 Mill\r\nLane\n",
    "odd": "Ada\u200b\nBcc",
}


@frozen
class Upgraded:
    """The upgraded database, and what the migration reported."""

    url: str
    reports: list[str]


@pytest.fixture(scope="module")
def upgraded(released_database: str) -> Upgraded:
    """A released database with odd texts, upgraded."""
    engine = create_engine(database_url(released_database))
    with engine.begin() as connection:
        for statement in OLD_TEXTS:
            used = {name: value for name, value in VALUES.items() if f":{name}" in statement}
            connection.execute(text(statement), used)
        for sku in SKUS:
            archived = "2026-01-02 00:00:00.000000+00:00" if sku == "Old" else None
            values = {"sku": sku, "key": sku.casefold(), "archived": archived}
            connection.execute(text(PART), values)
    engine.dispose()
    reports: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: reports.append(record.getMessage())  # type: ignore[method-assign]  # a handler of one line
    logger = logging.getLogger("mechanic_migrations")
    logger.addHandler(handler)
    runner.upgrade(released_database)
    logger.removeHandler(handler)
    return Upgraded(released_database, reports)


@pytest.fixture(scope="module")
def shop(upgraded: Upgraded) -> Iterator[AppClient]:
    """A client of the upgraded shop."""
    with open_client(settings_for(upgraded.url)) as client:
        yield client


@pytest.fixture(scope="module")
def manager(shop: AppClient) -> str:
    """A manager's token."""
    token: str = shop.ask("POST", "/mechanics/login", body=MANAGER).json["token"]
    return token


def rows(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Return the rows that a query selects."""
    engine = create_engine(database_url(url))
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(text(statement))]
    engine.dispose()
    return found


def test_equal_skus_are_told_apart(upgraded: Upgraded) -> None:
    """
    Of parts on sale with equal SKUs all but the first get a suffix, and the log reports them.
    """
    found = rows(upgraded.url, "SELECT sku, sku_key FROM parts WHERE name = 'Pad' ORDER BY id")

    assert [
        ("Brk-1", "brk-1"),
        ("BRK-1~3", "brk-1~3"),
        ("BRK - 1~4", "brk-1~4"),
        ("BRK-1~2", "brk-1~2"),
        ("Old", "old"),
        ("OLD", "old"),
    ] == found
    assert [
        "its SKU 'BRK-1' is now 'BRK-1~3'",
        "its SKU 'BRK - 1' is now 'BRK - 1~4'",
    ] == [one.partition(": ")[2] for one in upgraded.reports]


def test_texts_are_normalized(upgraded: Upgraded) -> None:
    """
    Stored texts are trimmed and composed, with their keys, and the change is an event.
    """
    customer = "SELECT name, name_key, phone, address FROM customers WHERE id = 1"
    vehicle = "SELECT plate, plate_key, make FROM vehicles WHERE id = 1"
    events = "SELECT type, subject_id, changes, by_role FROM events WHERE kind IN ('customers', 'vehicles') ORDER BY number"

    assert [("Zo\xeb", "zo\xeb", "555 0100", "1 Mill\nLane")] == rows(upgraded.url, customer)
    assert [("B-MW 1", "bmw1", "Honda")] == rows(upgraded.url, vehicle)
    assert [
        ("customer.changed", 1, "name,phone,address", "system"),
        ("vehicle.changed", 1, "make", "system"),
    ] == rows(upgraded.url, events)


def test_a_text_that_is_refused_today_stays_readable(shop: AppClient, manager: str) -> None:
    """
    A text that the rules refuse by now is answered, and its record can be changed.
    """
    old = VALUES["odd"]
    read = shop.get("/customers/2", manager).json
    ticket = shop.get("/service_tickets/1", manager).json
    kept = shop.ask("PATCH", "/customers/2", manager, {"address": "1 Mill Lane"})
    mended = {"name": "Ada", "email": "ada@b.example", "address": "1 Mill Lane"}

    assert (old, "odd@-b-.example", old) == (read["name"], read["email"], ticket["description"])
    assert {"#/name", "#/email"} == {one["pointer"] for one in kept.json["errors"]}
    assert 200 == shop.ask("PATCH", "/customers/2", manager, mended).status_code


def test_a_downgrade_brings_the_former_keys_back(upgraded: Upgraded) -> None:
    """
    The former release finds its own keys, and no record is lost.
    """
    before = rows(upgraded.url, "SELECT count(*) FROM parts")

    runner.downgrade(upgraded.url, "0013")

    assert before == rows(upgraded.url, "SELECT count(*) FROM parts")
    assert [("b-mw 1",)] == rows(upgraded.url, "SELECT plate_key FROM vehicles WHERE id = 1")
    assert [("brk - 1~4",)] == rows(
        upgraded.url, "SELECT sku_key FROM parts WHERE sku = 'BRK - 1~4'"
    )
    runner.upgrade(upgraded.url)
