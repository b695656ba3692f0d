"""Assign mechanics to tickets and remove them."""

import pytest

from mechanic_core.errors import RuleBroken, Unknown
from mechanic_core.mechanics.mechanic import MechanicId, MechanicNotFound
from mechanic_core.tickets.assigned_mechanic import MechanicHasLabor
from mechanic_core.tickets.history import HistoryEvent
from mechanic_core.tickets.lines.labor_line import LaborLineForm
from mechanic_core.tickets.ticket import (
    Ticket,
    TicketId,
    TicketNotFound,
)
from tests.shops import MANAGER, MECHANIC
from tests.strategies import sample
from tests.unit.core.conftest import Premises


def names(ticket: Ticket) -> list[str]:
    """Return the names of the assigned mechanics."""
    return [mechanic.name for mechanic in ticket.mechanics]


def test_mechanics_are_added_and_removed(premises: Premises) -> None:
    """
    Adding or removing twice is no error and writes no history.
    """
    ticket = premises.open()

    joined = premises.edit(ticket, add=(1, 2), leave=())
    left = premises.edit(ticket, add=(1,), leave=(2,))
    same = premises.edit(ticket, add=(1,), leave=(2,))

    assert (["Eve", "Bob"], ["Eve"], left) == (names(joined), names(left), same)
    actual = [(e.event, e.from_, e.to) for e in premises.history(ticket.id)[1:]]
    assert [(HistoryEvent.MECHANICS, "2", "1, 2"), (HistoryEvent.MECHANICS, "1, 2", "1")] == actual


def test_an_edit_is_all_or_nothing(premises: Premises) -> None:
    """
    With one unknown id, no mechanic is added or removed.
    """
    ticket = premises.open()

    with pytest.raises(Unknown) as refused:
        premises.edit(ticket, add=(1, 98), leave=(2, 99))

    assert ["#/add_ids/1", "#/remove_ids/1"] == [p.pointer for p in refused.value.problems]
    assert ticket == premises.read(ticket)


def test_all_problems_of_an_edit_are_reported_at_once(premises: Premises) -> None:
    """
    Unknown ids are reported with ids that are in both lists.
    """
    ticket = premises.open()

    with pytest.raises(RuleBroken) as refused:
        premises.edit(ticket, add=(2, 50), leave=(60, 2))

    actual = {problem.pointer: problem.detail for problem in refused.value.problems}
    assert {
        "#/remove_ids/1": "is also in add_ids",
        "#/add_ids/1": "does not exist",
        "#/remove_ids/0": "does not exist",
    } == actual
    assert ticket == premises.read(ticket)


def test_an_inactive_mechanic_cannot_be_added(premises: Premises) -> None:
    """
    An inactive mechanic stays on a ticket, can be removed, and cannot be added again.
    """
    ticket = premises.open()
    premises.shop.let_mechanic_go(MANAGER, MechanicId(2))

    assert ["Bob"] == names(premises.edit(ticket, add=(2,)))
    assert [] == names(premises.edit(ticket, leave=(2,)))
    with pytest.raises(Unknown):
        premises.edit(ticket, add=(2,))


def test_credit_for_labour_is_kept(premises: Premises) -> None:
    """
    F3: who has labour on the ticket is not taken off it, and then nobody is.
    """
    ticket = premises.edit(premises.open(), add=(1,))
    premises.shop.add_labor_line(MECHANIC, ticket.id, sample(LaborLineForm, mechanic_id=2))

    with pytest.raises(MechanicHasLabor) as refused:
        premises.edit(ticket, leave=(1, 2))
    with pytest.raises(MechanicHasLabor):
        premises.shop.assign_mechanic(MECHANIC, ticket.id, MechanicId(2), assigned=False)

    assert {"mechanic_ids": [2]} == refused.value.facts
    assert ["Eve", "Bob"] == names(premises.read(ticket))
    assert ["Bob"] == names(premises.edit(ticket, leave=(1,)))


def test_one_mechanic_at_a_time(premises: Premises) -> None:
    """
    Adding and removing one mechanic is idempotent; an unknown one is not found.
    """
    ticket = premises.open(mechanic_ids=())
    assign = premises.shop.assign_mechanic
    bob, nobody = MechanicId(2), MechanicId(99)

    for there, expected in ((True, ["Bob"]), (True, ["Bob"]), (False, []), (False, [])):
        assert expected == names(assign(MECHANIC, ticket.id, bob, assigned=there))
    for there in (True, False):
        with pytest.raises(MechanicNotFound):
            assign(MECHANIC, ticket.id, nobody, assigned=there)
    with pytest.raises(TicketNotFound):
        assign(MECHANIC, TicketId(99), bob, assigned=True)
