"""Concurrent requests: stock is not oversold, and no update is lost."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from decimal import Decimal
from functools import partial
from multiprocessing import get_context
from typing import Any

from attrs import evolve

from mechanic_adapters.conformance.samples.threads import in_parallel
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.errors import Refused
from mechanic_core.inventory.part import InsufficientStock
from mechanic_core.mechanics.mechanic import Hiring
from mechanic_core.shop import Shop
from mechanic_core.tickets.forms import MechanicEdit
from mechanic_core.tickets.lines.labor_line import LaborLineForm
from mechanic_core.tickets.ticket import Ticket, TicketChanged, TicketId
from tests.integration.databases import ALL, BOB, LAST, PAD, DatabaseShop, add_brake_pad, now
from tests.shops import MANAGER, MECHANIC, shop_on
from tests.strategies import sample

ASKED = 50
ROUNDS = 20


def add_lines(shop: Shop, ticket: TicketId) -> None:
    """Add labour lines one by one."""
    for _ in range(ROUNDS):
        shop.add_labor_line(MECHANIC, ticket, sample(LaborLineForm))


def add_mechanics(shop: Shop, ticket: TicketId, crew: tuple[int, ...]) -> None:
    """Assign mechanics one by one, and change the description each time."""
    for one in crew:
        shop.assign_mechanics(MECHANIC, ticket, MechanicEdit(add_ids=(one,)))
        shop.change_ticket(MANAGER, ticket, partial(evolve, description=f"Noise {one}"))


def in_another_thread(url: str, act: Callable[..., object], times: int, *args: Any) -> list[str]:
    """Run a function concurrently in threads of this process; return the results."""
    with closing(SqlStore.open(url)) as store:
        shop = shop_on(store, now)
        outcomes = in_parallel(*[lambda: act(shop, *args)] * times)
    return [one.code if isinstance(one, Refused) else "done" for one in outcomes]


def test_the_last_parts_are_not_oversold(database_shop: DatabaseShop) -> None:
    """
    Of fifty concurrent requests for five parts five succeed and the others get InsufficientStock.
    """
    tickets = [database_shop.open() for _ in range(ASKED)]

    outcomes = in_parallel(*[partial(add_brake_pad, database_shop.shop, one) for one in tickets])

    refused = [one for one in outcomes if isinstance(one, InsufficientStock)]
    assert ASKED - LAST == len(refused)
    assert LAST == len(outcomes) - sum(isinstance(one, Refused) for one in outcomes)
    assert {Decimal(0)} == {one.facts["available"] for one in refused}
    assert (LAST * 1000, LAST * 1000) == database_shop.stock()
    assert LAST == sum(len(database_shop.read(one).parts) for one in tickets)
    assert 1 + LAST == len(database_shop.shop.list_movements(MANAGER, PAD, ALL).items)
    database_shop.check_ledger()


def test_the_last_parts_are_not_oversold_between_processes(database_shop: DatabaseShop) -> None:
    """
    Two processes do not oversell the last parts on one ticket.
    """
    ticket = database_shop.open()
    half = ASKED // 2

    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        doing = [
            pool.submit(in_another_thread, database_shop.url, add_brake_pad, half, ticket)
            for _ in range(2)
        ]
        outcomes = [one for done in doing for one in done.result()]

    assert (LAST, ASKED - LAST) == (outcomes.count("done"), outcomes.count("insufficient-stock"))
    assert (LAST * 1000, LAST * 1000) == database_shop.stock()
    assert LAST == len(database_shop.read(ticket).parts)
    database_shop.check_ledger()


def hire(database_shop: DatabaseShop, number: int) -> tuple[int, ...]:
    """Hire mechanics and return them."""
    return tuple(
        database_shop.shop.hire_mechanic(MANAGER, sample(Hiring, email=f"new{one}@x.example")).id
        for one in range(number)
    )


def check_nothing_is_lost(
    database_shop: DatabaseShop, ticket: TicketId, crew: tuple[int, ...]
) -> None:
    """Check that a ticket has every change of both writers, each once in its history."""
    after = database_shop.read(ticket)
    history = database_shop.shop.list_history(MANAGER, ticket, ALL).items
    assert ROUNDS == len(after.labor)
    assert {BOB, *crew} == {mechanic.id for mechanic in after.mechanics}
    assert f"Noise {crew[-1]}" == after.description
    assert after.version == len(history) == 1 + ROUNDS + 2 * len(crew)
    assert sorted({entry.id for entry in history}) == [entry.id for entry in history]


def test_two_threads_that_edit_a_ticket_lose_nothing(database_shop: DatabaseShop) -> None:
    """
    Concurrent edits of one ticket in two threads are all stored.
    """
    ticket, crew = database_shop.open(), hire(database_shop, 10)

    in_parallel(
        lambda: add_lines(database_shop.shop, ticket),
        lambda: add_mechanics(database_shop.shop, ticket, crew),
    )

    check_nothing_is_lost(database_shop, ticket, crew)


def test_two_processes_that_edit_a_ticket_lose_nothing(database_shop: DatabaseShop) -> None:
    """
    Concurrent edits of one ticket in two processes are all stored.
    """
    ticket, crew = database_shop.open(), hire(database_shop, 10)

    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        lines = pool.submit(in_another_thread, database_shop.url, add_lines, 1, ticket)
        staff = pool.submit(in_another_thread, database_shop.url, add_mechanics, 1, ticket, crew)
        assert ["done"] == lines.result() == staff.result()

    check_nothing_is_lost(database_shop, ticket, crew)


def test_of_those_who_saw_the_same_version_one_wins(database_shop: DatabaseShop) -> None:
    """
    Of several writers that expect the same version one succeeds (optimistic locking).
    """
    ticket = database_shop.open()

    def describe(number: int) -> Ticket:
        return database_shop.shop.change_ticket(
            MECHANIC, ticket, partial(evolve, description=f"Noise {number}"), expected=1
        )

    outcomes = in_parallel(*[partial(describe, number) for number in range(8)])

    (won,) = [one for one in outcomes if not isinstance(one, Refused)]
    assert 7 == sum(isinstance(one, TicketChanged) for one in outcomes)
    assert won == database_shop.read(ticket)
