"""What jobs come to by themselves: in a new estimate, and together as they were authorized."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from mechanic_core.access import Actor, By
from mechanic_core.customers.customer import CustomerDetails
from mechanic_core.estimates.estimate import (
    Estimate,
    EstimatedJob,
    EstimatedLine,
    EstimatedSupplies,
    EstimateForm,
    EstimateNumber,
    NothingToEstimate,
)
from mechanic_core.money import Money
from mechanic_core.pricing import price
from mechanic_core.pricing.document import PricedDocument
from mechanic_core.pricing.line import LineKind, PricingLine
from mechanic_core.profile.profile import Profile, ProfileValues, values_of
from mechanic_core.tickets.job import Job, JobStatus
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.tickets.work import lines_of_job, lines_to_price


def jobs_to_estimate(ticket: Ticket, form: EstimateForm) -> tuple[Job, ...]:
    """Return the jobs that *form* names, or those that need an answer.

    Raises `NothingToEstimate`.
    """
    if form.job_ids is None:
        wanted = [
            job
            for job in ticket.jobs
            if job.status is JobStatus.PROPOSED or job.changed_since_authorized
        ]
        if not ticket.jobs:
            raise NothingToEstimate("the ticket has no jobs")
        if not wanted:
            raise NothingToEstimate
        return tuple(wanted)
    return tuple(job for job in ticket.jobs if job.id in form.job_ids)


def estimate_of(  # noqa: PLR0913 - of what, for whom, under which rules, which one, by whom, when
    ticket: Ticket,
    customer: CustomerDetails | None,
    form: EstimateForm,
    profile: Profile,
    number: EstimateNumber,
    actor: Actor,
    at: datetime,
) -> Estimate:
    """Return a new estimate: one document of the jobs that *form* wants, under the profile."""
    jobs = jobs_to_estimate(ticket, form)
    all_lines = lines_to_price(ticket)
    lines = [line for job in jobs for line in lines_of_job(all_lines, job.id)]
    document = price(lines, profile.pricing_rules, ticket.discounts)
    return Estimate(
        ticket_id=ticket.id,
        number=number,
        jobs=tuple(_estimated(job, document, lines) for job in jobs),
        supplies=_supplies(document, profile),
        discounts=ticket.discounts,
        tax=document.tax,
        totals=document.totals,
        revised_total=ticket.totals.total,
        profile=values_of(profile, ProfileValues),
        valid_until=form.valid_until,
        note=form.note,
        created_at=at,
        by=By(role=actor.role, id=actor.id),
        customer_id=ticket.customer_id,
        customer=customer,
        vehicle=ticket.vehicle,
        updated_at=at,
    ).digested()


def _estimated(job: Job, document: PricedDocument, lines: Sequence[PricingLine]) -> EstimatedJob:
    """Return *job* with its lines in *document*, which has the prices of *lines*."""
    inputs = {(line.kind, line.id): line for line in lines}
    return EstimatedJob(
        id=job.id,
        title=job.title,
        kind=job.kind,
        lines=tuple(
            EstimatedLine.of(priced, inputs[priced.kind, priced.id])
            for priced in document.lines
            if priced.job_id == job.id
        ),
        totals=document.totals_of_job(job.id),
    )


def _supplies(document: PricedDocument, profile: Profile) -> EstimatedSupplies | None:
    """Return the last line of *document* where it is the fee for supplies."""
    fees = [line for line in document.lines if line.kind is LineKind.SUPPLIES]
    if not fees or profile.supplies_fee is None:
        return None
    return EstimatedSupplies.of(fees[0], profile.supplies_fee)


def is_as_shown(ticket: Ticket, estimated: EstimatedJob) -> bool:
    """Return whether the lines of a job of *ticket* are still as they were estimated."""
    present = lines_of_job(lines_to_price(ticket), estimated.id)
    shown = [line.to_price for line in estimated.lines]
    return sorted(present, key=_place) == sorted(shown, key=_place)


def authorized_numbers(jobs: Sequence[Job]) -> frozenset[EstimateNumber]:
    """Return the numbers of the estimates in which the authorized *jobs* were last authorized."""
    return frozenset(
        EstimateNumber(job.authorized_in) for job in jobs if job.authorized_in is not None
    )


def authorized_total(jobs: Sequence[Job], estimates: Mapping[EstimateNumber, Estimate]) -> Money:
    """Return what all authorized *jobs* come to, as the customer has seen them; 0 without any.

    They are priced as one document, so that no cent and no fee is counted twice, under the rules
    and with the discounts of the newest estimate. A line may have moved between two of them since:
    lines are distinguished by their order alone.
    """
    numbers = authorized_numbers(jobs)
    if not numbers:
        return Money(0)
    shown = [
        estimates[EstimateNumber(job.authorized_in)].job(job.id)
        for job in jobs
        if job.authorized_in is not None
    ]
    lines = [line for one in shown if one for line in one.lines]
    ordered = sorted(lines, key=lambda line: _place(line.to_price))
    newest = estimates[max(numbers)]
    unnamed = [line.pricing_line(None) for line in ordered]
    return price(unnamed, newest.pricing_rules, newest.discounts).totals.total


def _place(line: PricingLine) -> tuple[object, ...]:
    return line.place, line.job_id or 0
