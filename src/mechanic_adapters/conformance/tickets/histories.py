"""The contract of `Histories`."""

from typing import Final

import pytest
from attrs import evolve

from mechanic_adapters.conformance.samples.declarations import PaginatedList
from mechanic_adapters.conformance.samples.records import (
    ALL,
    AT,
    LATER,
    UNKNOWN,
    add_customer,
    add_mechanic,
    add_ticket,
    new_entry,
    new_ticket,
)
from mechanic_core.access import Actor, By, Role
from mechanic_core.customers.customer import Customer
from mechanic_core.tickets.history import Entry, HistoryEvent
from mechanic_core.tickets.ticket import Ticket, TicketId, TicketNotFound
from mechanic_core.tickets.workflow import Status
from mechanic_core.unit_of_work import Store

LISTS: Final = (
    PaginatedList(
        "histories",
        lambda work, seed, page: work.histories.of(seed.ticket.id, page),
        lambda work, seed: work.tickets.save(work.tickets.get(seed.ticket.id), new_entry()),
    ),
)


def history(store: Store, ticket: Ticket) -> tuple[Entry, ...]:
    """Return the history of *ticket*."""
    with store.read_only() as work:
        return work.histories.of(ticket.id, ALL).items


def opened(store: Store, owner: Customer, actor: Actor) -> Ticket:
    """Add a ticket that *actor* opened."""
    with store.begin() as work:
        return work.tickets.add(new_ticket(owner), new_entry(HistoryEvent.OPENED, actor))


class TestHistories:
    """Histories of tickets."""

    def test_returns_what_was_added(self, store: Store) -> None:
        """An entry comes back as added, with an id and the name of its actor."""
        bo = add_mechanic(store, name="Bo")
        entry = Entry(
            at=AT,
            by=By(role=Role.MECHANIC, id=bo.id),
            event=HistoryEvent.TRANSITION,
            from_="open",
            to="in_progress",
            note="Kunde rief an: „gern“\n½ Stunde",
        )

        with store.begin() as work:
            ticket = work.tickets.add(new_ticket(add_customer(store)), entry)

        (stored,) = history(store, ticket)
        assert evolve(entry, id=stored.id, by=evolve(entry.by, name="Bo")) == stored
        assert stored.id > 0

    @pytest.mark.parametrize("event", HistoryEvent)
    def test_accepts_every_event(self, store: Store, event: HistoryEvent) -> None:
        """Every event can be recorded without optional fields."""
        with store.begin() as work:
            ticket = work.tickets.add(new_ticket(add_customer(store)), new_entry(event))

        (stored,) = history(store, ticket)
        assert new_entry(event) == evolve(stored, id=new_entry().id)

    def test_returns_the_oldest_first(self, store: Store) -> None:
        """Each save appends one entry; the order is not that of the moments."""
        ticket = add_ticket(store, add_customer(store))
        for step, at in (("b", LATER), ("c", AT)):
            with store.begin() as work:
                ticket = work.tickets.save(ticket, evolve(new_entry(to=step), at=at))

        stored = history(store, ticket)

        assert ["open", "b", "c"] == [entry.to for entry in stored]
        ids = [entry.id for entry in stored]
        assert sorted(set(ids)) == ids

    def test_separates_tickets(self, store: Store) -> None:
        """A ticket's history has no entry of another ticket."""
        ada = add_customer(store)
        one, other = add_ticket(store, ada), add_ticket(store, ada)
        with store.begin() as work:
            work.tickets.save(one, new_entry(HistoryEvent.MECHANICS))

        assert [HistoryEvent.OPENED, HistoryEvent.MECHANICS] == [
            entry.event for entry in history(store, one)
        ]
        assert [HistoryEvent.OPENED] == [entry.event for entry in history(store, other)]

    def test_returns_the_histories_of_several_tickets(self, store: Store) -> None:
        """The history of each is that of `of`; an unknown ticket has none."""
        ada, bo = add_customer(store), add_mechanic(store, name="Bo")
        one, other = (opened(store, ada, Actor(Role.MECHANIC, bo.id)) for _ in range(2))
        add_ticket(store, ada)
        with store.begin() as work:
            work.tickets.save(one, new_entry(HistoryEvent.MECHANICS))

        with store.read_only() as work:
            found = work.histories.of_all([other.id, TicketId(UNKNOWN), one.id])

            assert {one.id: history(store, one), other.id: history(store, other)} == found
            assert [2, 1] == [len(found[each.id]) for each in (one, other)]
            assert {} == work.histories.of_all([])

    def test_names_the_actor(self, store: Store) -> None:
        """The name is the current one of the customer or mechanic with that id."""
        ada, bo = add_customer(store, name="Ada"), add_mechanic(store, name="Bo")
        tickets = {
            "Ada": opened(store, ada, Actor(Role.CUSTOMER, ada.id)),
            "Bob": opened(store, ada, Actor(Role.MECHANIC, bo.id)),
            "Bob ": opened(store, ada, Actor(Role.MANAGER, bo.id)),
        }

        with store.begin() as work:
            work.mechanics.save(evolve(bo, name="Bob"))

        for name, ticket in tickets.items():
            assert [name.strip()] == [entry.by.name for entry in history(store, ticket)]

    def test_hides_the_name_of_an_erased_customer(self, store: Store) -> None:
        """After an erasure the id stays, without a name."""
        ada = add_customer(store)
        actor = Actor(Role.CUSTOMER, ada.id)
        ticket = opened(store, ada, actor)

        with store.begin() as work:
            work.customers.save(ada.erase(LATER))

        assert [By(role=actor.role, id=actor.id)] == [entry.by for entry in history(store, ticket)]

    @pytest.mark.parametrize(
        "actor", [Actor(), Actor(Role.MANAGER, UNKNOWN), Actor(Role.CUSTOMER, UNKNOWN)]
    )
    def test_has_no_name_for_unknown_actors(self, store: Store, actor: Actor) -> None:
        """An anonymous or unknown actor has no name."""
        ticket = opened(store, add_customer(store), actor)

        assert [By(role=actor.role, id=actor.id)] == [entry.by for entry in history(store, ticket)]

    def test_outlives_the_ticket(self, store: Store) -> None:
        """A removed ticket still has its history, but no owner."""
        ada = add_customer(store)
        ticket = add_ticket(store, ada)

        with store.begin() as work:
            work.tickets.save(
                ticket.mark_removed(LATER, started=False), new_entry(HistoryEvent.REMOVED)
            )

        assert [HistoryEvent.OPENED, HistoryEvent.REMOVED] == [
            entry.event for entry in history(store, ticket)
        ]
        with store.read_only() as work:
            assert work.histories.owner_of(ticket.id) is None

    @pytest.mark.parametrize("to", Status)
    def test_knows_whether_work_started(self, store: Store, to: Status) -> None:
        """A ticket was started once it was in progress, whatever its status is now."""
        ada = add_customer(store)
        ticket, other = add_ticket(store, ada), add_ticket(store, ada)
        moved = evolve(new_entry(HistoryEvent.TRANSITION), from_="open", to=to.value)
        said = evolve(new_entry(HistoryEvent.CHANGED), to=to.value)

        with store.begin() as work:
            work.tickets.save(ticket, moved)
            work.tickets.save(other, said)

        with store.read_only() as work:
            assert (to is Status.IN_PROGRESS) is work.histories.started(ticket.id)
            assert not work.histories.started(other.id)

    def test_finds_owners(self, store: Store) -> None:
        """The owner is found by ticket id; an unknown ticket raises `TicketNotFound`."""
        add_customer(store)
        ada = add_customer(store)
        ticket = add_ticket(store, ada)

        with store.read_only() as work:
            assert ada.id == work.histories.owner_of(ticket.id)
            with pytest.raises(TicketNotFound):
                work.histories.owner_of(TicketId(UNKNOWN))
