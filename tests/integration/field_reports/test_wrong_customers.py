"""Tickets that were written for the wrong customer."""

from typing import Any

from tests.integration.apps import ADA, CLEO, EVE
from tests.integration.field_reports.desk import Desk, problem

VIN = "1HGCM82633A004352"


def ids(page: Any) -> list[int]:
    """Return the ids of the items of a list."""
    return [one["id"] for one in page["items"]]


def test_the_right_customer_gets_the_ticket(desk: Desk) -> None:
    """
    Field report M4: the desk corrects the customer; history and events have it, the vehicle stays.
    """
    car = desk.new("/vehicles", {"vin": VIN, "plate": "ADA 1"}, by=ADA)
    ticket = desk.ticket(vin=VIN)
    before = desk.get(ticket)

    corrected = desk.ask("PATCH", ticket, {"customer_id": 2})

    assert (200, 2, before["vehicle"]) == (
        corrected.status_code,
        corrected.json["customer_id"],
        corrected.json["vehicle"],
    )
    assert [False, True] == [
        before["id"] in ids(desk.get("/my-tickets", by=who)) for who in (ADA, CLEO)
    ]
    assert [404, 200] == [desk.ask("GET", ticket, by=who).status_code for who in (ADA, CLEO)]
    entry = desk.get(f"{ticket}/history")["items"][-1]
    assert ("changed", 2) == (entry["event"], entry["by"]["id"])
    assert ["customer 1,", "customer 2,"] == [entry[name][:11] for name in ("from", "to")]
    event = desk.get("/events?type=ticket.changed", by=EVE)["items"][-1]
    assert (ticket, ["customer_id"]) == (event["subject"], event["changes"])
    assert [before["id"]] == ids(desk.get(f"/vehicles/{car['id']}/service_tickets"))
    assert 404 == desk.ask("GET", f"/vehicles/{car['id']}", by=CLEO).status_code


def test_put_corrects_the_customer_too(desk: Desk) -> None:
    """
    Field report M4: GET, another customer, PUT: the ticket is theirs, with all else as it was.
    """
    ticket = desk.ticket(vin=VIN)
    shown = desk.get(ticket)

    corrected = desk.ask("PUT", ticket, {**shown, "customer_id": 2})

    assert 200 == corrected.status_code
    assert {**shown, "customer_id": 2, "updated_at": corrected.json["updated_at"]} == corrected.json


def test_nobody_else_corrects_a_customer(desk: Desk) -> None:
    """
    Field report M4: customers may not give tickets away, and the right customer exists.
    """
    ticket = desk.ticket()

    assert 403 == desk.ask("PATCH", ticket, {"customer_id": 2}, by=ADA).status_code
    assert (422, ["#/customer_id"]) == problem(desk.ask("PATCH", ticket, {"customer_id": 99}))
    assert 1 == desk.get(ticket)["customer_id"]
