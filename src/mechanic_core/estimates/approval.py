"""What a link to an estimate shows, and the form that answers it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

from attrs import frozen

from mechanic_core.errors import Problem, RuleBroken
from mechanic_core.estimates.approval_links import ApprovalClosed, ApprovalLink, LinkEnd
from mechanic_core.estimates.decision import Answer, Decision, JobAnswerForm
from mechanic_core.estimates.estimate import Estimate, EstimateStatus
from mechanic_core.rules import Length, checked
from mechanic_core.tickets.bounds import MAX_JOBS
from mechanic_core.tickets.job import JobId
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.tickets.workflow import EDITABLE_STATUSES
from mechanic_core.values import Name


@frozen(kw_only=True)
class Approval:
    """An estimate as its link shows it; with *decisions* it is the receipt for them."""

    estimate: Estimate
    expires_at: datetime
    decisions: tuple[Decision, ...]


@frozen(kw_only=True, field_transformer=checked)
class ApprovalForm:
    """The answers that a customer gives with a link, and their name as they have typed it."""

    answers: Annotated[tuple[JobAnswerForm, ...], Length(0, MAX_JOBS)] = ()
    name: Name | None = None

    def answers_for(
        self, unanswered: Sequence[JobId], before: Mapping[JobId, Answer]
    ) -> Mapping[JobId, Answer]:
        """Return the answers for the jobs that have none yet; *before* has those of the others.

        Raises `RuleBroken` that names every job without an answer or with another one than before,
        and a missing name.
        """
        given = {JobId(one.job_id): one.answer for one in self.answers}
        problems = [
            Problem(f"#/job-{job_id}", "is required")
            for job_id in unanswered
            if job_id not in given
        ]
        problems += [
            Problem(f"#/job-{job_id}", f"was {answer} before")
            for job_id, answer in before.items()
            if given.get(job_id, answer) is not answer
        ]
        if self.name is None:
            problems.append(Problem("#/name", "is required"))
        if problems:
            raise RuleBroken(*problems)
        return {job_id: given[job_id] for job_id in unanswered}


def require_answerable(
    link: ApprovalLink, estimate: Estimate, ticket: Ticket, at: datetime
) -> None:
    """Raise `ApprovalClosed` unless *estimate* can be answered with *link* now."""
    if estimate.status is EstimateStatus.SUPERSEDED:
        raise ApprovalClosed(LinkEnd.SUPERSEDED)
    if link.used_at is not None or estimate.status is EstimateStatus.ANSWERED:
        raise ApprovalClosed(LinkEnd.ANSWERED)
    if link.expires_at <= at or estimate.status is EstimateStatus.EXPIRED:
        raise ApprovalClosed(LinkEnd.EXPIRED)
    if ticket.status not in EDITABLE_STATUSES:
        raise ApprovalClosed(LinkEnd.CLOSED)
