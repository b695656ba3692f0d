"""Many at once: nothing is oversold, and nothing that anybody wrote is lost."""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from decimal import Decimal
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from mechanic_adapters.conformance.samples.threads import in_parallel
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.errors import Refused
from mechanic_core.inventory.part import InsufficientStock
from mechanic_core.mechanics.mechanic import Hiring
from mechanic_core.shop import Shop
from mechanic_core.tickets.forms import MechanicEdit
from mechanic_core.tickets.line import LaborLineForm
from mechanic_core.tickets.ticket import Ticket, TicketChanged, TicketId
from tests.integration.databases import (
    ALL,
    BOB,
    DATABASES,
    LAST,
    PAD,
    DatabaseShop,
    ask,
    now,
    open_database_shop,
)
from tests.integration.servers import PostgresServer
from tests.shops import MANAGER, MECHANIC, shop_on
from tests.strategies import sample

ASKED = 50
ROUNDS = 20


@pytest.fixture(params=DATABASES)
def place(
    request: pytest.FixtureRequest, tmp_path: Path, postgres: PostgresServer
) -> Iterator[DatabaseShop]:
    """A shop in each database."""
    with open_database_shop(request.param, tmp_path, postgres) as opened:
        yield opened


def add_lines(shop: Shop, ticket: TicketId) -> None:
    """Write labour down, line by line."""
    for _ in range(ROUNDS):
        shop.add_labor_line(MECHANIC, ticket, sample(LaborLineForm))


def add_staff(shop: Shop, ticket: TicketId, crew: tuple[int, ...]) -> None:
    """Put mechanics on a ticket, one by one, and correct its complaint each time."""
    for one in crew:
        shop.assign_mechanics(MECHANIC, ticket, MechanicEdit(add_ids=(one,)))
        shop.change_ticket(MANAGER, ticket, partial(evolve, description=f"Noise {one}"))


def in_another_thread(url: str, act: Callable[..., object], times: int, *args: Any) -> list[str]:
    """Do something many times at once in this process; return what came of it."""
    with closing(SqlStore.open(url)) as store:
        shop = shop_on(store, now)
        outcomes = in_parallel(*[lambda: act(shop, *args)] * times)
    return [one.code if isinstance(one, Refused) else "done" for one in outcomes]


def test_the_last_parts_go_to_whom_they_can(place: DatabaseShop) -> None:
    """
    Of fifty who ask for one of the last five, five get it and the rest learn that none is left.
    """
    tickets = [place.open() for _ in range(ASKED)]

    outcomes = in_parallel(*[partial(ask, place.shop, one) for one in tickets])

    refused = [one for one in outcomes if isinstance(one, InsufficientStock)]
    assert ASKED - LAST == len(refused)
    assert LAST == len(outcomes) - sum(isinstance(one, Refused) for one in outcomes)
    assert {Decimal(0)} == {one.facts["available"] for one in refused}
    assert (LAST * 1000, LAST * 1000) == place.stock()
    assert LAST == sum(len(place.read(one).parts) for one in tickets)
    assert 1 + LAST == len(place.shop.list_movements(MANAGER, PAD, ALL).items)
    place.check_ledger()


def test_the_last_parts_are_not_oversold_between_processes(place: DatabaseShop) -> None:
    """
    Two processes that sell the same five parts on one ticket sell five.
    """
    ticket = place.open()
    half = ASKED // 2

    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        doing = [pool.submit(in_another_thread, place.url, ask, half, ticket) for _ in range(2)]
        outcomes = [one for done in doing for one in done.result()]

    assert (LAST, ASKED - LAST) == (outcomes.count("done"), outcomes.count("insufficient-stock"))
    assert (LAST * 1000, LAST * 1000) == place.stock()
    assert LAST == len(place.read(ticket).parts)
    place.check_ledger()


def hire(place: DatabaseShop, number: int) -> tuple[int, ...]:
    """Return a crew of new mechanics."""
    return tuple(
        place.shop.hire_mechanic(MANAGER, sample(Hiring, email=f"new{one}@x.example")).id
        for one in range(number)
    )


def nothing_must_be_lost(place: DatabaseShop, ticket: TicketId, crew: tuple[int, ...]) -> None:
    """Check that a ticket has all that two hands gave it, each told once."""
    after = place.read(ticket)
    history = place.shop.list_history(MANAGER, ticket, ALL).items
    assert ROUNDS == len(after.labor)
    assert {BOB, *crew} == {mechanic.id for mechanic in after.mechanics}
    assert f"Noise {crew[-1]}" == after.description
    assert after.version == len(history) == 1 + ROUNDS + 2 * len(crew)
    assert sorted({entry.id for entry in history}) == [entry.id for entry in history]


def test_two_threads_that_edit_a_ticket_lose_nothing(place: DatabaseShop) -> None:
    """
    Lines that one writes and mechanics that the other assigns are all there.
    """
    ticket, crew = place.open(), hire(place, 10)

    in_parallel(lambda: add_lines(place.shop, ticket), lambda: add_staff(place.shop, ticket, crew))

    nothing_must_be_lost(place, ticket, crew)


def test_two_processes_that_edit_a_ticket_lose_nothing(place: DatabaseShop) -> None:
    """
    The same holds where the two do not share a process.
    """
    ticket, crew = place.open(), hire(place, 10)

    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        lines = pool.submit(in_another_thread, place.url, add_lines, 1, ticket)
        staff = pool.submit(in_another_thread, place.url, add_staff, 1, ticket, crew)
        assert ["done"] == lines.result() == staff.result()

    nothing_must_be_lost(place, ticket, crew)


def test_of_those_who_saw_the_same_version_one_wins(place: DatabaseShop) -> None:
    """
    Whoever names the version that they saw never overwrites what they did not see.
    """
    ticket = place.open()

    def describe(number: int) -> Ticket:
        return place.shop.change_ticket(
            MECHANIC, ticket, partial(evolve, description=f"Noise {number}"), expected=1
        )

    outcomes = in_parallel(*[partial(describe, number) for number in range(8)])

    (won,) = [one for one in outcomes if not isinstance(one, Refused)]
    assert 7 == sum(isinstance(one, TicketChanged) for one in outcomes)
    assert won == place.read(ticket)
