"""Of two operations that exclude each other one succeeds, without deadlocks."""

from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
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
from mechanic_core.estimates.decision import Answer, Channel, DecisionForm, JobAnswerForm
from mechanic_core.estimates.estimate import EstimateForm
from mechanic_core.inventory.part import PartForm, PartId, PartInUse
from mechanic_core.inventory.ports import PartFilter
from mechanic_core.mechanics.mechanic import Hiring, LastManager, MechanicId
from mechanic_core.money import Quantity
from mechanic_core.recommendations.ports import RecommendationFilter
from mechanic_core.tickets.job import JobDraft
from mechanic_core.tickets.lines.part_line import PartLineForm
from mechanic_core.tickets.ticket import TicketFrozen, TicketId
from mechanic_core.tickets.workflow import Status, TransitionBlocked
from mechanic_core.vehicles.vehicle import VehicleForm, VehicleId, VehicleInUse
from tests.integration.databases import ALL, LAST, DatabaseShop, add_brake_pad, deadlocks_of, now
from tests.shops import MANAGER, MECHANIC
from tests.strategies import sample

ROUNDS = 10


def test_one_transition_excludes_the_other(database_shop: DatabaseShop) -> None:
    """
    A ticket that is completed and cancelled concurrently gets one status, and so does its stock.
    """
    for _ in range(LAST):
        ticket = database_shop.open()
        add_brake_pad(database_shop.shop, ticket)
        database_shop.move(ticket, Status.IN_PROGRESS)
        before = database_shop.stock()[0]

        outcomes = in_parallel(
            partial(database_shop.move, ticket, Status.COMPLETED),
            partial(database_shop.move, ticket, Status.CANCELLED),
        )

        assert 1 == sum(isinstance(one, TransitionBlocked) for one in outcomes)
        used = 1000 if database_shop.read(ticket).status is Status.COMPLETED else 0
        assert (before - used, 0) == database_shop.stock()
    database_shop.check_ledger()


EXCLUDING: dict[
    str, tuple[Callable[[DatabaseShop, int], object], Callable[[DatabaseShop, int], object], Any]
] = {
    "erase and open": (
        lambda database_shop, one: database_shop.shop.erase_customer(MANAGER, CustomerId(one)),
        lambda database_shop, one: database_shop.open(customer_id=one),
        (TicketsUnfinished, Unknown),
    ),
    "archive and reserve": (
        lambda database_shop, one: database_shop.shop.archive_part(MANAGER, PartId(one)),
        lambda database_shop, one: database_shop.shop.add_part_line(
            MECHANIC, TicketId(1), PartLineForm(part_id=one, quantity=Quantity(1))
        ),
        (PartInUse, Unknown),
    ),
    "remove and take in": (
        lambda database_shop, one: database_shop.shop.remove_vehicle(MANAGER, VehicleId(one)),
        lambda database_shop, one: database_shop.open(vehicle_id=one),
        (VehicleInUse, Unknown),
    ),
}
"""Pairs of concurrent operations of which only one can succeed."""


@pytest.mark.parametrize("name", EXCLUDING)
def test_of_two_exclusive_operations_one_wins(database_shop: DatabaseShop, name: str) -> None:
    """
    The second of two exclusive operations is refused because of the first.
    """
    one_way, other_way, refusals = EXCLUDING[name]
    database_shop.open()
    for _ in range(ROUNDS):
        customer = database_shop.shop.register_customer(
            MANAGER, sample(Registration, email=f"{now().timestamp()}@x.example")
        )
        vehicle = database_shop.shop.add_vehicle(MECHANIC, VehicleForm(customer_id=1))
        part = database_shop.shop.add_part(MANAGER, sample(PartForm, quantity=Quantity(9)))
        one = {"erase and open": customer.id, "archive and reserve": part.id}.get(name, vehicle.id)

        outcomes = in_parallel(
            partial(one_way, database_shop, one), partial(other_way, database_shop, one)
        )

        (refused,) = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
        assert isinstance(refused, refusals)
    database_shop.check_ledger()


def test_two_managers_do_not_deactivate_each_other(database_shop: DatabaseShop) -> None:
    """
    Of two managers who deactivate each other one stays active.
    """
    hiring = sample(Hiring, email="dan@x.example", role=Role.MANAGER)
    dan = database_shop.shop.hire_mechanic(MANAGER, hiring).id
    for _ in range(ROUNDS):
        outcomes = in_parallel(
            lambda: database_shop.shop.let_mechanic_go(Actor(Role.MANAGER, dan), MechanicId(1)),
            lambda: database_shop.shop.let_mechanic_go(MANAGER, dan),
        )

        assert 1 == sum(isinstance(outcome, LastManager) for outcome in outcomes)
        for one in (MechanicId(1), dan):
            database_shop.shop.change_mechanic(MANAGER, one, lambda form: evolve(form, active=True))


def line_of(part: int) -> PartLineForm:
    """Return the form of a line for one part."""
    return PartLineForm(part_id=part, quantity=Quantity(1000))


def crossed(database_shop: DatabaseShop) -> tuple[list[TicketId], list[int]]:
    """Return started tickets whose lines name the same parts in opposite orders."""
    form = sample(PartForm, quantity=Quantity(99_000))
    parts = [database_shop.shop.add_part(MANAGER, form).id for _ in range(6)]
    tickets = [database_shop.open() for _ in range(4)]
    for number, ticket in enumerate(tickets):
        for part in parts if number % 2 else reversed(parts):
            database_shop.shop.add_part_line(MECHANIC, ticket, line_of(part))
        database_shop.move(ticket, Status.IN_PROGRESS)
    return tickets, [*parts]


def test_everything_is_locked_in_one_order(database_shop: DatabaseShop) -> None:
    """
    Completing tickets and changing their lines lock rows in one order, so there is no deadlock.
    """
    tickets, parts = crossed(database_shop)

    def back_and_forth(ticket: TicketId) -> None:
        for _ in range(2 * ROUNDS):
            database_shop.move(ticket, Status.COMPLETED)
            database_shop.move(ticket, Status.IN_PROGRESS)

    def meddle(part: int) -> None:
        for _ in range(ROUNDS):
            for ticket in tickets:
                with suppress(TicketFrozen):
                    line = database_shop.shop.add_part_line(MECHANIC, ticket, line_of(part))
                    database_shop.shop.remove_part_line(MECHANIC, ticket, line.id)

    outcomes = in_parallel(
        *[partial(back_and_forth, one) for one in tickets],
        *[partial(meddle, one) for one in (parts[0], parts[-1])],
    )

    assert [None] * len(outcomes) == outcomes
    assert 0 == deadlocks_of(database_shop.url)
    asked = Counter(line.part_id for one in tickets for line in database_shop.read(one).parts)
    for part in database_shop.shop.list_parts(MANAGER, PartFilter(), ALL).items:
        assert 1000 * asked[part.id] == part.reserved
    database_shop.check_ledger()


def decline_everything(database_shop: DatabaseShop, ticket: TicketId) -> None:
    """Have all jobs of a ticket estimated and declined."""
    shop = database_shop.shop
    estimate = shop.make_estimate(MECHANIC, ticket, EstimateForm())
    answers = tuple(JobAnswerForm(job_id=job.id, answer=Answer.DECLINED) for job in estimate.jobs)
    form = DecisionForm(answers=answers, person="Ada", channel=Channel.IN_PERSON)
    shop.decide_on_estimate(MECHANIC, ticket, estimate.number, form)


def test_recommendations_are_locked_in_one_order(database_shop: DatabaseShop) -> None:
    """
    Tickets that offer the same work in opposite orders can be declined at once.
    """
    shop, first = database_shop.shop, database_shop.open()
    for number in range(8):
        shop.add_job(MECHANIC, first, JobDraft(title=f"Job {number}"))
    decline_everything(database_shop, first)
    offers = [
        one.id for one in shop.list_recommendations(MECHANIC, RecommendationFilter(), ALL).items
    ]
    tickets = [database_shop.open() for _ in range(4)]

    for _ in range(ROUNDS):
        for number, ticket in enumerate(tickets):
            for offer in offers if number % 2 else reversed(offers):
                shop.add_job(MECHANIC, ticket, JobDraft(title="Again", recommendation_id=offer))
        outcomes = in_parallel(
            *[partial(decline_everything, database_shop, ticket) for ticket in tickets]
        )
        assert [None] * len(outcomes) == outcomes

    assert 0 == deadlocks_of(database_shop.url)
    found = shop.list_recommendations(MECHANIC, RecommendationFilter(), ALL).items
    assert {1 + ROUNDS * len(tickets)} == {one.times_offered for one in found}


def test_nobody_logs_in_during_deactivation(database_shop: DatabaseShop) -> None:
    """
    A login concurrent with a deactivation leaves no valid session.
    """
    for round_ in range(ROUNDS):
        email = f"gone{round_}@x.example"
        gone = database_shop.shop.hire_mechanic(MANAGER, sample(Hiring, email=email)).id
        credentials = sample(Credentials, email=email, password=sample(Hiring).password)

        in_parallel(
            partial(database_shop.shop.log_in_staff, ANONYMOUS, credentials),
            partial(database_shop.shop.let_mechanic_go, MANAGER, gone),
        )

        with closing(SqlStore.open(database_shop.url)) as store, store.read_only() as work:
            ended = work.revocations.revoked_after(0).ids
        assert sessions_of(database_shop.url, gone) <= ended


def sessions_of(url: str, mechanic: MechanicId) -> frozenset[str]:
    """Return all sessions of a mechanic."""
    engine = create_engine(database_url(url))
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT id FROM sessions WHERE mechanic_id = :id"), {"id": mechanic}
        )
        found = frozenset(row[0] for row in rows)
    engine.dispose()
    return found
