"""The estimate record: what some jobs of a ticket come to, frozen as the customer gets to see it."""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Final, NewType, Self, TypeVar

from attrs import evolve, fields, frozen

from mechanic_core.access import By
from mechanic_core.customers.customer import CustomerDetails, CustomerId
from mechanic_core.digests import Digested
from mechanic_core.errors import (
    Conflict,
    NotFound,
    Problem,
    ProblemCollector,
    RuleBroken,
    Unknown,
    WrongState,
)
from mechanic_core.events.event import ESTIMATES_OF_A_TICKET, EventType, SubjectKind
from mechanic_core.money import Money
from mechanic_core.pricing.discounts import Discount, TicketDiscount
from mechanic_core.pricing.document import AuthorityTax, PricedLine, Totals
from mechanic_core.pricing.line import PricingLine
from mechanic_core.pricing.pricing_rules import PricingRules, SuppliesFee
from mechanic_core.profile.profile import ProfileValues
from mechanic_core.rules import Description, Example, Length, Unpublished, checked, computed
from mechanic_core.tickets.bounds import MAX_JOBS
from mechanic_core.tickets.job import JobId, JobKind, JobTitle
from mechanic_core.tickets.ticket import TicketId
from mechanic_core.tickets.ticket_vehicle import TicketVehicle
from mechanic_core.validators import unchecked
from mechanic_core.values import IdNumber, Note, Version

MAX_ESTIMATES: Final = ESTIMATES_OF_A_TICKET - 1
"""How many estimates a ticket may have."""

EstimateNumber = NewType(
    "EstimateNumber",
    Annotated[
        int, Example(2), Description("Its number among the estimates of the ticket, from 1.")
    ],
)


class EstimateNotFound(NotFound):
    """No such estimate of this ticket."""


class NothingToEstimate(Conflict):
    """No job of the ticket needs an answer."""


class EstimateSuperseded(WrongState):
    """A newer estimate has taken the place of this one."""


class EstimateExpired(WrongState):
    """The estimate was valid until a day that is over."""


class EstimateAnswered(WrongState):
    """Every job of the estimate has an answer."""


class EstimateStatus(StrEnum):
    """What has become of an estimate; where several hold, the first of these but `open`.

    `superseded`: a newer one holds one of its jobs, one was removed before it was answered, or the
    ticket was found to be another customer's.
    `answered`: each of its jobs has an answer. `expired`: the last day of its validity is over.
    """

    SUPERSEDED = "superseded"
    ANSWERED = "answered"
    EXPIRED = "expired"
    OPEN = "open"


@frozen(kw_only=True, field_transformer=checked)
class EstimateForm:
    """Which jobs to estimate, until when it is valid, and a note for the customer."""

    job_ids: Annotated[
        Annotated[tuple[IdNumber, ...], Length(1, MAX_JOBS)] | None,
        Description("Without them: the jobs that are proposed, or changed since authorized."),
        Example((7,)),
    ] = None
    valid_until: Annotated[
        date | None,
        Description("The last day on which it can be answered, in the time zone of the shop."),
        Example(date(2026, 4, 30)),
    ] = None
    note: Note | None = None

    def __attrs_post_init__(self) -> None:
        """Check that no job is named twice."""
        ids = self.job_ids or ()
        twice = [index for index, one in enumerate(ids) if one in ids[:index]]
        if twice:
            raise RuleBroken(*(Problem(f"#/job_ids/{one}", "is named twice") for one in twice))

    def require_valid(self, today: date, jobs: Collection[JobId]) -> None:
        """Raise `RuleBroken` for a last day that is over, or `Unknown` for others than *jobs*."""
        problems = ProblemCollector()
        with problems:
            unknown = [n for n, one in enumerate(self.job_ids or ()) if one not in jobs]
            if unknown:
                raise Unknown(*(f"#/job_ids/{n}" for n in unknown))
        with problems:
            if self.valid_until is not None and self.valid_until < today:
                raise RuleBroken(Problem("#/valid_until", f"must not be before today, {today}"))
        problems.raise_if_any()


L = TypeVar("L", bound=PricedLine)


def _copied(cls: type[L], priced: PricedLine, **more: object) -> L:
    """Return a line of *cls* with the figures of *priced*, and *more*."""
    figures = {one.name: getattr(priced, one.name) for one in fields(PricedLine)}
    return unchecked(cls, **figures, **more)


@frozen(kw_only=True)
class EstimatedLine(PricedLine):
    """A line of an estimate. Its *discount* has all discounts, *line_discount* is its own."""

    line_discount: Discount | None = None

    @classmethod
    def of(cls, priced: PricedLine, line: PricingLine) -> Self:
        """Return *priced*, the price of *line*."""
        return _copied(cls, priced, line_discount=line.discount)

    @property
    def to_price(self) -> PricingLine:
        """The line as it was priced."""
        return self.pricing_line(self.id)

    def pricing_line(self, line_id: int | None) -> PricingLine:
        """Return the line as it was priced, with another id or none."""
        return unchecked(
            PricingLine,
            id=line_id,
            job_id=self.job_id,
            kind=self.kind,
            description=self.description,
            quantity=self.quantity,
            unit_price=self.unit_price,
            tax_class=self.tax_class,
            discount=self.line_discount,
        )


@frozen(kw_only=True)
class EstimatedSupplies(PricedLine):
    """The fee for shop supplies, and the rule that it follows."""

    rule: SuppliesFee

    @classmethod
    def of(cls, priced: PricedLine, rule: SuppliesFee) -> Self:
        """Return *priced*, the fee under *rule*."""
        return _copied(cls, priced, rule=rule)


@frozen(kw_only=True)
class EstimatedJob:
    """A job as it was estimated, and the sums of its lines."""

    id: JobId
    title: JobTitle
    kind: JobKind
    lines: tuple[EstimatedLine, ...]
    totals: Totals


@frozen(kw_only=True)
class Estimate(Digested):
    """A priced copy of some jobs of a ticket. Nothing of it ever changes but its *status*.

    *revised_total* is what the whole ticket came to. *answered* are the jobs that have an answer.
    """

    subject_kind: ClassVar = SubjectKind.ESTIMATE
    not_digested: ClassVar = frozenset({"digest", "status"})

    ticket_id: TicketId
    number: EstimateNumber
    jobs: tuple[EstimatedJob, ...]
    supplies: EstimatedSupplies | None
    discounts: tuple[TicketDiscount, ...]
    tax: tuple[AuthorityTax, ...]
    totals: Totals
    revised_total: Annotated[Money, Example(948.75)]
    profile: Annotated[ProfileValues, Description("The shop's profile as it was.")]
    valid_until: Annotated[date | None, Example(date(2026, 4, 30))]
    note: Note | None
    created_at: datetime
    by: By
    # For whom and for which vehicle it was made, as they were: its paper and its link show them.
    # None is a customer who had been erased; the id becomes another when two records are merged.
    customer_id: Annotated[CustomerId, Unpublished()]
    customer: Annotated[CustomerDetails | None, Unpublished()]
    vehicle: Annotated[TicketVehicle | None, Unpublished()]
    digest: Annotated[
        str, Example("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")
    ] = ""
    answered: Annotated[tuple[JobId, ...], Unpublished()] = ()
    superseded_at: Annotated[datetime | None, Unpublished()] = None
    today: Annotated[date | None, Unpublished()] = None
    updated_at: Annotated[datetime, Unpublished()]
    version: Version = 1

    @computed
    def status(self) -> Annotated[EstimateStatus, Example(EstimateStatus.OPEN)]:
        """What has become of the estimate."""
        if self.superseded_at is not None:
            return EstimateStatus.SUPERSEDED
        if not self.unanswered:
            return EstimateStatus.ANSWERED
        if self.valid_until and self.today and self.valid_until < self.today:
            return EstimateStatus.EXPIRED
        return EstimateStatus.OPEN

    @property
    def id(self) -> int:
        """The number of the estimate among those of all tickets."""
        return self.ticket_id * ESTIMATES_OF_A_TICKET + self.number

    @property
    def pricing_rules(self) -> PricingRules:
        """The rules of prices as they were."""
        return self.profile.pricing_rules

    @property
    def unanswered(self) -> tuple[JobId, ...]:
        """The jobs that have no answer yet."""
        return tuple(job.id for job in self.jobs if job.id not in self.answered)

    def holds_any(self, job_ids: Iterable[JobId]) -> bool:
        """Return whether one of these jobs is in the estimate."""
        return not {job.id for job in self.jobs}.isdisjoint(job_ids)

    def job(self, job_id: JobId) -> EstimatedJob | None:
        """Return the job with that id, or None."""
        return next((job for job in self.jobs if job.id == job_id), None)

    def event_type(self, before: Self | None) -> EventType:
        """Return what happened since *before*; None for a new estimate."""
        return EventType.ESTIMATE_CREATED if before is None else EventType.ESTIMATE_CHANGED

    def as_of(self, today: date) -> Self:
        """Return the estimate as it stands on a day in the shop."""
        return evolve(self, today=today)

    def require_answerable(self) -> None:
        """Raise `EstimateSuperseded` or `EstimateExpired`."""
        if self.status is EstimateStatus.SUPERSEDED:
            raise EstimateSuperseded
        if self.status is EstimateStatus.EXPIRED:
            raise EstimateExpired

    def with_answers(self, job_ids: tuple[JobId, ...], at: datetime) -> Self:
        """Return the estimate with some jobs answered; itself if they all are already."""
        new = [job.id for job in self.jobs if job.id in job_ids and job.id not in self.answered]
        if not new:
            return self
        return evolve(self, answered=(*self.answered, *new), updated_at=at)

    def supersede(self, at: datetime) -> Self:
        """Return the estimate as superseded."""
        return evolve(self, superseded_at=at, updated_at=at)
