"""The contract of `ApprovalLinks`."""

from datetime import datetime, timedelta
from typing import Final

from attrs import evolve

from mechanic_adapters.conformance.samples.declarations import Write
from mechanic_adapters.conformance.samples.estimates import new_link
from mechanic_adapters.conformance.samples.records import (
    AT,
    LATER,
    UNKNOWN,
    add_customer,
    add_ticket,
    ticket_of,
)
from mechanic_adapters.conformance.samples.threads import in_parallel
from mechanic_core.estimates.approval_links import ApprovalLink
from mechanic_core.unit_of_work import Store

WRITES: Final = (
    Write(
        "approval_links.start",
        lambda work, seed: work.approval_links.start(new_link(seed.ticket)),
        "approval_links",
    ),
    Write(
        "approval_links.use",
        lambda work, seed: work.approval_links.use(seed.link, LATER),
        "approval_links",
    ),
    Write(
        "approval_links.forget",
        lambda work, seed: work.approval_links.forget(seed.customer.id),
        "approval_links",
    ),
    Write(
        "approval_links.sweep",
        lambda work, seed: work.approval_links.sweep(seed.link.expires_at + timedelta(days=1), 1),
        "approval_links",
    ),
)


def start(store: Store, link: ApprovalLink) -> ApprovalLink:
    """Start a link in a transaction of its own."""
    with store.begin() as work:
        return work.approval_links.start(link)


def use(store: Store, link: ApprovalLink, at: datetime = LATER) -> bool:
    """Use a link in a transaction of its own."""
    with store.begin() as work:
        return work.approval_links.use(link, at)


def read(store: Store, link: ApprovalLink) -> ApprovalLink | None:
    """Return the link as it is."""
    with store.read_only() as work:
        return work.approval_links.get(link.id)


class TestApprovalLinks:
    """Links to estimates."""

    def test_returns_what_was_started(self, store: Store) -> None:
        """A link comes back with an id; an unknown one is none."""
        new = new_link(ticket_of(store))

        link = start(store, new)

        assert evolve(new, id=link.id) == link == read(store, link)
        assert None is read(store, evolve(link, id=UNKNOWN))

    def test_has_one_link_for_an_estimate(self, store: Store) -> None:
        """A new link replaces that of the same estimate, used or not, and no other one."""
        ticket, other = ticket_of(store), ticket_of(store)
        first = start(store, new_link(ticket))
        kept = [start(store, new_link(ticket, 2)), start(store, new_link(other))]
        assert use(store, first)

        second = start(store, new_link(ticket))

        assert second == read(store, second)
        assert (None, False) == (second.used_at, use(store, first))
        assert first != read(store, first)
        assert kept == [read(store, one) for one in kept]

    def test_is_used_once(self, store: Store) -> None:
        """The first use is noted; by several at once too."""
        link = start(store, new_link(ticket_of(store)))

        uses = in_parallel(*[lambda: use(store, link)] * 4)

        assert [False, False, False, True] == sorted(uses, key=bool)
        assert evolve(link, used_at=LATER) == read(store, link)
        assert not use(store, link, AT)

    def test_forgets_those_of_a_customer(self, store: Store) -> None:
        """All of the customer's tickets, and nobody else's."""
        ada, cleo = add_customer(store), add_customer(store)
        mine = [start(store, new_link(add_ticket(store, ada))) for _ in range(2)]
        theirs = start(store, new_link(add_ticket(store, cleo)))

        with store.begin() as work:
            work.approval_links.forget(ada.id)

        assert [None, None, theirs] == [read(store, one) for one in (*mine, theirs)]
        assert not use(store, mine[0])

    def test_forgets_those_of_one_ticket(self, store: Store) -> None:
        """Not those of other tickets of the customer, and none for somebody else."""
        ada, cleo = add_customer(store), add_customer(store)
        tickets = [add_ticket(store, ada) for _ in range(2)]
        links = [start(store, new_link(ticket)) for ticket in tickets]

        with store.begin() as work:
            work.approval_links.forget(cleo.id, tickets[1].id)
            work.approval_links.forget(ada.id, tickets[0].id)

        assert [None, links[1]] == [read(store, one) for one in links]

    def test_sweeps_the_oldest(self, store: Store) -> None:
        """Those that expired before a moment, as many as wanted, oldest first."""
        ticket = ticket_of(store)
        links = [
            start(store, new_link(ticket, number, expires_at=AT + timedelta(hours=number)))
            for number in (3, 1, 2)
        ]
        before = AT + timedelta(hours=3)

        with store.begin() as work:
            assert 1 == work.approval_links.sweep(before, 1)
        assert [True, False, True] == [read(store, one) is not None for one in links]
        with store.begin() as work:
            assert 1 == work.approval_links.sweep(before, 10)
        assert [links[0], None, None] == [read(store, one) for one in links]
