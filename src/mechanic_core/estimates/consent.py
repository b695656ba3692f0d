"""Takes what a customer has decided into their ticket, and writes it down."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import final

from attrs import evolve, frozen

from mechanic_core.access import By
from mechanic_core.estimates.calculation import is_as_shown
from mechanic_core.estimates.ceiling import authorized_on
from mechanic_core.estimates.consent_record import ConsentRecord
from mechanic_core.estimates.decision import (
    Answer,
    Decision,
    DecisionKind,
    JobAnswer,
    WorkStarted,
)
from mechanic_core.estimates.estimate import Estimate
from mechanic_core.inventory.part import Kind
from mechanic_core.invoices.invoice import AlreadyInvoiced
from mechanic_core.money import Money, money_to_decimal
from mechanic_core.recommendations.offers import accept, recommend
from mechanic_core.tickets.history import HistoryEvent
from mechanic_core.tickets.job import Job, JobId, JobStatus
from mechanic_core.tickets.price import priced
from mechanic_core.tickets.stock import TicketStock
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.tickets.workflow import INITIAL_STATUS, Status
from mechanic_core.unit_of_work import Work

Answers = Mapping[JobId, Answer]


@final
@frozen
class Consent:
    """Takes answers and limits into a ticket that is locked."""

    stock: TicketStock

    def take_answers(
        self,
        work: Work,
        ticket: Ticket,
        estimate: Estimate,
        answers: Answers,
        record: ConsentRecord,
    ) -> Decision:
        """Return the new decision; every job that is answered is on the ticket and the estimate.

        Declined jobs leave the ticket for recommendations, and their parts are released.
        """
        ticket.require_changeable()
        declined = [job for job in ticket.jobs if answers.get(job.id) is Answer.DECLINED]
        if not record.actor.is_staff:
            _require_untouched(work, ticket, declined)
        rules = work.profiles.get().pricing_rules
        after = priced(with_answers(ticket, estimate, answers, record.at), rules)
        after = work.tickets.save(
            after, record.entry(HistoryEvent.DECIDED, to=_describe(estimate, answers))
        )
        self._move_work(work, ticket, estimate, answers, record)
        answered = estimate.with_answers(tuple(answers), record.at)
        if answered is not estimate:
            work.estimates.save(answered)
        decision = evolve(
            _decision(work, after, record),
            kind=DecisionKind.ESTIMATE,
            estimate=int(estimate.number),
            answers=tuple(_amounts(estimate, answers)),
        )
        return work.decisions.add(decision.digested())

    def take_limit(
        self, work: Work, ticket: Ticket, amount: Money, record: ConsentRecord
    ) -> Decision:
        """Return the new decision: the customer need not be asked up to *amount*."""
        if ticket.status is not Status.COMPLETED:
            ticket.require_changeable()
        elif (invoice_id := work.balances.of(ticket.id).invoice_id) is not None:
            raise AlreadyInvoiced(invoice_id=invoice_id)
        before = work.decisions.limit(ticket.id)
        entry = record.entry(
            HistoryEvent.LIMITED,
            None if before is None else money_to_decimal(before),
            money_to_decimal(amount),
        )
        after = work.tickets.save(evolve(ticket, updated_at=record.at), entry)
        decision = evolve(_decision(work, after, record), kind=DecisionKind.LIMIT, amount=amount)
        return work.decisions.add(decision.digested())

    def _move_work(
        self,
        work: Work,
        ticket: Ticket,
        estimate: Estimate,
        answers: Answers,
        record: ConsentRecord,
    ) -> None:
        """Note what is accepted, and make recommendations of what is declined on *ticket*.

        Recommendations are locked by id, as another ticket may have them in another order.
        """
        gone = set()
        for job in sorted(ticket.jobs, key=lambda job: job.recommendation_id or 0):
            answer = answers.get(job.id)
            if answer is Answer.AUTHORIZED:
                accept(work, job, record.at)
            elif answer is Answer.DECLINED:
                recommend(work, ticket, job, estimate, record.at)
                gone.add(job.id)
        lines = [(line, line.quantity) for line in ticket.parts if line.job_id in gone]
        self.stock.move(work, record.actor, record.at, ticket, Kind.RELEASE, lines)


def with_answers(ticket: Ticket, estimate: Estimate, answers: Answers, at: datetime) -> Ticket:
    """Return *ticket* with jobs authorized, and without those that are declined and their lines.

    A job that is no longer as it was estimated is marked as changed since.
    """
    gone = {job_id for job_id, answer in answers.items() if answer is Answer.DECLINED}
    jobs = [
        _authorized(ticket, job, estimate) if job.id in answers else job
        for job in ticket.jobs
        if job.id not in gone
    ]
    return evolve(
        ticket,
        jobs=tuple(jobs),
        parts=tuple(line for line in ticket.parts if line.job_id not in gone),
        labor=tuple(line for line in ticket.labor if line.job_id not in gone),
        charges=tuple(line for line in ticket.charges if line.job_id not in gone),
        updated_at=at,
    )


def _authorized(ticket: Ticket, job: Job, estimate: Estimate) -> Job:
    estimated = estimate.job(job.id)
    return evolve(
        job,
        status=JobStatus.AUTHORIZED,
        authorized_in=int(estimate.number),
        changed_since_authorized=estimated is None or not is_as_shown(ticket, estimated),
    )


def _require_untouched(work: Work, ticket: Ticket, declined: Iterable[Job]) -> None:
    """Raise `WorkStarted` where an authorized job is declined, and work was ever started."""
    taken_back = any(job.status is JobStatus.AUTHORIZED for job in declined)
    if not taken_back or ticket.status is INITIAL_STATUS:
        return
    if ticket.status is Status.IN_PROGRESS or work.histories.started(ticket.id):
        raise WorkStarted


def _decision(work: Work, ticket: Ticket, record: ConsentRecord) -> Decision:
    """Return the next decision of *ticket* as it is after it, but for what was decided."""
    last, actor = work.decisions.last(ticket.id), record.actor
    return Decision(
        ticket_id=ticket.id,
        kind=DecisionKind.LIMIT,
        authorized_total=authorized_on(work, ticket),
        person=record.person,
        channel=record.channel,
        contact=record.contact,
        note=record.note,
        at=record.at,
        by=By(role=actor.role, id=actor.id) if actor.role else None,
        previous=last.digest if last else None,
    )


def _amounts(estimate: Estimate, answers: Answers) -> Iterable[JobAnswer]:
    """Yield each answer with what its job comes to, in the order of the estimate."""
    for job in estimate.jobs:
        if answer := answers.get(job.id):
            yield JobAnswer(job_id=job.id, answer=answer, amount=job.totals.total)


def _describe(estimate: Estimate, answers: Answers) -> str:
    texts = [f"{answer.value} job {job_id}" for job_id, answer in sorted(answers.items())]
    return f"estimate {estimate.number}: {', '.join(texts)}"
