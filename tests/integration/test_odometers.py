"""Odometer readings, over HTTP on both databases."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import create_engine, text

from mechanic_adapters.sql.engine.engines import database_url
from mechanic_adapters.sql.migrations import runner
from tests.integration.apps import ADA, BOB, CLEO
from tests.integration.test_vehicle_owners import VIN, Desk, desk

__all__ = ["desk"]


def today() -> str:
    """Return the day of readings, the present one in UTC."""
    return datetime.now(UTC).date().isoformat()


def test_an_odometer_does_not_fall(desk: Desk) -> None:
    """
    M5: 199105, then 1999105 by mistake: 5 is refused with the last reading; staff correct it.
    """
    car = desk.post(ADA, "/vehicles", vin=VIN, odometer=199_105)[1]
    path = f"/vehicles/{car['id']}"
    desk.ask(ADA, "PATCH", path, {"odometer": 1_999_105})

    fell = desk.ask(ADA, "PATCH", path, {"odometer": 5})
    put = desk.ask(BOB, "PUT", path, {"vin": VIN, "odometer": 5})
    right = {"odometer": 199_150, "odometer_correction": True}
    corrected = desk.ask(BOB, "PATCH", path, right)

    problem = ["odometer-fell", 1_999_105, today()]
    assert [(409, problem)] * 2 == [
        (status, [found[name] for name in ("code", "last_value", "last_on")])
        for status, found in (fell, put)
    ]
    assert [False, True] == ["odometer_correction" in one[1]["detail"] for one in (fell, put)]
    assert (200, 199_150) == (corrected[0], corrected[1]["odometer"])
    by = {"role": "mechanic", "id": 2, "name": "bob"}
    assert {
        "value": 199_150,
        "on": today(),
        "source": "vehicle",
        "ticket_id": None,
        "by": by,
        "note": "correction of 1999105",
    } == desk.items(BOB, f"{path}/odometer")[-1]


def test_tickets_read_the_odometer(desk: Desk) -> None:
    """
    M5: the odometer of a ticket is a reading; the ticket's copy and the vehicle show it.
    """
    car = desk.post(ADA, "/vehicles", vin=VIN, odometer=100)[1]
    given = {"customer_id": 1, "vin": VIN, "description": "Grinds"}

    opened = desk.post(BOB, "/service_tickets", **given, odometer=200)[1]
    path = f"/service_tickets/{opened['id']}"
    fell = desk.ask(BOB, "PATCH", path, {"odometer": 199})
    changed = desk.ask(BOB, "PATCH", path, {"odometer": 300})[1]
    same = desk.ask(BOB, "PATCH", path, {"odometer": 300})[1]
    bare = desk.post(BOB, "/service_tickets", customer_id=1, description="Walked", odometer=5)

    assert [200, 300] == [one["vehicle"]["odometer"] for one in (opened, changed)]
    assert ("odometer-fell", changed) == (fell[1]["code"], same)
    assert (422, "#/odometer") == (bare[0], bare[1]["errors"][0]["pointer"])
    assert 300 == desk.ask(ADA, "GET", f"/vehicles/{car['id']}")[1]["odometer"]
    log = desk.items(BOB, f"/vehicles/{car['id']}/odometer")
    on_ticket = ("ticket", opened["id"])
    assert [(100, "vehicle", None), (200, *on_ticket), (300, *on_ticket)] == [
        (one["value"], one["source"], one["ticket_id"]) for one in log
    ]
    entry = desk.items(BOB, f"{path}/history")[-1]
    assert [" at 200:", " at 300:"] == [
        one[one.index(" at ") : one.index(":") + 1] for one in (entry["from"], entry["to"])
    ]


def test_an_owner_sees_readings_without_people(desk: Desk) -> None:
    """
    The owner sees every value, but only their own tickets, and neither names nor notes.
    """
    car = desk.post(ADA, "/vehicles", vin=VIN)[1]
    tickets = [
        desk.post(
            BOB, "/service_tickets", customer_id=owner, vin=VIN, description="Grinds", **more
        )[1]["id"]
        for owner, more in (
            (1, {"odometer": 100}),
            (2, {"odometer": 200, "transfer": True}),
        )
    ]
    path = f"/vehicles/{car['id']}/odometer"

    members = {"on": today(), "source": "ticket"}
    assert [
        {"value": 100, "ticket_id": None, **members},
        {"value": 200, "ticket_id": tickets[1], **members},
    ] == desk.items(CLEO, path)
    assert tickets == [one["ticket_id"] for one in desk.items(BOB, path)]
    assert 404 == desk.ask(ADA, "GET", path)[0]


def test_a_log_is_read_in_pages(desk: Desk) -> None:
    """
    The log is a list like any other: pages by number and by cursor, and the total.
    """
    car = desk.post(ADA, "/vehicles", vin=VIN)[1]
    path = f"/vehicles/{car['id']}"
    for value in range(5):
        desk.ask(ADA, "PATCH", path, {"odometer": value})

    first = desk.ask(ADA, "GET", f"{path}/odometer?per_page=3&include_total=true")[1]
    second = desk.items(ADA, f"{path}/odometer?per_page=3&cursor={first['next_cursor']}")

    values = [one["value"] for one in (*first["items"], *second)]
    assert ([0, 1, 2, 3, 4], 5) == (values, first["total"])


def test_present_odometers_are_first_readings(released_database: str) -> None:
    """
    M5: after the upgrade of a released database each vehicle's odometer is its first reading.

    Vehicles of customers that were erased before have no owner.
    """
    engine = create_engine(database_url(released_database))
    with engine.begin() as connection:
        connection.execute(text("UPDATE customers SET erased_at = updated_at WHERE id = 1"))
    runner.upgrade(released_database)
    with engine.begin() as connection:
        differing = connection.execute(text(DIFFERING)).scalar_one()
        counted = connection.execute(text("SELECT count(*) FROM odometer_readings")).scalar_one()
        owned = connection.execute(text(OWNED)).scalar_one()
        ownerless = connection.execute(text(OWNERLESS)).scalar_one()
        with pytest.raises(Exception, match="odometer_readings is only ever added to"):
            connection.execute(text("DELETE FROM odometer_readings"))
    engine.dispose()

    assert (0, True, 0, True) == (differing, counted > 0, owned, ownerless > 0)


DIFFERING = """
    SELECT count(*) FROM vehicles LEFT JOIN odometer_readings ON vehicle_id = vehicles.id
    WHERE odometer IS NOT NULL AND (value IS NULL OR value <> odometer)
"""
OWNED = "SELECT count(*) FROM vehicles WHERE customer_id = 1"
OWNERLESS = "SELECT count(*) FROM vehicles WHERE customer_id IS NULL AND plate IS NULL"
