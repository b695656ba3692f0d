"""Add, change and remove the jobs of a ticket."""

from collections.abc import Callable
from typing import ClassVar, final

from attrs import frozen

from mechanic_core.access import STAFF_ONLY, Actor
from mechanic_core.errors import Problem, ProblemCollector, RuleBroken
from mechanic_core.inventory.part import InsufficientStock, Kind
from mechanic_core.recommendations.offers import offered_lines, recommendation_for
from mechanic_core.recommendations.recommendation import (
    PartArchived,
    Recommendation,
    RecommendationClosed,
)
from mechanic_core.tickets.bounds import TooMany
from mechanic_core.tickets.history import Entry, HistoryEvent
from mechanic_core.tickets.job import Job, JobDraft, JobForm, JobHasLines, JobId, JobNotFound
from mechanic_core.tickets.price import priced
from mechanic_core.tickets.stock import TicketStock
from mechanic_core.tickets.ticket import (
    Ticket,
    TicketChanged,
    TicketFrozen,
    TicketId,
    TicketNotFound,
)
from mechanic_core.unit_of_work import Begin, Work, retry_on_conflict
from mechanic_core.values import Clock


@final
@frozen
class AddJob:
    """Add a job to a ticket; from a recommendation with its lines, at today's prices."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (
        TicketNotFound,
        TicketFrozen,
        TooMany,
        RecommendationClosed,
        PartArchived,
        InsufficientStock,
        TicketChanged,
    )

    begin: Begin
    now: Clock
    stock: TicketStock

    @retry_on_conflict
    def __call__(
        self, actor: Actor, ticket_id: TicketId, form: JobDraft, expected: int | None = None
    ) -> Job:
        """Return the new job."""
        self.policy.admit(actor)
        at = self.now()
        with self.begin(actor) as work:
            ticket = work.tickets.lock(ticket_id)
            ticket.require_version(expected)
            job = Job(title=form.title, recommendation_id=form.recommendation_id).with_form(form)
            after = ticket.with_job(job, at)
            problems, declined = ProblemCollector(), None
            with problems:
                _require_earlier_job(work, ticket, job)
            with problems:
                if form.recommendation_id is not None:
                    declined = recommendation_for(work, ticket, form.recommendation_id)
            problems.raise_if_any()
            entry = Entry.of(actor, at, HistoryEvent.JOB_ADDED, to=_describe(job))
            if declined is None:
                ticket = work.tickets.save(after, entry)  # without lines it has no price
            else:
                ticket = self._offer(work, actor, after, declined, entry)
            return ticket.job(ticket.jobs[-1].id)

    def _offer(
        self, work: Work, actor: Actor, ticket: Ticket, declined: Recommendation, entry: Entry
    ) -> Ticket:
        """Return *ticket*, whose last job is new, as saved with the lines of *declined* work."""
        rules = work.profiles.get().pricing_rules
        lines = offered_lines(work, declined, rules)
        after = lines.put_on(ticket)
        saved = work.tickets.save(priced(after, rules), entry)
        new = [(line, line.quantity) for line in saved.parts[len(ticket.parts) :]]
        self.stock.move(work, actor, entry.at, saved, Kind.RESERVE, new)
        return saved


@final
@frozen
class ChangeJob:
    """Change a job; the lines of a warranty job cost nothing."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (TicketNotFound, JobNotFound, TicketFrozen, TooMany, TicketChanged)

    begin: Begin
    now: Clock

    @retry_on_conflict
    def __call__(
        self,
        actor: Actor,
        ticket_id: TicketId,
        job_id: JobId,
        change: Callable[[JobForm], JobForm],
        expected: int | None = None,
    ) -> Job:
        """Apply *change* to the present form and return the changed job."""
        self.policy.admit(actor)
        at = self.now()
        with self.begin(actor) as work:
            ticket = work.tickets.lock(ticket_id)
            ticket.require_version(expected)
            before = ticket.job(job_id)
            ticket.require_changeable()
            job = before.with_form(change(before.form))
            if job == before:
                return before
            if job.comes_back_from != before.comes_back_from:
                _require_earlier_job(work, ticket, job)
            texts = _describe(before), _describe(job)
            entry = Entry.of(actor, at, HistoryEvent.JOB_CHANGED, *texts)
            rules = work.profiles.get().pricing_rules
            after = priced(ticket.with_job(job, at), rules)
            return work.tickets.save(after, entry).job(job_id)


@final
@frozen
class RemoveJob:
    """Remove a job without lines from a ticket."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (
        TicketNotFound,
        JobNotFound,
        JobHasLines,
        TicketFrozen,
        TooMany,
        TicketChanged,
    )

    begin: Begin
    now: Clock

    @retry_on_conflict
    def __call__(
        self, actor: Actor, ticket_id: TicketId, job_id: JobId, expected: int | None = None
    ) -> None:
        """Remove the job."""
        self.policy.admit(actor)
        at = self.now()
        with self.begin(actor) as work:
            ticket = work.tickets.lock(ticket_id)
            ticket.require_version(expected)
            job = ticket.job(job_id)
            after = ticket.without_job(job_id, at)
            for estimate in work.estimates.standing(ticket_id):
                if job_id in estimate.unanswered:
                    work.estimates.save(estimate.supersede(at))
            work.tickets.save(after, Entry.of(actor, at, HistoryEvent.JOB_REMOVED, _describe(job)))


def _require_earlier_job(work: Work, ticket: Ticket, job: Job) -> None:
    """Raise `RuleBroken` if *job* comes back from one that is later, or of another vehicle."""
    if job.comes_back_from is None:
        return
    is_earlier = not job.id or job.comes_back_from < job.id
    vehicle_id = work.ticket_lists.vehicle_of_job(job.comes_back_from)
    if not (is_earlier and ticket.vehicle and ticket.vehicle.id == vehicle_id):
        raise RuleBroken(Problem("#/comes_back_from", "must be an earlier job of the same vehicle"))


def _describe(job: Job) -> str:
    text = f"{job.kind}: {job.title}"
    if job.recommendation_id:
        text = f"{text}, recommendation {job.recommendation_id}"
    return f"{text}, comes back from job {job.comes_back_from}" if job.comes_back_from else text
