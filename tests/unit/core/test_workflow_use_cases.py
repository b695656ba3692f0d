"""Move tickets through the workflow, and read their transitions and history."""

import pytest

from mechanic_core.access import Actor, By, Role
from mechanic_core.mechanics.mechanic import MechanicId
from mechanic_core.paging import PageRequest
from mechanic_core.tickets.forms import TransitionForm
from mechanic_core.tickets.guards import Blocker
from mechanic_core.tickets.history import HistoryEvent
from mechanic_core.tickets.ticket import TicketChanged, TicketId, TicketNotFound
from mechanic_core.tickets.workflow import STATUS_CHANGES, Status, TransitionBlocked
from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.unit.core.conftest import Premises

TO_START = TransitionForm(to=Status.IN_PROGRESS)


def test_a_transition_is_recorded_with_its_note(premises: Premises) -> None:
    """
    The history has the author, both statuses, the time and the note.
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
    assert (HistoryEvent.TRANSITION, "open", "cancelled") == (entry.event, entry.from_, entry.to)
    assert ("Customer agreed by phone", premises.clock()) == (entry.note, entry.at)
    assert By(role=Role.MANAGER, id=1, name="Eve") == entry.by


def test_a_ticket_without_a_mechanic_cannot_start(premises: Premises) -> None:
    """
    The refusal lists the blockers, and nothing is changed.
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


def test_work_needs_who_has_not_left(premises: Premises) -> None:
    """
    F13: a ticket with only a mechanic who has left is neither started nor resumed, but completed.
    """
    tickets = [
        premises.open(),
        premises.go(premises.open(), Status.ON_HOLD),
        premises.go(premises.open(), Status.IN_PROGRESS),
    ]
    premises.shop.let_mechanic_go(MANAGER, MechanicId(2))

    for ticket in tickets[:2]:
        with pytest.raises(TransitionBlocked) as refused:
            premises.go(ticket, Status.IN_PROGRESS)
        assert "assign a mechanic who has not left the shop" == refused.value.detail
        listed = premises.shop.read_transitions(MECHANIC, ticket.id).items
        assert [False] == [one.allowed for one in listed if one.to is Status.IN_PROGRESS]
    assert Status.COMPLETED is premises.go(tickets[2], Status.COMPLETED).status
    premises.edit(tickets[0], add=(1,))
    assert Status.IN_PROGRESS is premises.go(tickets[0], Status.IN_PROGRESS).status


def test_a_ticket_without_a_mechanic_cannot_be_completed(premises: Premises) -> None:
    """
    F3: when the last mechanic is taken off, the work has to be somebody's before it is done.
    """
    ticket = premises.go(premises.open(), Status.IN_PROGRESS)
    premises.edit(ticket, leave=(2,))

    with pytest.raises(TransitionBlocked, match="assign a mechanic first"):
        premises.go(ticket, Status.COMPLETED)


def test_a_ticket_waits_before_anybody_is_assigned(premises: Premises) -> None:
    """
    M10: an open ticket can be on hold, and goes on with a mechanic.
    """
    ticket = premises.go(premises.open(mechanic_ids=()), Status.ON_HOLD)

    with pytest.raises(TransitionBlocked, match="assign a mechanic first"):
        premises.go(ticket, Status.IN_PROGRESS)
    premises.edit(ticket, add=(2,))
    premises.go(ticket, Status.IN_PROGRESS)

    feed = premises.shop.read_events(MANAGER)
    types = [event.type for event in feed.items if event.subject == f"/service_tickets/{ticket.id}"]
    assert ["ticket.on_hold", "ticket.changed", "ticket.resumed"] == types[1:]


def test_a_transition_cannot_be_repeated(premises: Premises) -> None:
    """
    Completing a completed ticket is refused each time.
    """
    ticket = premises.go(premises.open(), Status.IN_PROGRESS, Status.COMPLETED)

    for _ in range(2):
        with pytest.raises(TransitionBlocked):
            premises.go(ticket, Status.COMPLETED)

    assert ticket == premises.read(ticket)


@pytest.mark.parametrize("actor", [CUSTOMER, MECHANIC, MANAGER], ids=lambda a: a.role)
def test_the_customer_and_staff_read_the_transitions(premises: Premises, actor: Actor) -> None:
    """
    Every other status is listed, with its blockers if it is not allowed.
    """
    ticket = premises.open(mechanic_ids=())

    transitions = premises.shop.read_transitions(actor, ticket.id)

    assert Status.OPEN is transitions.status
    assert [to for to in Status if to is not Status.OPEN] == [
        transition.to for transition in transitions.items
    ]
    found = {
        transition.to: (transition.allowed, [blocker.code for blocker in transition.blockers])
        for transition in transitions.items
    }
    assert (True, []) == found[Status.CANCELLED]
    assert (False, ["no-mechanic"]) == found[Status.IN_PROGRESS]
    assert (False, ["no-such-transition"]) == found[Status.CLOSED]


def test_listed_transitions_are_what_is_possible(premises: Premises) -> None:
    """
    An allowed transition succeeds, and a blocked one is refused with its blockers.
    """
    paths = {Status.OPEN: (), Status.IN_PROGRESS: (Status.IN_PROGRESS,)}
    paths |= {
        Status.ON_HOLD: (Status.IN_PROGRESS, Status.ON_HOLD),
        Status.COMPLETED: (Status.IN_PROGRESS, Status.COMPLETED),
        Status.CLOSED: (Status.IN_PROGRESS, Status.COMPLETED, Status.CLOSED),
        Status.CANCELLED: (Status.CANCELLED,),
    }
    for start, path in paths.items():
        ticket = premises.go(premises.open(), *path)
        for transition in premises.shop.read_transitions(MECHANIC, ticket.id).items:
            assert ((start, transition.to) in STATUS_CHANGES) == transition.allowed
            fresh = premises.go(premises.open(), *path)
            if transition.allowed:
                assert transition.to is premises.go(fresh, transition.to).status
            else:
                with pytest.raises(TransitionBlocked) as refused:
                    premises.go(fresh, transition.to)
                actual = refused.value.facts["blockers"]
                assert [{"code": b.code, "detail": b.detail} for b in transition.blockers] == actual
                assert all(isinstance(blocker, Blocker) for blocker in transition.blockers)


def test_a_stale_transition_is_refused(premises: Premises) -> None:
    """
    With an old version, a ticket cannot be moved.
    """
    ticket = premises.open()

    with pytest.raises(TicketChanged):
        premises.shop.move_ticket(MECHANIC, ticket.id, TO_START, expected=9)
    with pytest.raises(TicketNotFound):
        premises.shop.move_ticket(MECHANIC, TicketId(99), TO_START)


def test_the_history_of_a_removed_ticket_is_for_staff(premises: Premises) -> None:
    """
    To its customer a removed ticket and its history do not exist.
    """
    ticket = premises.open()
    premises.shop.remove_ticket(MANAGER, ticket.id)

    with pytest.raises(TicketNotFound):
        premises.shop.list_history(CUSTOMER, ticket.id, PageRequest())
    for actor in (MECHANIC, MANAGER):
        assert 2 == len(premises.shop.list_history(actor, ticket.id, PageRequest()).items)


def test_history_has_pages_and_present_names(premises: Premises) -> None:
    """
    Entries never change, but for the names of their authors.
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
