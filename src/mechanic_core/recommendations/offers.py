"""Work that leaves a ticket when it is declined, and comes back to one when it is offered again."""

from collections.abc import Mapping
from datetime import datetime

from attrs import evolve, frozen

from mechanic_core.errors import Problem, RuleBroken, Unknown
from mechanic_core.estimates.calculation import is_as_shown
from mechanic_core.estimates.estimate import Estimate
from mechanic_core.inventory.part import PartId
from mechanic_core.pricing.line import LineKind
from mechanic_core.pricing.pricing_rules import PricingRules
from mechanic_core.recommendations.recommendation import (
    PartArchived,
    Recommendation,
    RecommendationClosed,
    RecommendationId,
    RecommendationNotFound,
    RecommendedLine,
)
from mechanic_core.tickets.job import Job
from mechanic_core.tickets.lines.charge import ChargeForm, ChargeLine
from mechanic_core.tickets.lines.labor_line import LaborLine, LaborLineForm
from mechanic_core.tickets.lines.part_line import PartLine, PartLineForm
from mechanic_core.tickets.lines.rows import put_line
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.unit_of_work import Work
from mechanic_core.validators import unchecked


def recommend(work: Work, ticket: Ticket, job: Job, estimate: Estimate, at: datetime) -> None:
    """Store the work of *job*, declined on *ticket*; what was a recommendation is one again."""
    new = _recommendation(ticket, job, estimate, at)
    if job.recommendation_id is None:
        work.recommendations.add(new)
    else:
        before = work.recommendations.lock(RecommendationId(job.recommendation_id))
        work.recommendations.save(before.decline_again(new))


def accept(work: Work, job: Job, at: datetime) -> None:
    """Note that *job* is authorized where it was a recommendation."""
    if job.recommendation_id is None:
        return
    before = work.recommendations.lock(RecommendationId(job.recommendation_id))
    after = before.accept(at)
    if after is not before:
        work.recommendations.save(after)


def recommendation_for(work: Work, ticket: Ticket, recommendation_id: int) -> Recommendation:
    """Return a recommendation that may be put on *ticket*, locked.

    Raises `Unknown`, `RecommendationClosed`, also for one that is on the ticket already, and
    `RuleBroken` for one of another vehicle; without a vehicle it must be of the same customer.
    """
    try:
        found = work.recommendations.lock(RecommendationId(recommendation_id))
    except RecommendationNotFound:
        raise Unknown("#/recommendation_id") from None
    found.require_open()
    for job in ticket.jobs:
        if job.recommendation_id == found.id:
            raise RecommendationClosed(
                f"the recommendation is on the ticket already, as job {job.id}",
                recommendation_status=found.status.value,
            )
    vehicle_id = ticket.vehicle.id if ticket.vehicle else None
    if found.vehicle_id != vehicle_id or (
        vehicle_id is None and found.customer_id != ticket.customer_id
    ):
        detail = "must be a recommendation for the vehicle of the ticket"
        raise RuleBroken(Problem("#/recommendation_id", detail))
    return found


def _recommendation(ticket: Ticket, job: Job, estimate: Estimate, at: datetime) -> Recommendation:
    """Return new declined work: its amount is the estimated one, or that of the lines as changed."""
    estimated = estimate.job(job.id)
    shown = estimated if estimated and is_as_shown(ticket, estimated) else job
    return Recommendation(
        vehicle_id=ticket.vehicle.id if ticket.vehicle else None,
        customer_id=ticket.customer_id,
        ticket_id=ticket.id,
        title=job.title,
        lines=tuple(
            recommended
            for lines in (ticket.parts, ticket.labor, ticket.charges)
            for line in lines
            if line.job_id == job.id
            for recommended in [_line(line)]
        ),
        amount=shown.totals.total,
        estimate=estimate.number,
        created_at=at,
        updated_at=at,
    )


def _line(line: PartLine | LaborLine | ChargeLine) -> RecommendedLine:
    priced = line.to_price
    return RecommendedLine(
        kind=priced.kind,
        part_id=line.part_id if isinstance(line, PartLine) else None,
        description=priced.description or "",
        quantity=priced.quantity,
        unit_price=priced.unit_price,
        discount=line.discount,
        tax_class=line.tax_class,
    )


@frozen
class OfferedLines:
    """The lines of recommended work as they come to a ticket, to a job that is not stored yet."""

    parts: tuple[PartLine, ...]
    labor: tuple[LaborLine, ...]
    charges: tuple[ChargeLine, ...]

    def put_on(self, ticket: Ticket) -> Ticket:
        """Return *ticket*, whose last job is new, with the lines; raise `TooMany`."""
        parts, labor, charges = ticket.parts, ticket.labor, ticket.charges
        for part in self.parts:
            parts = put_line(parts, part)
        for work in self.labor:
            labor = put_line(labor, work)
        for charge in self.charges:
            charges = put_line(charges, charge)
        return evolve(ticket, parts=parts, labor=labor, charges=charges)


def offered_lines(work: Work, declined: Recommendation, rules: PricingRules) -> OfferedLines:
    """Return the lines of *declined* work: parts at their present prices, labour by nobody yet.

    The parts are locked. A tax class that has no rates any more gives way to that of the kind.
    Raises `PartArchived`.
    """
    parts = work.parts.lock(declined.part_ids) if declined.part_ids else {}
    for part in parts.values():
        if part.archived:
            raise PartArchived(f"{part.sku} is archived", part_id=part.id, sku=part.sku)
    of_parts, labor, charges = [], [], []
    for line in declined.lines:
        terms = {
            "discount": line.discount,
            "tax_class": line.tax_class if line.tax_class in rules.known_classes else None,
        }
        if line.kind is LineKind.PART:
            part = parts[PartId(line.part_id or 0)]
            form = unchecked(PartLineForm, part_id=part.id, quantity=line.quantity, **terms)
            of_parts.append(PartLine.of(part, form))
        elif line.kind is LineKind.LABOR:
            labor.append(LaborLine.of(_labor_form(line, terms)))
        else:
            charges.append(ChargeLine.of(_charge_form(line, terms)))
    return OfferedLines(tuple(of_parts), tuple(labor), tuple(charges))


def _labor_form(line: RecommendedLine, terms: Mapping[str, object]) -> LaborLineForm:
    return unchecked(
        LaborLineForm,
        description=line.description,
        hours=line.quantity,
        rate=line.unit_price,
        **terms,
    )


def _charge_form(line: RecommendedLine, terms: Mapping[str, object]) -> ChargeForm:
    return unchecked(
        ChargeForm,
        kind=line.kind,
        description=line.description,
        quantity=line.quantity,
        unit_price=line.unit_price,
        **terms,
    )
