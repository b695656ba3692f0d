"""Mechanics on tickets: who is credited, who has left, and nobody yet."""

import pytest

from tests.integration.apps import EVE, PASSWORD
from tests.integration.field_reports.desk import Desk, blockers, problem, refusal

LABOR = {"mechanic_id": 2, "description": "Replace pads", "hours": 1.5, "rate": 90}


@pytest.fixture
def leaver(desk: Desk) -> int:
    """The id of a mechanic who is going to leave."""
    email = f"carl-{len(desk.get('/mechanics', EVE)['items'])}@shop.example"
    hiring = {"name": "Carl", "email": email, "password": PASSWORD}
    found: int = desk.new("/mechanics", hiring, by=EVE)["id"]
    return found


def let_go(desk: Desk, mechanic: int) -> None:
    """Deactivate a mechanic."""
    assert 204 == desk.ask("DELETE", f"/mechanics/{mechanic}", by=EVE).status_code


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/edit", {"remove_ids": [2]}),
        ("PUT", "/edit", {"add_ids": [1], "remove_ids": [2]}),
        ("PUT", "/edit", {"remove_mechanic_ids": [2]}),
        ("DELETE", "/mechanics/2", None),
    ],
)
def test_a_mechanic_with_labor_stays(desk: Desk, method: str, path: str, body: object) -> None:
    """
    Field report F3: the mechanic who has a labour line is not taken off the ticket, in any way.
    """
    ticket = desk.ticket()
    desk.new(f"{ticket}/labor", LABOR)
    desk.move(ticket, "in_progress")

    refused = desk.ask(method, f"{ticket}{path}", body)

    assert (409, "mechanic-has-labor") == refusal(refused)
    assert [2] == refused.json["mechanic_ids"]
    assert [200, 200] == desk.move(ticket, "completed", "closed")
    assert [{"id": 2, "name": "bob"}] == desk.get(ticket)["mechanics"]


def test_work_is_completed_by_somebody(desk: Desk) -> None:
    """
    Field report F3: a ticket without a mechanic is not completed, and says so before.
    """
    ticket = desk.ticket()
    desk.move(ticket, "in_progress")
    assert 200 == desk.ask("DELETE", f"{ticket}/mechanics/2").status_code

    refused = desk.ask("POST", f"{ticket}/transitions", {"to": "completed"})

    assert (409, ["no-mechanic"]) == blockers(refused)
    shown = {one["to"]: one for one in desk.get(f"{ticket}/transitions")["items"]}
    assert (False, refused.json["blockers"]) == (
        shown["completed"]["allowed"],
        shown["completed"]["blockers"],
    )


def test_who_has_left_gets_no_labor(desk: Desk, leaver: int) -> None:
    """
    Field report F13: a labour line names an active mechanic of the ticket; old lines stay.
    """
    ticket = desk.ticket(mechanic_ids=[2, leaver])
    others = {**LABOR, "mechanic_id": leaver}
    old = f"{ticket}/labor/{desk.new(f'{ticket}/labor', others)['id']}"
    line = f"{ticket}/labor/{desk.new(f'{ticket}/labor', LABOR)['id']}"
    let_go(desk, leaver)

    refused = [
        desk.ask("POST", f"{ticket}/labor", others),
        desk.ask("PATCH", line, {"mechanic_id": leaver}),
        desk.ask("POST", f"{ticket}/labor", {**LABOR, "mechanic_id": 99}),
    ]

    assert [(422, ["#/mechanic_id"])] * 3 == [problem(one) for one in refused]
    assert 200 == desk.ask("PATCH", old, {"hours": 2}).status_code


def test_labor_is_by_who_is_on_the_ticket(desk: Desk) -> None:
    """
    Field report F13: an active mechanic who is not on the ticket gets no labour line either.
    """
    ticket = desk.ticket()
    line = f"{ticket}/labor/{desk.new(f'{ticket}/labor', LABOR)['id']}"

    refused = [
        desk.ask("POST", f"{ticket}/labor", {**LABOR, "mechanic_id": 1}),
        desk.ask("PATCH", line, {"mechanic_id": 1}),
    ]

    assert [(422, ["#/mechanic_id"])] * 2 == [problem(one) for one in refused]


def test_who_has_left_starts_nothing(desk: Desk, leaver: int) -> None:
    """
    Field report F13: with only a mechanic who has left a ticket is neither started nor resumed.
    """
    new, held, running = (desk.ticket(mechanic_ids=[leaver]) for _ in range(3))
    desk.move(held, "in_progress", "on_hold")
    desk.move(running, "in_progress")
    let_go(desk, leaver)

    refused = [desk.ask("POST", f"{one}/transitions", {"to": "in_progress"}) for one in (new, held)]

    assert [(409, ["no-active-mechanic"])] * 2 == [blockers(one) for one in refused]
    assert [200] == desk.move(running, "completed")


def test_who_has_left_is_not_assigned(desk: Desk, leaver: int) -> None:
    """
    Field report F13: who has left is put on no ticket, new or known.
    """
    ticket = desk.ticket()
    let_go(desk, leaver)
    draft = {"customer_id": 1, "description": "Grinds", "mechanic_ids": [1, leaver]}

    assert (422, ["#/mechanic_ids/1"]) == problem(desk.ask("POST", "/service_tickets", draft))
    edited = desk.ask("PUT", f"{ticket}/edit", {"add_ids": [leaver]})
    assert (422, ["#/add_ids/0"]) == problem(edited)
    assert 404 == desk.ask("PUT", f"{ticket}/mechanics/{leaver}").status_code


def test_a_ticket_waits_for_parts_before_anybody_is_assigned(desk: Desk) -> None:
    """
    Field report M10: an open ticket is put on hold without a mechanic, and goes on with one.
    """
    ticket = desk.ticket(mechanic_ids=[])

    held = desk.ask("POST", f"{ticket}/transitions", {"to": "on_hold", "note": "Waits for parts"})
    line = desk.ask("POST", f"{ticket}/parts", {"part_id": 1, "quantity": 2})
    alone = desk.ask("POST", f"{ticket}/transitions", {"to": "in_progress"})
    desk.ask("PUT", f"{ticket}/mechanics/2")

    assert (200, "on_hold", 201) == (held.status_code, held.json["status"], line.status_code)
    assert (409, ["no-mechanic"]) == blockers(alone)
    assert [200, 200] == desk.move(ticket, "in_progress", "completed")
