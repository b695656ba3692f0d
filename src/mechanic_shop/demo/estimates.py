"""The demo's estimates: one that waits for its customer, with a link, and one that was answered."""

from datetime import datetime
from typing import Final

from mechanic_core.estimates.approval_links import ApprovalLinkForm, IssuedApprovalLink
from mechanic_core.estimates.decision import (
    Answer,
    Channel,
    DecisionForm,
    JobAnswerForm,
    LimitForm,
)
from mechanic_core.estimates.estimate import Estimate, EstimateForm
from mechanic_core.money import Money
from mechanic_core.paging import PageRequest
from mechanic_core.tickets.job import JobDraft
from mechanic_core.tickets.lines.labor_line import LaborLineForm
from mechanic_core.tickets.lines.part_line import PartLineForm
from mechanic_core.tickets.ports import TicketFilter
from mechanic_core.tickets.ticket import Ticket, TicketId
from mechanic_core.tickets.workflow import Status
from mechanic_shop.demo.repair_jobs import HOURLY_RATE, JOBS, RepairJob
from mechanic_shop.demo.scenarios import DAY, HOUR, Workshop
from mechanic_shop.demo.simulation import Simulation

LIMIT: Final = Money(250_00)

_VALID: Final = 14 * DAY
_BY_COMPLAINT: Final = {job.complaint: job for job in JOBS}
_EXTRA: Final = _BY_COMPLAINT["Wipers streak"]


def make_estimates(workshop: Workshop, simulation: Simulation, end: datetime) -> IssuedApprovalLink:
    """Offer the work on two tickets that nobody has begun, shortly before *end*.

    The customer of the first calls, says yes to the repair and no to the rest, and sets a limit.
    Return the link for the customer of the last.
    """
    simulation.run_until(end - HOUR / 4)
    shop, manager = workshop.shop, workshop.manager
    untouched = TicketFilter(status=Status.OPEN)
    first, *_, last = shop.list_tickets(manager, untouched, PageRequest()).items
    form = EstimateForm(valid_until=(end + _VALID).date(), note="The wiper blades are worn, too.")
    answered, waiting = (_offer(workshop, ticket, form) for ticket in (first, last))
    simulation.run_until(end - HOUR / 12)
    _answer(workshop, first, answered)
    return shop.issue_approval_link(manager, last.id, waiting.number, ApprovalLinkForm())


def _offer(workshop: Workshop, ticket: Ticket, form: EstimateForm) -> Estimate:
    """Make an estimate of the repair and of something else that was found."""
    for job in (_BY_COMPLAINT[ticket.description], _EXTRA):
        _propose(workshop, ticket.id, job)
    return workshop.shop.make_estimate(workshop.manager, ticket.id, form)


def _propose(workshop: Workshop, ticket_id: TicketId, job: RepairJob) -> None:
    shop, manager = workshop.shop, workshop.manager
    job_id = shop.add_job(manager, ticket_id, JobDraft(title=job.task)).id
    for sku, quantity in job.parts:
        part = PartLineForm(job_id=job_id, part_id=workshop.parts[sku], quantity=quantity)
        shop.add_part_line(manager, ticket_id, part)
    labor = LaborLineForm(job_id=job_id, description=job.task, hours=job.time, rate=HOURLY_RATE)
    shop.add_labor_line(manager, ticket_id, labor)


def _answer(workshop: Workshop, ticket: Ticket, estimate: Estimate) -> None:
    """Write down that the customer authorizes the first job, declines the other, and up to what."""
    shop, manager = workshop.shop, workshop.manager
    customer = shop.read_customer(manager, ticket.customer_id)
    pairs = zip(estimate.jobs, (Answer.AUTHORIZED, Answer.DECLINED), strict=True)
    decision = DecisionForm(
        answers=tuple(JobAnswerForm(job_id=job.id, answer=answer) for job, answer in pairs),
        person=customer.name,
        channel=Channel.PHONE,
        contact=customer.phone,
    )
    limit = LimitForm(
        amount=LIMIT, person=customer.name, channel=Channel.PHONE, contact=customer.phone
    )
    shop.decide_on_estimate(manager, ticket.id, estimate.number, decision)
    shop.set_spending_limit(manager, ticket.id, limit)
