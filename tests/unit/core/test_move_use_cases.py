"""Sending tickets on their way, seeing where they may go, and reading what happened."""

import pytest

from mechanic_core.access import Actor, By, Role
from mechanic_core.paging import PageRequest
from mechanic_core.tickets.forms import TransitionForm
from mechanic_core.tickets.history import Event
from mechanic_core.tickets.ticket import (
    TicketChanged,
    TicketId,
    TicketNotFound,
    TransitionBlocked,
)
from mechanic_core.tickets.workflow import STATUS_CHANGES, Blocker, Status
from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.unit.core.conftest import Premises

TO_START = TransitionForm(to=Status.IN_PROGRESS)


def test_a_move_is_told_with_its_note(premises: Premises) -> None:
    """
    The history says who sent the ticket from where to where, when and why.
    """
    ticket = premises.open()
    premises.clock.advance(hours=1)
    form = TransitionForm(to=Status.CANCELLED, note="Customer agreed by phone")

    after = premises.shop.move_ticket(MANAGER, ticket.id, form, expected=1)

    assert (Status.CANCELLED, 2, premises.clock()) == (
        after.status,
        after.version,
        after.updated_at,
    )
    entry = premises.history(ticket.id)[-1]
    assert (Event.TRANSITION, "open", "cancelled") == (entry.event, entry.from_, entry.to)
    assert ("Customer agreed by phone", premises.clock()) == (entry.note, entry.at)
    assert By(role=Role.MANAGER, id=1, name="Eve") == entry.by


def test_nobody_starts_without_a_mechanic(premises: Premises) -> None:
    """
    The refusal names what blocks, and nothing has moved.
    """
    ticket = premises.open(mechanic_ids=())

    with pytest.raises(TransitionBlocked) as refused:
        premises.shop.move_ticket(MECHANIC, ticket.id, TO_START)

    assert {
        "current_state": "open",
        "blockers": [{"code": "no-mechanic", "detail": "assign a mechanic first"}],
    } == refused.value.facts
    assert ticket == premises.read(ticket)
    assert 1 == len(premises.history(ticket.id))


def test_the_same_move_twice_moves_once(premises: Premises) -> None:
    """
    Completing what is completed is refused, however often it is tried.
    """
    ticket = premises.go(premises.open(), Status.IN_PROGRESS, Status.COMPLETED)

    for _ in range(2):
        with pytest.raises(TransitionBlocked):
            premises.go(ticket, Status.COMPLETED)

    assert ticket == premises.read(ticket)


@pytest.mark.parametrize("actor", [CUSTOMER, MECHANIC, MANAGER], ids=lambda a: a.role)
def test_everybody_concerned_sees_where_it_may_go(premises: Premises, actor: Actor) -> None:
    """
    Each other status is listed, allowed or with what blocks it.
    """
    ticket = premises.open(mechanic_ids=())

    ways = premises.shop.read_transitions(actor, ticket.id)

    assert Status.OPEN is ways.status
    assert [to for to in Status if to is not Status.OPEN] == [way.to for way in ways.items]
    found = {
        way.to: (way.allowed, [blocker.code for blocker in way.blockers]) for way in ways.items
    }
    assert (True, []) == found[Status.CANCELLED]
    assert (False, ["no-mechanic"]) == found[Status.IN_PROGRESS]
    assert (False, ["no-such-transition"]) == found[Status.CLOSED]


def test_what_is_shown_is_what_happens(premises: Premises) -> None:
    """
    Wherever a ticket stands, an allowed move succeeds and a blocked one is refused as told.
    """
    ways_to = {Status.OPEN: (), Status.IN_PROGRESS: (Status.IN_PROGRESS,)}
    ways_to |= {
        Status.ON_HOLD: (Status.IN_PROGRESS, Status.ON_HOLD),
        Status.COMPLETED: (Status.IN_PROGRESS, Status.COMPLETED),
        Status.CLOSED: (Status.IN_PROGRESS, Status.COMPLETED, Status.CLOSED),
        Status.CANCELLED: (Status.CANCELLED,),
    }
    for start, ways in ways_to.items():
        ticket = premises.go(premises.open(), *ways)
        for way in premises.shop.read_transitions(MECHANIC, ticket.id).items:
            assert ((start, way.to) in STATUS_CHANGES) == way.allowed
            fresh = premises.go(premises.open(), *ways)
            if way.allowed:
                assert way.to is premises.go(fresh, way.to).status
            else:
                with pytest.raises(TransitionBlocked) as refused:
                    premises.go(fresh, way.to)
                told = refused.value.facts["blockers"]
                assert [{"code": b.code, "detail": b.detail} for b in way.blockers] == told
                assert all(isinstance(blocker, Blocker) for blocker in way.blockers)


def test_a_stale_move_is_refused(premises: Premises) -> None:
    """
    Who has not seen the last change moves nothing.
    """
    ticket = premises.open()

    with pytest.raises(TicketChanged):
        premises.shop.move_ticket(MECHANIC, ticket.id, TO_START, expected=9)
    with pytest.raises(TicketNotFound):
        premises.shop.move_ticket(MECHANIC, TicketId(99), TO_START)


def test_the_history_of_a_removed_ticket_is_for_staff(premises: Premises) -> None:
    """
    To its customer a ticket that was struck out is gone, with all that happened to it.
    """
    ticket = premises.open()
    premises.shop.remove_ticket(MANAGER, ticket.id)

    with pytest.raises(TicketNotFound):
        premises.shop.list_history(CUSTOMER, ticket.id, PageRequest())
    for actor in (MECHANIC, MANAGER):
        assert 2 == len(premises.shop.list_history(actor, ticket.id, PageRequest()).items)


def test_history_is_read_in_pieces_and_under_today_s_names(premises: Premises) -> None:
    """
    The entries never change but for the names of those who did it.
    """
    ticket = premises.go(premises.open(), Status.IN_PROGRESS, Status.ON_HOLD)
    whole = premises.history(ticket.id)
    read = premises.shop.list_history

    first = read(CUSTOMER, ticket.id, PageRequest(size=2))
    rest = read(CUSTOMER, ticket.id, PageRequest(size=2, after=first.last))

    assert whole == first.items + rest.items
    assert (True, False) == (first.has_more, rest.has_more)
    assert ["Bob"] * 3 == [entry.by.name for entry in whole]
    assert sorted(entry.id for entry in whole) == [entry.id for entry in whole]
