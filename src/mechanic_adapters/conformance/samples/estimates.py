"""New estimates, decisions, links and recommendations, and functions that store them."""

from datetime import date, timedelta
from itertools import count
from typing import Any, Final

from attrs import evolve

from mechanic_adapters.conformance.samples.records import AT, NOBODY, TOTALS
from mechanic_core.access import Actor, By
from mechanic_core.customers.customer import CustomerDetails
from mechanic_core.estimates.approval_links import ApprovalLink
from mechanic_core.estimates.decision import Answer, Channel, Decision, DecisionKind, JobAnswer
from mechanic_core.estimates.estimate import (
    Estimate,
    EstimatedJob,
    EstimatedLine,
    EstimatedSupplies,
    EstimateNumber,
)
from mechanic_core.inventory.part import PartId
from mechanic_core.money import Money, Percent, Quantity
from mechanic_core.pricing.discounts import Discount, Scope, TicketDiscount
from mechanic_core.pricing.document import AuthorityTax
from mechanic_core.pricing.line import LineKind
from mechanic_core.pricing.pricing_rules import FeeBase, SuppliesFee, TaxRate
from mechanic_core.profile.profile import ProfileValues
from mechanic_core.recommendations.recommendation import Recommendation, RecommendedLine
from mechanic_core.tickets.job import JobId, JobKind
from mechanic_core.tickets.ticket import Ticket, TicketId
from mechanic_core.tickets.ticket_vehicle import TicketVehicle
from mechanic_core.unit_of_work import Store
from mechanic_core.vehicles.vehicle import VehicleId

TEXT: Final = "Größe, „quoted“\n🔧"
AUTHORITY: Final = "Größe 🔧"
ADA: Final = CustomerDetails(
    name="Ada Größe", address=TEXT, email="ada@example.com", phone="+1-555-0100"
)
OLD_CAR: Final = TicketVehicle(id=VehicleId(2**50), vin=None, plate="Ä 1", year=1999)
FEE: Final = SuppliesFee(percent=Percent(82_500), of=(FeeBase.LABOR,), cap=Money(1))

_numbers = count(1)


def new_estimate(ticket: Ticket, number: int = 1, **fields: Any) -> Estimate:
    """Return a new estimate of all jobs of *ticket*."""
    jobs = tuple(new_estimated_job(job.id) for job in ticket.jobs)
    defaults: dict[str, Any] = {
        "jobs": jobs,
        "supplies": None,
        "discounts": (),
        "tax": (),
        "totals": TOTALS,
        "revised_total": Money(-5),
        "profile": ProfileValues(),
        "valid_until": None,
        "note": None,
        "created_at": AT,
        "by": By(role=None, id=0),
        "customer_id": ticket.customer_id,
        "customer": None,
        "vehicle": ticket.vehicle,
        "updated_at": AT,
    }
    estimate = Estimate(ticket_id=ticket.id, number=EstimateNumber(number), **defaults | fields)
    return estimate.digested()


def full_estimate(ticket: Ticket, number: int = 1, actor: Actor = NOBODY) -> Estimate:
    """Return a new estimate with every member, of two jobs."""
    jobs = (new_estimated_job(ticket.jobs[0].id), new_estimated_job(JobId(2**50), lines=()))
    rate = TaxRate(tax_class="oil", authority=AUTHORITY, percent=Percent(1))
    return new_estimate(
        ticket,
        number,
        jobs=jobs,
        supplies=EstimatedSupplies(
            **_figures(LineKind.SUPPLIES), quantity=Quantity(-1000), rule=FEE
        ),
        discounts=(TicketDiscount(scope=Scope.ALL, percent=Percent(1), reason=TEXT),),
        tax=(
            AuthorityTax(
                tax_class="oil",
                authority=AUTHORITY,
                percent=Percent(1),
                base=Money(-7),
                tax=Money(2**60),
            ),
        ),
        profile=ProfileValues(tax_rates=(rate,), supplies_fee=FEE, disclosures=(TEXT,)),
        valid_until=date(2026, 4, 30),
        note=TEXT,
        by=By(role=actor.role, id=actor.id),
        customer=ADA,
        vehicle=OLD_CAR,
    )


def new_estimated_job(job_id: JobId, **fields: Any) -> EstimatedJob:
    """Return a job with one line."""
    line = EstimatedLine(
        **_figures(LineKind.LABOR),
        quantity=Quantity(1),
        line_discount=Discount(amount=Money(9)),
    )
    defaults: dict[str, Any] = {
        "title": "Front brakes",
        "kind": JobKind.WARRANTY,
        "lines": (line,),
        "totals": TOTALS,
    }
    return EstimatedJob(id=job_id, **defaults | fields)


def _figures(kind: LineKind) -> dict[str, Any]:
    return {
        "line": 1,
        "kind": kind,
        "id": None,
        "job_id": None,
        "description": TEXT,
        "unit_price": Money(1),
        "amount": Money(-2),
        "discount": Money(3),
        "net": Money(-4),
        "tax": Money(5),
        "tax_class": "oil",
    }


def new_decision(ticket: Ticket, previous: Decision | None = None, **fields: Any) -> Decision:
    """Return a new spending limit on *ticket*, after the *previous* decision."""
    defaults: dict[str, Any] = {
        "kind": DecisionKind.LIMIT,
        "amount": Money(10_000),
        "authorized_total": Money(0),
        "person": "Ada Moore",
        "channel": Channel.IN_PERSON,
        "contact": None,
        "note": None,
        "at": AT,
        "by": By(role=None, id=0),
        "previous": previous.digest if previous else None,
    }
    return Decision(ticket_id=ticket.id, **defaults | fields).digested()


def new_answer(ticket: Ticket, **fields: Any) -> Decision:
    """Return a new decision on the first estimate of *ticket*, with every member."""
    answers = tuple(
        JobAnswer(job_id=JobId(number), answer=answer, amount=Money(-number))
        for number, answer in enumerate(Answer, start=1)
    )
    given: dict[str, Any] = {
        "kind": DecisionKind.ESTIMATE,
        "estimate": 1,
        "answers": answers,
        "amount": None,
        "authorized_total": Money(2**60),
        "person": "Größe",
        "channel": Channel.LINK,
        "contact": "+1-555-0100",
        "note": TEXT,
    }
    return new_decision(ticket, **given | fields)


def new_link(ticket: Ticket, number: int = 1, **fields: Any) -> ApprovalLink:
    """Return a new link to an estimate of *ticket*."""
    defaults: dict[str, Any] = {
        "nonce": f"nonce-{next(_numbers)}",
        "expires_at": AT + timedelta(days=1),
    }
    return ApprovalLink(ticket_id=ticket.id, number=EstimateNumber(number), **defaults | fields)


def new_recommendation(ticket: Ticket, **fields: Any) -> Recommendation:
    """Return new declined work of *ticket*, with lines of three kinds."""
    defaults: dict[str, Any] = {
        "vehicle_id": ticket.vehicle.id if ticket.vehicle else None,
        "customer_id": ticket.customer_id,
        "title": "Front brakes",
        "lines": (
            _recommended(LineKind.PART, part_id=PartId(7)),
            _recommended(LineKind.LABOR, discount=Discount(percent=Percent(1))),
            _recommended(LineKind.CORE, quantity=Quantity(-1000)),
        ),
        "amount": Money(-1),
        "estimate": 1,
        "created_at": AT,
        "updated_at": AT,
    }
    return Recommendation(ticket_id=ticket.id, **defaults | fields)


def _recommended(kind: LineKind, **fields: Any) -> RecommendedLine:
    defaults: dict[str, Any] = {
        "description": TEXT,
        "quantity": Quantity(1),
        "unit_price": Money(2),
        "tax_class": "oil",
    }
    return RecommendedLine(kind=kind, **defaults | fields)


def add_estimate(store: Store, estimate: Estimate) -> Estimate:
    """Add an estimate in a transaction of its own."""
    with store.begin() as work:
        return work.estimates.add(estimate)


def add_decision(store: Store, decision: Decision) -> Decision:
    """Add a decision in a transaction of its own."""
    with store.begin() as work:
        return work.decisions.add(decision)


def add_recommendation(store: Store, recommendation: Recommendation) -> Recommendation:
    """Add a recommendation in a transaction of its own."""
    with store.begin() as work:
        return work.recommendations.add(recommendation)


def read_decisions(store: Store, ticket_id: TicketId) -> tuple[Decision, ...]:
    """Return the decisions on a ticket."""
    with store.read_only() as work:
        return tuple(work.decisions.of_all([ticket_id]).get(ticket_id, ()))


def superseded(estimate: Estimate) -> Estimate:
    """Return *estimate* as superseded and answered."""
    answered = tuple(job.id for job in estimate.jobs)
    return evolve(estimate, superseded_at=AT, answered=answered)
