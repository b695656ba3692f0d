"""Tickets that are changed concurrently, and their lists."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from random import Random

import pytest
from attrs import evolve

from mechanic_adapters.conformance.samples.records import (
    AT,
    add_customer,
    add_mechanic,
    add_ticket,
    new_entry,
    new_ticket,
)
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.mechanics.mechanic import Mechanic
from mechanic_core.paging import PageRequest
from mechanic_core.profile.calendar import Period
from mechanic_core.tickets.assigned_mechanic import AssignedMechanic
from mechanic_core.tickets.ports import TicketFilter
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.tickets.workflow import Status
from tests.integration.postgres.actions import replace_mechanics, wait_for_a_blocked_lock


def test_reads_what_was_put_on_a_ticket_while_it_waited(store: SqlStore) -> None:
    """
    `lock` returns a ticket with all changes of the transaction that it waited for.
    """
    ticket = add_ticket(store, add_customer(store), add_mechanic(store))
    joining = add_mechanic(store)

    def hold() -> Ticket:
        with store.begin() as work:
            return work.tickets.lock(ticket.id)

    with ThreadPoolExecutor(1) as others:
        with store.begin() as work:
            after = replace_mechanics(work, ticket, joining.id)
            waiting = others.submit(hold)
            wait_for_a_blocked_lock(store)

        assert after == waiting.result(10)


def test_holds_no_mechanic_while_it_waits_for_a_ticket(store: SqlStore) -> None:
    """
    A transaction that waits for a ticket holds no lock on mechanics, so there is no deadlock.
    """
    mechanic = add_mechanic(store)
    ticket = add_ticket(store, add_customer(store), mechanic)

    def hold_both() -> tuple[Ticket, Mapping[int, Mechanic]]:
        with store.begin() as work:
            return work.tickets.lock_with_mechanics(ticket.id, [mechanic.id])

    with ThreadPoolExecutor(1) as others:
        with store.begin() as work:
            held = work.tickets.lock(ticket.id)
            waiting = others.submit(hold_both)
            wait_for_a_blocked_lock(store)
            renamed = work.mechanics.save(evolve(work.mechanics.lock(mechanic.id)[0], name="Bo"))

        found, known = waiting.result(10)

    assert (held.id, {mechanic.id: renamed}) == (found.id, known)


def test_counts_without_deadlocks(store: SqlStore) -> None:
    """
    Concurrent changes of tickets with the same mechanics are all counted without deadlocks.
    """
    customer = add_customer(store)
    staff = [add_mechanic(store) for _ in range(4)]
    tickets = [add_ticket(store, customer) for _ in range(4)]

    def restaff(place: int) -> None:
        order = staff[place:] + staff[:place]
        for turn in range(10):
            with store.begin() as work:
                held = work.tickets.lock(tickets[place].id)
                come, go = order[turn % 4], order[(turn + 2) % 4]
                joining = [AssignedMechanic(id=come.id, name=come.name)]
                work.tickets.save(held.with_mechanics(joining, [go.id], AT), new_entry())

    with ThreadPoolExecutor(4) as pool:
        assert [None] * 4 == list(pool.map(restaff, range(4)))
    assert () == store.miscounts()
    assert () == store.wrong_totals()


def test_recounts_while_tickets_change(store: SqlStore) -> None:
    """
    A recount during concurrent changes counts every ticket once.
    """
    customer, mechanic = add_customer(store), add_mechanic(store)

    def open_many(_: int) -> None:
        for _ in range(10):
            add_ticket(store, customer, mechanic)

    with ThreadPoolExecutor(3) as pool:
        opening = [pool.submit(open_many, n) for n in range(3)]
        while not all(done.done() for done in opening):
            store.recount()
        assert [None] * 3 == [done.result() for done in opening]

    assert () == store.miscounts()
    assert () == store.wrong_totals()
    with store.read_only() as work:
        assert (
            30
            == work.ticket_lists.find(
                page=PageRequest(with_total=True), wanted=TicketFilter()
            ).total
        )


@pytest.mark.parametrize("newest_first", [False, True])
def test_finds_the_tickets_of_any_period(store: SqlStore, *, newest_first: bool) -> None:
    """
    The pages of a period, which are read by days and months, are the tickets of the period.
    """
    draw = Random(7)
    customer = add_customer(store)
    with store.begin() as work:
        for _ in range(150):
            day = date(2024, 1, 1) + timedelta(draw.randrange(800))
            status = draw.choice([Status.OPEN, Status.CLOSED])
            removed = AT if draw.random() < 0.2 else None
            ticket = new_ticket(customer, service_date=day, status=status, removed_at=removed)
            work.tickets.add(ticket, new_entry())
    with store.read_only() as work:
        present = work.ticket_lists.find(
            TicketFilter(newest_first=newest_first), PageRequest(size=200)
        )

    for _ in range(60):
        ends = sorted(date(2023, 12, 1) + timedelta(draw.randrange(900)) for _ in "ab")
        since, until = (draw.choice([end, end, None]) for end in ends)
        wanted = TicketFilter(
            status=draw.choice([None, Status.CLOSED]),
            period=Period(since=since, until=until),
            newest_first=newest_first,
        )
        agreeing = [one for one in present.items if agrees(one, wanted)]
        after = draw.choice([None, draw.randrange(200)])
        start = draw.randrange(30)
        window = PageRequest(size=draw.randrange(1, 30), offset=start, after=after, with_total=True)
        with store.read_only() as work:
            found = work.ticket_lists.find(wanted, window)

        behind = (
            agreeing[start:]
            if after is None
            else [one for one in agreeing if (one.id < after if newest_first else one.id > after)]
        )
        assert behind[: window.size] == list(found.items)
        assert (len(behind) > window.size) == found.has_more
        assert len(agreeing) == found.total


def agrees(ticket: Ticket, wanted: TicketFilter) -> bool:
    """Return whether a ticket matches the filter."""
    return wanted.status in (None, ticket.status) and wanted.period.contains(ticket.service_date)
