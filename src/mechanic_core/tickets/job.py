"""The jobs of a ticket: each is a part of the work that the customer may agree to by itself."""

from enum import StrEnum
from typing import Annotated, ClassVar, Final, NewType, Self

from attrs import evolve, field, frozen

from mechanic_core.errors import Conflict, NotFound
from mechanic_core.pricing.document import Totals
from mechanic_core.rules import Description, Example, Length, Unpublished, checked, stored
from mechanic_core.texts import ONE_LINE, trim
from mechanic_core.validators import unchecked
from mechanic_core.values import LINE, IdNumber, Version

JobId = NewType("JobId", Annotated[int, Example(7)])

NEW_JOB: Final = JobId(0)
"""The id of a job until it is stored; a ticket has at most one such job."""

TicketVersion = Version
"""The version of the ticket, on a job or line that is returned by itself: its change changes it.

It is 0 on the jobs and lines of a ticket record, and does not count when they are compared.
"""

MAX_TITLE: Final = 200

JobTitle = Annotated[str, LINE, Length(1, MAX_TITLE), ONE_LINE, Example("Front brakes")]

NO_TOTALS: Final = Totals.of(())
"""The totals where there are no lines."""


class JobNotFound(NotFound):
    """No such job on this ticket."""


class JobHasLines(Conflict):
    """A job with lines cannot be removed: remove them or move them to another job first."""

    fact_types: ClassVar = {"lines": Annotated[int, Example(3)]}


class JobKind(StrEnum):
    """What a job is for. The lines of a `warranty` job cost the customer nothing."""

    REPAIR = "repair"
    MAINTENANCE = "maintenance"
    DIAGNOSIS = "diagnosis"
    WARRANTY = "warranty"


class JobStatus(StrEnum):
    """Whether the customer has agreed to a job."""

    PROPOSED = "proposed"
    AUTHORIZED = "authorized"


@frozen(kw_only=True, field_transformer=checked)
class JobForm:
    """The details of a job. *comes_back_from* is the earlier job that has to be done again."""

    title: JobTitle
    kind: Annotated[JobKind, Example(JobKind.REPAIR)] = JobKind.REPAIR
    comes_back_from: Annotated[
        IdNumber | None, Description("An earlier job of the same vehicle."), Example(None)
    ] = None


@frozen(kw_only=True, field_transformer=checked)
class JobDraft(JobForm):
    """The details of a new job; with a *recommendation_id* it has the lines of declined work."""

    recommendation_id: Annotated[
        IdNumber | None,
        Description(
            "A recommendation for the vehicle: its lines are put on the ticket at today's prices."
        ),
        Example(None),
    ] = None


@frozen(kw_only=True, field_transformer=stored)
class Job:
    """A part of the work on a ticket, and the sums of its lines.

    *authorized_in* is the number of the estimate in which it was last authorized.
    """

    id: JobId = NEW_JOB
    title: JobTitle
    kind: JobKind = JobKind.REPAIR
    status: JobStatus = JobStatus.PROPOSED
    changed_since_authorized: Annotated[bool, Example(False)] = False
    comes_back_from: Annotated[JobId | None, Example(3)] = None
    authorized_in: Annotated[int | None, Unpublished()] = None
    recommendation_id: Annotated[int | None, Unpublished()] = None
    totals: Totals = NO_TOTALS
    version: TicketVersion = field(default=0, eq=False)

    @classmethod
    def titled_by(cls, description: str) -> Self:
        """Return a new job with the title that the *description* of a ticket gives it."""
        return cls(title=title_from(description))

    @property
    def form(self) -> JobForm:
        """The present values of the changeable fields."""
        return unchecked(
            JobForm, title=self.title, kind=self.kind, comes_back_from=self.comes_back_from
        )

    def with_form(self, form: JobForm) -> Self:
        """Return the job with the details of *form*."""
        earlier = None if form.comes_back_from is None else JobId(form.comes_back_from)
        return evolve(self, title=form.title, kind=form.kind, comes_back_from=earlier)


def title_from(description: str) -> str:
    """Return the first line of *description* that can be a title, cut to its greatest length."""
    lines = (trim(line.replace("\t", " "))[:MAX_TITLE] for line in description.splitlines())
    titles = (trim(line) for line in lines)
    return next((title for title in titles if not ONE_LINE.violation(title)), "Repair")
