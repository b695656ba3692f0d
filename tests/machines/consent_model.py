"""The model of what a customer has authorized on one ticket, written from section 12 of the contract.

It keeps jobs and lines in plain records, and asks the pricing function alone what they come to.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from attrs import define, evolve, field, frozen

from mechanic_core.money import WHOLE, Money, Quantity
from mechanic_core.pricing import price
from mechanic_core.pricing.discounts import Discount, TicketDiscount
from mechanic_core.pricing.line import LineKind, PricingLine
from mechanic_core.pricing.pricing_rules import PricingRules
from mechanic_core.profile.billing import NO_TOLERANCE, AuthorizationMode, Tolerance
from mechanic_core.tickets.workflow import EDITABLE_STATUSES, STATUS_CHANGES, Status

FREE: Final = Discount(percent=WHOLE)
ORDER: Final = {LineKind.PART: 0, LineKind.LABOR: 1, LineKind.FEE: 2}


@frozen
class ModelLine:
    """A line: its kind, the job that it is on, its quantity and price."""

    kind: LineKind
    job: int
    quantity: int
    unit_price: int


@define
class ModelJob:
    """A job, and the number of the estimate that it was authorized in."""

    warranty: bool
    recommendation: int | None = None
    authorized_in: int | None = None
    changed: bool = False


@define
class ModelEstimate:
    """The lines of each job as they were, and what became of the estimate."""

    jobs: Mapping[int, Sequence[PricingLine]]
    rules: PricingRules
    discounts: tuple[TicketDiscount, ...]
    answered: set[int] = field(factory=set)
    superseded: bool = False

    @property
    def status(self) -> str:
        """Its status; none of them has a last day."""
        if self.superseded:
            return "superseded"
        return "answered" if self.answered >= self.jobs.keys() else "open"


@define
class ConsentModel:
    """A ticket with its jobs, lines and estimates, and the rules of the shop."""

    mode: AuthorizationMode = AuthorizationMode.OFF
    tolerance: Tolerance = NO_TOLERANCE
    rules: PricingRules = field(factory=PricingRules)
    frozen: PricingRules | None = None
    discounts: tuple[TicketDiscount, ...] = ()
    status: Status = Status.OPEN
    started: bool = False
    limit: int | None = None
    jobs: dict[int, ModelJob] = field(factory=dict)
    lines: dict[tuple[LineKind, int], ModelLine] = field(factory=dict)
    estimates: list[ModelEstimate] = field(factory=list)

    @property
    def is_changeable(self) -> bool:
        """Whether the ticket is not finished."""
        return self.status in EDITABLE_STATUSES

    def lines_of(self, job: int) -> tuple[PricingLine, ...]:
        """Return the lines of a job as they are priced now."""
        discount = FREE if self.jobs[job].warranty else None
        keys = sorted(self.lines, key=lambda key: (ORDER[key[0]], key[1]))
        return tuple(
            PricingLine(
                id=key[1],
                job_id=job,
                kind=line.kind,
                quantity=Quantity(line.quantity),
                unit_price=Money(line.unit_price),
                discount=discount,
            )
            for key in keys
            if (line := self.lines[key]).job == job
        )

    @property
    def current(self) -> int:
        """What the whole ticket comes to."""
        lines = [line for job in self.jobs for line in self.lines_of(job)]
        return price(lines, self.frozen or self.rules, self.discounts).totals.total

    @property
    def authorized(self) -> int:
        """What the authorized jobs come to as they were shown, in one document."""
        shown = {
            job: one.authorized_in
            for job, one in self.jobs.items()
            if one.authorized_in is not None
        }
        if not shown:
            return 0
        lines = [
            line for job, number in shown.items() for line in self.estimates[number - 1].jobs[job]
        ]
        lines.sort(key=lambda line: (ORDER[line.kind], line.id or 0, line.job_id or 0))
        renamed = [evolve(line, id=number) for number, line in enumerate(lines, start=1)]
        newest = self.estimates[max(shown.values()) - 1]
        return price(renamed, newest.rules, newest.discounts).totals.total

    @property
    def ceiling(self) -> int:
        """The most that the ticket may come to."""
        authorized = self.authorized
        exact = Decimal(authorized) * self.tolerance.percent / WHOLE
        more = max(int(exact.quantize(Decimal(1), ROUND_HALF_UP)), self.tolerance.amount)
        if self.tolerance.most is not None:
            more = min(more, self.tolerance.most)
        if not any(one.authorized_in for one in self.jobs.values()):
            more = 0
        return max([authorized + more] + ([] if self.limit is None else [self.limit]))

    @property
    def undecided(self) -> list[int]:
        """The jobs that need an answer still."""
        return [
            job for job, one in self.jobs.items() if not one.warranty and one.authorized_in is None
        ]

    @property
    def changed(self) -> list[int]:
        """The jobs that are not as they were authorized."""
        return [job for job, one in self.jobs.items() if not one.warranty and one.changed]

    def blockers(self, to: Status) -> list[str]:
        """Return what blocks a transition; somebody is always there to do the work."""
        if (self.status, to) not in STATUS_CHANGES:
            return ["no-such-transition"]
        if self.mode is AuthorizationMode.OFF:
            return []
        if to is Status.IN_PROGRESS and self.status is not Status.COMPLETED:
            agreed = self.limit or any(one.authorized_in for one in self.jobs.values())
            free = self.jobs and all(one.warranty for one in self.jobs.values())
            return [] if agreed or free else ["not-authorized"]
        if to is not Status.COMPLETED:
            return []
        within = self.limit is not None and self.current <= self.limit
        found = {
            "undecided-jobs": self.undecided and not within,
            "over-authorized": self.current > self.ceiling,
            "changed-since-authorized": self.mode is AuthorizationMode.STRICT and self.changed,
        }
        return [code for code, holds in found.items() if holds]

    def edit(self, jobs: Iterable[int], lines: Mapping[tuple[LineKind, int], ModelLine]) -> None:
        """Take over other *lines*; authorized ones of *jobs* that differ then have changed."""
        before = {job: self.lines_of(job) for job in jobs}
        self.lines = dict(lines)
        self.mark(before)

    def mark(self, before: Mapping[int, Sequence[PricingLine]]) -> None:
        """Mark the authorized jobs whose lines are no longer as *before*."""
        for job, lines in before.items():
            one = self.jobs[job]
            if one.authorized_in is not None and lines != self.lines_of(job):
                one.changed = True

    def estimate(self, jobs: Sequence[int]) -> None:
        """Make an estimate of some jobs."""
        for former in self.estimates:
            former.superseded |= not former.jobs.keys().isdisjoint(jobs)
        shown = {job: self.lines_of(job) for job in self.jobs if job in jobs}
        self.estimates.append(ModelEstimate(shown, self.rules, self.discounts))

    def decide(self, number: int, authorized: Iterable[int], declined: Iterable[int]) -> None:
        """Take the answers for jobs of an estimate."""
        estimate = self.estimates[number - 1]
        for job in authorized:
            self.jobs[job].changed = estimate.jobs[job] != self.lines_of(job)
            self.jobs[job].authorized_in = number
            estimate.answered.add(job)
        for job in declined:
            del self.jobs[job]
            self.lines = {key: line for key, line in self.lines.items() if line.job != job}
            estimate.answered.add(job)

    def move(self, to: Status) -> None:
        """Change the status."""
        self.status = to
        self.started |= to is Status.IN_PROGRESS
        self.frozen = None if self.is_changeable else (self.frozen or self.rules)
