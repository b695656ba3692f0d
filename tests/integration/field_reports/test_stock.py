"""Stock that tickets hold: archived parts, changed units, and parts that break."""

from typing import Any

import pytest

from tests.integration.apps import ADA
from tests.integration.field_reports.desk import Desk, refusal

OIL = {"name": "Oil", "price": 7.5, "unit": "quart", "quantity": 20}


@pytest.fixture
def oil(desk: Desk) -> str:
    """The path of a part with 20 quarts on hand."""
    return f"/inventory/{desk.new('/inventory', OIL)['id']}"


def id_in(path: str) -> int:
    """Return the id at the end of *path*."""
    return int(path.rpartition("/")[2])


def use(desk: Desk, part: str, quantity: float) -> str:
    """Reserve a part for a new ticket, and return the ticket's path."""
    ticket = desk.ticket()
    desk.new(f"{ticket}/parts", {"part_id": id_in(part), "quantity": quantity})
    return ticket


def count(desk: Desk, part: str, quantity: float) -> Any:
    """Count a part, and return the response."""
    return desk.ask("POST", f"{part}/movements", {"kind": "count", "quantity": quantity})


def test_a_part_in_use_is_not_archived(desk: Desk, oil: str) -> None:
    """
    Field report F4: on hand, reserved or on a completed ticket, a part stays; tickets are named.
    """
    ticket = use(desk, oil, 2)
    reserved = desk.ask("DELETE", oil)
    desk.move(ticket, "in_progress", "completed")
    count(desk, oil, 0)
    completed = desk.ask("DELETE", oil)

    desk.move(ticket, "in_progress", "cancelled")
    on_hand = desk.ask("DELETE", oil)

    assert [(409, "part-in-use")] * 3 == [refusal(one) for one in (reserved, completed, on_hand)]
    assert [[id_in(ticket)], [id_in(ticket)], []] == [
        one.json["ticket_ids"] for one in (reserved, completed, on_hand)
    ]
    assert 2 == desk.get(oil)["quantity"]
    count(desk, oil, 0)
    assert 204 == desk.ask("DELETE", oil).status_code


def test_an_archived_part_is_restored(desk: Desk, oil: str) -> None:
    """
    Field report F4: an archived part is gone from the lists, seen by staff, and can come back.
    """
    count(desk, oil, 0)
    desk.ask("DELETE", oil)

    archived = desk.get(oil)
    shown = [desk.ask("GET", oil, by=who).status_code for who in ("", ADA)]
    found = f"/inventory?sku={archived['sku']}"
    lists = [desk.get(f"{found}&archived={flag}")["items"] for flag in ("true", "")]
    refused = desk.ask("GET", "/inventory?archived=true", by=ADA).status_code
    restored = desk.ask("POST", f"{oil}/restore")

    assert ([404, 404], [[archived], []], 403) == (shown, lists, refused)
    assert archived["archived"]
    assert (200, False) == (restored.status_code, restored.json["archived"])
    assert 2 == len(desk.get(f"{oil}/movements")["items"])
    assert [id_in(oil)] == [one["id"] for one in desk.get(found, by="")["items"]]


def test_a_part_keeps_its_unit(desk: Desk, oil: str) -> None:
    """
    Field report F9: what was counted in quarts does not become liters, by PATCH or PUT.
    """
    use(desk, oil, 5.5)
    other = f"/inventory/{desk.new('/inventory', {'name': 'New', 'price': 1})['id']}"

    refused = [
        desk.ask("PATCH", oil, {"unit": "liter"}),
        desk.ask("PUT", oil, {**OIL, "unit": "liter"}),
        desk.ask("PATCH", oil, {"unit": ""}),
    ]
    count(desk, oil, 5.5)

    assert [(409, "unit-in-use")] * 3 == [refusal(one) for one in refused]
    assert 200 == desk.ask("PATCH", oil, {"unit": " quart "}).status_code
    assert 200 == desk.ask("PATCH", other, {"unit": "liter", "quantity": 3}).status_code
    assert (409, "unit-in-use") == refusal(desk.ask("PATCH", other, {"unit": "quart"}))


def test_a_reserved_part_that_breaks_names_the_tickets(desk: Desk, oil: str) -> None:
    """
    Field report, friction: a scrap or count below what is reserved names the tickets to change.
    """
    tickets = [use(desk, oil, quantity) for quantity in (5.5, 6)]
    broken = {"kind": "scrap", "quantity": 10, "note": "The drum leaked"}

    refused = [
        desk.ask("POST", f"{oil}/movements", broken),
        count(desk, oil, 10),
        desk.ask("PATCH", oil, {"quantity": 10}),
        desk.ask("PUT", oil, {**OIL, "quantity": 10}),
    ]

    assert [(409, "insufficient-stock"), *[(409, "count-below-reserved")] * 3] == [
        refusal(one) for one in refused
    ]
    assert [[id_in(one) for one in tickets]] * 4 == [one.json["ticket_ids"] for one in refused]
    desk.ask("POST", f"{tickets[1]}/transitions", {"to": "cancelled"})
    assert 201 == desk.ask("POST", f"{oil}/movements", broken).status_code
