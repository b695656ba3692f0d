"""Of two that exclude each other one wins, and nobody waits in a ring."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from sqlalchemy import create_engine, text

from mechanic_adapters.conformance.samples.threads import in_parallel
from mechanic_adapters.sql.engine.engines import database_url
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.access import ANONYMOUS, Actor, Role
from mechanic_core.accounts.account import Credentials
from mechanic_core.customers.customer import CustomerId, Registration, TicketsUnfinished
from mechanic_core.errors import Refused, Unknown
from mechanic_core.inventory.part import PartForm, PartId, PartReserved
from mechanic_core.inventory.ports import PartFilter
from mechanic_core.mechanics.mechanic import Hiring, LastManager, MechanicId
from mechanic_core.money import Quantity
from mechanic_core.tickets.line import PartLineForm
from mechanic_core.tickets.ticket import TicketFrozen, TicketId, TransitionBlocked
from mechanic_core.tickets.workflow import Status
from mechanic_core.vehicles.vehicle import VehicleForm, VehicleId, VehicleInUse
from tests.integration.databases import (
    ALL,
    DATABASES,
    LAST,
    DatabaseShop,
    ask,
    deadlocks_of,
    now,
    open_database_shop,
)
from tests.integration.servers import PostgresServer
from tests.shops import MANAGER, MECHANIC
from tests.strategies import sample

ROUNDS = 10


@pytest.fixture(params=DATABASES)
def place(
    request: pytest.FixtureRequest, tmp_path: Path, postgres: PostgresServer
) -> Iterator[DatabaseShop]:
    """A shop in each database."""
    with open_database_shop(request.param, tmp_path, postgres) as opened:
        yield opened


def test_one_way_out_excludes_the_other(place: DatabaseShop) -> None:
    """
    A ticket that one completes and another cancels at once goes one way, and so do its parts.
    """
    for _ in range(LAST):
        ticket = place.open()
        ask(place.shop, ticket)
        place.go(ticket, Status.IN_PROGRESS)
        before = place.stock()[0]

        outcomes = in_parallel(
            partial(place.go, ticket, Status.COMPLETED),
            partial(place.go, ticket, Status.CANCELLED),
        )

        assert 1 == sum(isinstance(one, TransitionBlocked) for one in outcomes)
        used = 1000 if place.read(ticket).status is Status.COMPLETED else 0
        assert (before - used, 0) == place.stock()
    place.check_ledger()


EXCLUDING: dict[
    str, tuple[Callable[[DatabaseShop, int], object], Callable[[DatabaseShop, int], object], Any]
] = {
    "erase and open": (
        lambda place, one: place.shop.erase_customer(MANAGER, CustomerId(one)),
        lambda place, one: place.open(customer_id=one),
        (TicketsUnfinished, Unknown),
    ),
    "archive and reserve": (
        lambda place, one: place.shop.archive_part(MANAGER, PartId(one)),
        lambda place, one: place.shop.add_part_line(
            MECHANIC, TicketId(1), PartLineForm(part_id=one, quantity=Quantity(1))
        ),
        (PartReserved, Unknown),
    ),
    "remove and take in": (
        lambda place, one: place.shop.remove_vehicle(MANAGER, VehicleId(one)),
        lambda place, one: place.open(vehicle_id=one),
        (VehicleInUse, Unknown),
    ),
}
"""What two people may ask for at once, of which only one can be had."""


@pytest.mark.parametrize("name", EXCLUDING)
def test_of_two_that_exclude_each_other_one_wins(place: DatabaseShop, name: str) -> None:
    """
    Whoever comes second is refused for what the first did, never with an accident.
    """
    one_way, other_way, refusals = EXCLUDING[name]
    place.open()
    for _ in range(ROUNDS):
        customer = place.shop.register_customer(
            MANAGER, sample(Registration, email=f"{now().timestamp()}@x.example")
        )
        vehicle = place.shop.add_vehicle(MECHANIC, VehicleForm(customer_id=1))
        part = place.shop.add_part(MANAGER, sample(PartForm, quantity=Quantity(9)))
        one = {"erase and open": customer.id, "archive and reserve": part.id}.get(name, vehicle.id)

        outcomes = in_parallel(partial(one_way, place, one), partial(other_way, place, one))

        (refused,) = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
        assert isinstance(refused, refusals)
    place.check_ledger()


def test_two_managers_do_not_let_each_other_go(place: DatabaseShop) -> None:
    """
    Of two who deactivate each other at the same moment, one stays.
    """
    hiring = sample(Hiring, email="dan@x.example", role=Role.MANAGER)
    dan = place.shop.hire_mechanic(MANAGER, hiring).id
    for _ in range(ROUNDS):
        outcomes = in_parallel(
            lambda: place.shop.let_mechanic_go(Actor(Role.MANAGER, dan), MechanicId(1)),
            lambda: place.shop.let_mechanic_go(MANAGER, dan),
        )

        assert 1 == sum(isinstance(outcome, LastManager) for outcome in outcomes)
        for one in (MechanicId(1), dan):
            place.shop.change_mechanic(MANAGER, one, lambda form: evolve(form, active=True))


def line_of(part: int) -> PartLineForm:
    """Ask for one of a part."""
    return PartLineForm(part_id=part, quantity=Quantity(1000))


def crossed(place: DatabaseShop) -> tuple[list[TicketId], list[int]]:
    """Return started tickets whose lines name the same parts in opposite orders."""
    form = sample(PartForm, quantity=Quantity(99_000))
    parts = [place.shop.add_part(MANAGER, form).id for _ in range(6)]
    tickets = [place.open() for _ in range(4)]
    for number, ticket in enumerate(tickets):
        for part in parts if number % 2 else reversed(parts):
            place.shop.add_part_line(MECHANIC, ticket, line_of(part))
        place.go(ticket, Status.IN_PROGRESS)
    return tickets, [*parts]


def test_everything_is_locked_in_one_order(place: DatabaseShop) -> None:
    """
    Those who complete tickets and those who change their lines never wait for each other in a ring.
    """
    tickets, parts = crossed(place)

    def back_and_forth(ticket: TicketId) -> None:
        for _ in range(2 * ROUNDS):
            place.go(ticket, Status.COMPLETED)
            place.go(ticket, Status.IN_PROGRESS)

    def meddle(part: int) -> None:
        for _ in range(ROUNDS):
            for ticket in tickets:
                with suppress(TicketFrozen):
                    line = place.shop.add_part_line(MECHANIC, ticket, line_of(part))
                    place.shop.remove_part_line(MECHANIC, ticket, line.id)

    outcomes = in_parallel(
        *[partial(back_and_forth, one) for one in tickets],
        *[partial(meddle, one) for one in (parts[0], parts[-1])],
    )

    assert [None] * len(outcomes) == outcomes
    assert 0 == deadlocks_of(place.url)
    asked = Counter(line.part_id for one in tickets for line in place.read(one).parts)
    for part in place.shop.list_parts(MANAGER, PartFilter(), ALL).items:
        assert 1000 * asked[part.id] == part.reserved
    place.check_ledger()


def test_nobody_logs_in_while_let_go(place: DatabaseShop) -> None:
    """
    Whoever is let go at the moment of a login is left with no session that goes on.
    """
    for round_ in range(ROUNDS):
        email = f"gone{round_}@x.example"
        gone = place.shop.hire_mechanic(MANAGER, sample(Hiring, email=email)).id
        credentials = sample(Credentials, email=email, password=sample(Hiring).password)

        in_parallel(
            partial(place.shop.log_in_staff, ANONYMOUS, credentials),
            partial(place.shop.let_mechanic_go, MANAGER, gone),
        )

        with closing(SqlStore.open(place.url)) as store, store.read_only() as work:
            ended = work.revocations.revoked_since(datetime.min.replace(tzinfo=UTC))
        assert sessions_of(place.url, gone) <= ended


def sessions_of(url: str, mechanic: MechanicId) -> frozenset[str]:
    """Return the sessions that a mechanic ever had."""
    engine = create_engine(database_url(url))
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT id FROM sessions WHERE mechanic_id = :id"), {"id": mechanic}
        )
        found = frozenset(row[0] for row in rows)
    engine.dispose()
    return found
