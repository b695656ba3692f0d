"""The contract of `Decisions`."""

from typing import Final

from attrs import evolve

from mechanic_adapters.conformance.samples.declarations import PaginatedList, Write
from mechanic_adapters.conformance.samples.estimates import (
    add_decision,
    new_answer,
    new_decision,
    read_decisions,
)
from mechanic_adapters.conformance.samples.records import (
    ALL,
    LATER,
    add_customer,
    add_mechanic,
    add_ticket,
    ticket_of,
)
from mechanic_core.access import By, Role
from mechanic_core.estimates.decision import Decision, broken_links
from mechanic_core.money import Money
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.unit_of_work import Store

WRITES: Final = (
    Write(
        "decisions.add",
        lambda work, seed: work.decisions.add(new_decision(seed.ticket)),
        "decisions",
    ),
)
LISTS: Final = (
    PaginatedList(
        "decisions",
        lambda work, seed, page: work.decisions.of(seed.ticket.id, page),
        lambda work, seed: work.decisions.add(new_decision(seed.ticket)),
    ),
)


def last(store: Store, ticket: Ticket) -> Decision | None:
    """Return the latest decision on a ticket."""
    with store.read_only() as work:
        return work.decisions.last(ticket.id)


class TestDecisions:
    """Decisions, which nothing ever changes."""

    def test_returns_what_was_added(self, store: Store) -> None:
        """Every member comes back, with an id and the name of who has entered it."""
        ticket, bo = ticket_of(store), add_mechanic(store, name="Bo")
        limit = new_decision(ticket, by=By(role=Role.MECHANIC, id=bo.id))
        answer = new_answer(ticket, previous=limit, by=None)

        stored = [add_decision(store, one) for one in (limit, answer)]

        named = By(role=Role.MECHANIC, id=bo.id, name="Bo")
        wanted = (evolve(limit, id=stored[0].id, by=named), evolve(answer, id=stored[1].id))
        assert wanted == tuple(stored) == read_decisions(store, ticket.id)
        assert 0 < stored[0].id < stored[1].id
        assert () == broken_links(wanted)

    def test_forgets_the_name_of_an_erased_customer(self, store: Store) -> None:
        """Who was named as the person stays: the law asks for it."""
        ada = add_customer(store, name="Ada")
        ticket = add_ticket(store, ada)
        decision = new_decision(ticket, person="Ada", by=By(role=Role.CUSTOMER, id=ada.id))
        add_decision(store, decision)

        with store.begin() as work:
            work.customers.save(ada.erase(LATER))

        (found,) = read_decisions(store, ticket.id)
        assert ("Ada", By(role=Role.CUSTOMER, id=ada.id)) == (found.person, found.by)
        assert decision.digest == found.digested().digest

    def test_knows_the_last_one(self, store: Store) -> None:
        """The latest of each ticket; none where there is none."""
        ticket, other = ticket_of(store), ticket_of(store)
        add_decision(store, new_decision(ticket))
        newest = add_decision(store, new_answer(ticket))

        assert (newest.id, None) == ((last(store, ticket) or newest).id, last(store, other))
        assert last(store, ticket) == read_decisions(store, ticket.id)[-1]

    def test_knows_the_limit(self, store: Store) -> None:
        """The latest limit of a ticket, also a lower one and 0; none without one."""
        ticket, other = ticket_of(store), ticket_of(store)
        add_decision(store, new_answer(other))
        found = []
        for amount in (50, 10, 0):
            add_decision(store, new_decision(ticket, amount=Money(amount)))
            add_decision(store, new_answer(ticket))
            with store.read_only() as work:
                found.append((work.decisions.limit(ticket.id), work.decisions.limit(other.id)))

        assert [(50, None), (10, None), (0, None)] == found

    def test_lists_those_of_tickets(self, store: Store) -> None:
        """One ticket's, oldest first, and those of several tickets."""
        ticket, other, without = ticket_of(store), ticket_of(store), ticket_of(store)
        mine = [add_decision(store, new_decision(ticket)).id for _ in range(2)]
        theirs = add_decision(store, new_decision(other)).id

        with store.read_only() as work:
            listed = work.decisions.of(ticket.id, ALL).items
            found = work.decisions.of_all([without.id, other.id, ticket.id])

        assert mine == [one.id for one in listed]
        assert {ticket.id: mine, other.id: [theirs]} == {
            ticket_id: [one.id for one in decisions] for ticket_id, decisions in found.items()
        }
