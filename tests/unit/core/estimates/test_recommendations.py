"""Recommendations: declined work, which can be offered again."""

from functools import partial
from typing import Any

import pytest
from attrs import evolve

from mechanic_core.access import Actor, Role
from mechanic_core.errors import Invalid, Unknown
from mechanic_core.events.event import EventType
from mechanic_core.inventory.movement import MovementForm
from mechanic_core.inventory.part import InsufficientStock, Kind, PartId
from mechanic_core.money import money, percent, quantity
from mechanic_core.paging import Page
from mechanic_core.pricing.discounts import Discount
from mechanic_core.pricing.line import LineKind
from mechanic_core.pricing.pricing_rules import TaxRate
from mechanic_core.recommendations.ports import RecommendationFilter
from mechanic_core.recommendations.recommendation import (
    PartArchived,
    Recommendation,
    RecommendationClosed,
    RecommendationId,
    RecommendationNotFound,
    RecommendationStatus,
    RecommendedLine,
)
from mechanic_core.tickets.history import HistoryEvent
from mechanic_core.tickets.job import Job, JobKind, JobStatus
from mechanic_core.tickets.ticket import TicketFrozen
from mechanic_core.tickets.workflow import Status
from mechanic_core.vehicles.vehicle import VehicleForm
from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.unit.core.conftest import ALL, Premises
from tests.unit.core.estimates.desk import NO, Desk

PADS = PartId(1)


def decline(desk: Desk, *jobs: Job) -> tuple[Recommendation, ...]:
    """Have jobs declined; return all declined work."""
    desk.decide(desk.estimate(*jobs), dict.fromkeys(jobs, NO))
    return desk.recommendations()


def later(desk: Desk) -> Desk:
    """Return a later ticket of the same vehicle."""
    return Desk(desk.premises, desk.premises.open(vehicle_id=1))


def full_job(desk: Desk) -> Job:
    """Return a job with a part, labour by Bob and a core."""
    job = desk.job()
    desk.part(job, 2)
    labor = desk.labor(job, "100", "1.5")
    desk.premises.shop.change_labor_line(
        MECHANIC,
        desk.ticket.id,
        labor.id,
        partial(evolve, mechanic_id=2, discount=Discount(percent=percent(10))),
    )
    desk.fee(job, "5")
    return job


def test_declined_work_leaves_the_ticket(desk: Desk) -> None:
    """
    Its reservations are released, its lines are gone, and it lives on as a recommendation.
    """
    kept, job = desk.job("Oil", price="10"), full_job(desk)
    assert (10_000, 2_000) == desk.premises.stock()

    (found,) = decline(desk, job)

    ticket = desk.read()
    assert (10_000, 0) == desk.premises.stock()
    assert ([kept.id], (), (), 1) == (
        [one.id for one in ticket.jobs],
        ticket.parts,
        ticket.labor,
        len(ticket.charges),
    )
    assert money(10) == ticket.totals.total
    at = desk.premises.clock()
    assert (
        Recommendation(
            id=found.id,
            vehicle_id=found.vehicle_id,
            customer_id=ticket.customer_id,
            ticket_id=ticket.id,
            title="Brakes",
            lines=(
                RecommendedLine(
                    kind=LineKind.PART,
                    part_id=PADS,
                    description=found.lines[0].description,
                    quantity=quantity(2),
                    unit_price=money("19.99"),
                    tax_class="parts",
                ),
                RecommendedLine(
                    kind=LineKind.LABOR,
                    description="Work",
                    quantity=quantity("1.5"),
                    unit_price=money(100),
                    discount=Discount(percent=percent(10)),
                    tax_class="labor",
                ),
                RecommendedLine(
                    kind=LineKind.FEE,
                    description="Inspection",
                    quantity=quantity(1),
                    unit_price=money(5),
                    tax_class="fees",
                ),
            ),
            amount=money("179.98"),
            estimate=1,
            times_offered=1,
            status=RecommendationStatus.OPEN,
            created_at=at,
            updated_at=at,
            version=1,
        )
        == found
    )
    assert ticket.vehicle is not None
    assert ticket.vehicle.id == found.vehicle_id


def test_it_comes_to_a_later_ticket_at_the_price_of_that_day(desk: Desk) -> None:
    """
    Parts at their present prices and reserved, labour by nobody at its old rate, fees as they were.
    """
    (found,) = decline(desk, full_job(desk))
    shop = desk.premises.shop
    shop.change_part(MECHANIC, PADS, partial(evolve, price=money(25)))
    ticket = later(desk)
    ticket.job("Oil")

    job = ticket.job("Brakes at last", kind=JobKind.MAINTENANCE, recommendation_id=found.id)

    after = ticket.read()
    (part,), (labor,), (fee,) = after.parts, after.labor, after.charges
    assert [job.id] * 3 == [part.job_id, labor.job_id, fee.job_id]
    assert ("Brakes at last", JobKind.MAINTENANCE, JobStatus.PROPOSED, found.id) == (
        job.title,
        job.kind,
        job.status,
        job.recommendation_id,
    )
    assert (money(25), 2000) == (part.unit_price, part.quantity)
    assert (None, money(100), money(135)) == (labor.mechanic_id, labor.rate, labor.net)
    assert money(5) == fee.amount
    assert money(190) == after.totals.total == after.jobs[-1].totals.total
    assert (10_000, 2_000) == desk.premises.stock()
    assert (
        HistoryEvent.JOB_ADDED,
        None,
        f"maintenance: Brakes at last, recommendation {found.id}",
    ) == ticket.premises.entries(ticket.ticket)[-1]
    assert found == shop.read_recommendation(MECHANIC, found.id)


def test_it_is_accepted_once_it_is_authorized(desk: Desk) -> None:
    """
    It is open as long as it is offered; then it cannot be offered or dismissed.
    """
    (found,) = decline(desk, desk.job(price="10"))
    ticket, shop = later(desk), desk.premises.shop
    job = ticket.job(recommendation_id=found.id)
    assert RecommendationStatus.OPEN is desk.recommendations()[0].status

    ticket.authorize(job)

    (after,) = desk.recommendations(status=RecommendationStatus.ACCEPTED)
    assert (found.id, 1, 2) == (after.id, after.times_offered, after.version)
    with pytest.raises(RecommendationClosed):
        ticket.job(recommendation_id=found.id)
    with pytest.raises(RecommendationClosed):
        shop.dismiss_recommendation(MECHANIC, found.id)
    assert () == desk.recommendations(status=RecommendationStatus.OPEN)


def test_declined_again_it_is_the_same_one(desk: Desk) -> None:
    """
    With what was declined last, offered once more; authorized and then declined, too.
    """
    (found,) = decline(desk, desk.job(price="10"))
    ticket = later(desk)
    job = ticket.job("Again", recommendation_id=found.id)
    ticket.fee(job, "1")

    (again,) = decline(ticket, job)
    assert (found.id, 2, "Again", money(11), ticket.ticket.id) == (
        again.id,
        again.times_offered,
        again.title,
        again.amount,
        again.ticket_id,
    )
    job = ticket.job(recommendation_id=found.id)
    ticket.authorize(job)
    ticket.decide(ticket.estimate(job), {job: NO})
    (third,) = desk.recommendations()
    assert (found.id, 3, RecommendationStatus.OPEN, 4) == (
        third.id,
        third.times_offered,
        third.status,
        third.version,
    )


def test_what_was_changed_since_the_estimate_is_not_lost(desk: Desk) -> None:
    """
    The lines are those that have left the ticket, and so is the amount.
    """
    job = desk.job(price="10")
    found = desk.estimate()
    desk.fee(job, "5")

    decision = desk.decide(found, {job: NO})

    (recommended,) = desk.recommendations()
    assert [money(10), money(5)] == [line.amount for line in recommended.lines]
    assert (money(15), money(10)) == (recommended.amount, decision.answers[0].amount)


def test_parts_that_are_not_there_are_named(desk: Desk) -> None:
    """
    A short part is refused, and an archived one; nothing is put on the ticket.
    """
    job = desk.job()
    desk.part(job, 2)
    (found,) = decline(desk, job)
    ticket, shop = later(desk), desk.premises.shop
    shop.move_stock(MECHANIC, PADS, MovementForm(kind=Kind.COUNT, quantity=quantity(1)))

    with pytest.raises(InsufficientStock) as short:
        ticket.job(recommendation_id=found.id)
    desk.premises.archive()
    with pytest.raises(PartArchived) as archived:
        ticket.job(recommendation_id=found.id)

    assert PADS == short.value.facts["part_id"]
    assert {"part_id": PADS, "sku": "PAD"} == archived.value.facts
    assert ((), ()) == (ticket.read().jobs, ticket.read().parts)


def test_it_is_on_a_ticket_once(desk: Desk) -> None:
    """
    The same work twice would be billed twice, or declined and authorized at once.
    """
    (found,) = decline(desk, desk.job(price="10"))
    again = later(desk)
    job = again.job(recommendation_id=found.id)

    with pytest.raises(RecommendationClosed, match=f"already, as job {job.id}"):
        again.job(recommendation_id=found.id)

    assert [job.id] == [one.id for one in again.read().jobs]


def test_it_is_for_its_vehicle(desk: Desk, premises: Premises) -> None:
    """
    Another vehicle's ticket is refused, one without vehicle too; an unknown one does not exist.
    """
    (found,) = decline(desk, desk.job(price="10"))
    other = premises.shop.add_vehicle(MECHANIC, VehicleForm(customer_id=1, plate="8B"))

    for ticket in (premises.open(vehicle_id=other.id), premises.open()):
        with pytest.raises(Invalid, match="#/recommendation_id: must be a recommendation for the"):
            Desk(premises, ticket).job(recommendation_id=found.id)
    with pytest.raises(Unknown, match="#/recommendation_id"):
        later(desk).job(recommendation_id=99)


def test_without_a_vehicle_it_is_for_its_customer(premises: Premises) -> None:
    """
    Work of a ticket without vehicle may come to such a ticket of the same customer.
    """
    desk = Desk(premises, premises.open())
    (found,) = decline(desk, desk.job(price="10"))
    strangers = Desk(premises, premises.open(customer_id=2))

    with pytest.raises(Invalid):
        strangers.job(recommendation_id=found.id)
    job = Desk(premises, premises.open()).job(recommendation_id=found.id)

    assert (None, found.id) == (found.vehicle_id, job.recommendation_id)


def test_a_tax_class_that_is_gone_gives_way(desk: Desk) -> None:
    """
    A line has the class of its kind again where its own has no rates any more.
    """
    desk.follow(tax_rates=(TaxRate(tax_class="hazard", authority="State", percent=percent(5)),))
    job = desk.job()
    line = desk.fee(job, "10")
    desk.premises.shop.change_charge(
        MECHANIC, desk.ticket.id, line.id, partial(evolve, tax_class="hazard")
    )
    (found,) = decline(desk, job)
    first, second = later(desk), later(desk)

    first.job(recommendation_id=found.id)
    desk.follow(tax_rates=())
    second.job(recommendation_id=found.id)

    assert ["hazard", "fees"] == [one.read().charges[0].tax_class for one in (first, second)]


def test_recommendations_can_be_dismissed(desk: Desk) -> None:
    """
    By staff, once; then they are not offered, until they are declined again.
    """
    (found,) = decline(desk, desk.job(price="10"))
    ticket, shop = later(desk), desk.premises.shop
    job = ticket.job(recommendation_id=found.id)

    dismissed = shop.dismiss_recommendation(MECHANIC, found.id)

    assert (RecommendationStatus.DISMISSED, 2) == (dismissed.status, dismissed.version)
    assert dismissed == shop.dismiss_recommendation(MECHANIC, found.id)
    with pytest.raises(RecommendationClosed):
        ticket.job(recommendation_id=found.id)
    with pytest.raises(RecommendationNotFound):
        shop.dismiss_recommendation(MECHANIC, RecommendationId(99))
    assert RecommendationStatus.OPEN is decline(ticket, job)[0].status


def test_customers_see_what_they_have_declined(desk: Desk) -> None:
    """
    And nothing of others; lists are filtered by vehicle, customer and status.
    """
    (found,) = decline(desk, desk.job(price="10"))
    theirs = Desk(desk.premises, desk.premises.open(customer_id=2))
    decline(theirs, theirs.job(price="20"))
    shop, stranger = desk.premises.shop, Actor(Role.CUSTOMER, 2)

    def find(actor: Actor, **wanted: Any) -> tuple[Recommendation, ...]:
        page: Page[Recommendation] = shop.list_recommendations(
            actor, RecommendationFilter(**wanted), ALL
        )
        return page.items

    assert (
        (found,) == find(CUSTOMER) == find(MECHANIC, vehicle_id=1) == find(CUSTOMER, customer_id=1)
    )
    assert () == find(CUSTOMER, customer_id=2) == find(stranger, vehicle_id=1)
    assert [1, 2] == [one.customer_id for one in find(MECHANIC)]
    assert found == shop.read_recommendation(CUSTOMER, found.id)
    with pytest.raises(RecommendationNotFound):
        shop.read_recommendation(stranger, found.id)


def test_its_events_name_it(desk: Desk) -> None:
    """
    A new one, and each change of it.
    """
    (found,) = decline(desk, desk.job(price="10"))
    known = desk.premises.shop.read_events(MANAGER, 0).last
    desk.premises.shop.dismiss_recommendation(MECHANIC, found.id)

    feed = desk.premises.shop.read_events(MANAGER, known)
    (event,) = feed.items
    assert (EventType.RECOMMENDATION_CHANGED, f"/recommendations/{found.id}", ("status",)) == (
        event.type,
        event.subject,
        event.changes,
    )
    subjects = desk.premises.shop.read_event_subjects(MANAGER, feed).subjects
    assert {event.subject: desk.recommendations()[0]} == subjects


def test_a_job_without_lines_can_be_declined(desk: Desk) -> None:
    """
    Nothing is released, and it comes back without lines.
    """
    (found,) = decline(desk, desk.job("Look at the noise"))
    ticket = later(desk)

    ticket.job(recommendation_id=found.id)

    assert ((), 0) == (found.lines, found.amount)
    assert 1 == len(ticket.read().jobs)


def test_a_recommendation_needs_an_open_ticket(desk: Desk) -> None:
    """
    A ticket that is completed takes none.
    """
    (found,) = decline(desk, desk.job(price="10"))
    ticket = later(desk)
    ticket.go(Status.IN_PROGRESS, Status.COMPLETED)

    with pytest.raises(TicketFrozen):
        ticket.job(recommendation_id=found.id)
