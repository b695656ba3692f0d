"""The contracts of `Estimates` and `EstimateLists`."""

from typing import Final

import pytest
from attrs import evolve

from mechanic_adapters.conformance.samples.declarations import PaginatedList, Write
from mechanic_adapters.conformance.samples.estimates import (
    ADA,
    TEXT,
    add_estimate,
    full_estimate,
    new_estimate,
    superseded,
)
from mechanic_adapters.conformance.samples.records import (
    ALL,
    AT,
    LATER,
    UNKNOWN,
    add_customer,
    add_mechanic,
    add_ticket,
    ticket_of,
)
from mechanic_adapters.conformance.samples.seed import Seed
from mechanic_core.access import Actor, By, Role
from mechanic_core.errors import LostRace
from mechanic_core.estimates.estimate import (
    Estimate,
    EstimateNotFound,
    EstimateNumber,
    EstimateStatus,
)
from mechanic_core.events.event import EventType, SubjectKind
from mechanic_core.tickets.job import JobId
from mechanic_core.tickets.ticket import TicketId
from mechanic_core.unit_of_work import Store, Work


def _add(work: Work, seed: Seed) -> Estimate:
    number = work.estimates.next_number(seed.ticket.id)
    return work.estimates.add(new_estimate(seed.ticket, number))


WRITES: Final = (
    Write("estimates.add", _add, "estimates", {EventType.ESTIMATE_CREATED: ()}),
    Write(
        "estimates.save",
        lambda work, seed: work.estimates.save(superseded(seed.estimate)),
        "estimates",
        {EventType.ESTIMATE_CHANGED: ("status",)},
    ),
    Write(
        "estimates.reassign",
        lambda work, seed: work.estimate_lists.reassign(seed.customer.id, seed.heir.id),
        "estimates",
        {},
    ),
)
LISTS: Final = (
    PaginatedList(
        "estimates", lambda work, seed, page: work.estimate_lists.of(seed.ticket.id, page), _add
    ),
)


def read(store: Store, estimate: Estimate) -> Estimate:
    """Return the estimate as it is."""
    with store.read_only() as work:
        return work.estimates.get(estimate.ticket_id, estimate.number)


def save(store: Store, estimate: Estimate) -> Estimate:
    """Save an estimate in a transaction of its own."""
    with store.begin() as work:
        return work.estimates.save(estimate)


class TestEstimates:
    """Estimates: frozen, but for what becomes of them."""

    def test_returns_what_was_added(self, store: Store) -> None:
        """Every member comes back, with the name of who made it, and the same digest."""
        bo = add_mechanic(store, name="Bo")
        new = full_estimate(ticket_of(store), actor=Actor(Role.MECHANIC, bo.id))

        added = add_estimate(store, new)

        named = evolve(new, by=By(role=Role.MECHANIC, id=bo.id, name="Bo"))
        assert named == added == read(store, new)
        assert new.digest == read(store, new).digested().digest

    def test_returns_what_has_few_members(self, store: Store) -> None:
        """One without supplies, discounts, taxes and texts comes back too."""
        new = new_estimate(ticket_of(store), jobs=())

        assert new == add_estimate(store, new) == read(store, new)

    def test_numbers_by_ticket(self, store: Store) -> None:
        """The first number of each ticket is 1."""
        ticket, other = ticket_of(store), ticket_of(store)
        add_estimate(store, new_estimate(ticket))
        add_estimate(store, new_estimate(ticket, 2))

        with store.begin() as work:
            found = [work.estimates.next_number(one.id) for one in (ticket, other)]

        assert [3, 1] == found

    @pytest.mark.parametrize("number", [0, 2, 999, 1001, 2**63 - 1])
    def test_refuses_what_is_missing(self, store: Store, number: int) -> None:
        """Another ticket's number is missing, and so is that of an unknown ticket."""
        ticket, other = ticket_of(store), ticket_of(store)
        add_estimate(store, new_estimate(ticket))
        add_estimate(store, new_estimate(other))
        add_estimate(store, new_estimate(other, 2))

        with store.read_only() as work:
            for ticket_id in (ticket.id, TicketId(2**50)):
                with pytest.raises(EstimateNotFound):
                    work.estimates.get(ticket_id, EstimateNumber(number))

    def test_saves_what_becomes_of_it(self, store: Store) -> None:
        """Answers and the end are stored; nothing else of an estimate is."""
        added = add_estimate(store, new_estimate(ticket_of(store)))
        answered = (JobId(2**50), JobId(3))

        once = save(
            store,
            evolve(added, answered=answered, updated_at=LATER, note="!", customer=ADA),
        )
        assert evolve(added, answered=answered, updated_at=LATER, version=2) == once
        assert once == read(store, added)
        twice = save(store, evolve(once, superseded_at=LATER))
        assert evolve(once, superseded_at=LATER, version=3) == twice == read(store, added)

    @pytest.mark.parametrize("version", [0, 2])
    def test_refuses_another_version(self, store: Store, version: int) -> None:
        """Saving another version than the stored one raises `LostRace`, and changes nothing."""
        added = add_estimate(store, new_estimate(ticket_of(store)))

        with pytest.raises(LostRace):
            save(store, evolve(added, superseded_at=AT, version=version))

        assert added == read(store, added)

    def test_finds_those_that_stand(self, store: Store) -> None:
        """Those that are not superseded, of one ticket, by number."""
        ticket, other = ticket_of(store), ticket_of(store)
        first, second, third = (
            add_estimate(store, new_estimate(ticket, number)) for number in (1, 2, 3)
        )
        add_estimate(store, new_estimate(other))
        save(store, superseded(second))
        answered = save(store, evolve(third, answered=(JobId(1),)))

        with store.read_only() as work:
            assert [first, answered] == list(work.estimates.standing(ticket.id))

    def test_lists_those_of_tickets(self, store: Store) -> None:
        """One ticket's, oldest first; those with some numbers; those of several tickets."""
        ticket, other, without = ticket_of(store), ticket_of(store), ticket_of(store)
        mine = tuple(add_estimate(store, new_estimate(ticket, one)) for one in (1, 2, 3))
        theirs = add_estimate(store, new_estimate(other))
        wanted = [EstimateNumber(number) for number in (3, 1, 9)]

        with store.read_only() as work:
            lists = work.estimate_lists
            assert mine == lists.of(ticket.id, ALL).items
            assert {1: mine[0], 3: mine[2]} == lists.numbered(ticket.id, wanted)
            assert {} == lists.numbered(ticket.id, [])
            found = lists.of_all([without.id, other.id, ticket.id])
            assert {ticket.id: mine, other.id: (theirs,)} == found

    def test_gives_those_of_a_customer_to_another(self, store: Store) -> None:
        """For whom an estimate was made is stored with it, and changes alone; the ticket has an owner."""
        ada, bo, cy = (add_customer(store) for _ in "abc")
        first, second = (add_ticket(store, ada) for _ in "ab")
        mine = [add_estimate(store, full_estimate(one)) for one in (first, second)]
        corrected = add_estimate(store, new_estimate(add_ticket(store, cy), customer_id=ada.id))
        theirs = add_estimate(store, new_estimate(add_ticket(store, cy)))

        with store.begin() as work:
            work.estimate_lists.reassign(ada.id, bo.id)

        moved = [evolve(one, customer_id=bo.id) for one in (*mine, corrected)]
        with store.read_only() as work:
            found = [work.estimate_lists.made_for(one.id) for one in (ada, bo, cy)]
        assert [[], moved, [theirs]] == [list(one) for one in found]
        saved = save(store, superseded(corrected))
        assert bo.id == saved.customer_id == read(store, corrected).customer_id

    def test_is_a_subject_of_events(self, store: Store) -> None:
        """An estimate is found by its id, which its path tells."""
        added = add_estimate(store, new_estimate(ticket_of(store), 2))

        with store.read_only() as work:
            found = work.subjects.find(SubjectKind.ESTIMATE, [added.id, UNKNOWN])
            last = work.events.after(0, 100).events or ()

        assert {added.id: added} == found
        assert all(TEXT not in repr(event) for event in last)
        assert EstimateStatus.OPEN is added.status
