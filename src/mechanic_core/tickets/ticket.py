"""The service ticket (repair order) record: the work on one vehicle."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Final, NewType, Self

from attrs import evolve, frozen

from mechanic_core.customers.customer import CustomerId
from mechanic_core.errors import NotFound, ProblemCollector, Stale, Unknown, WrongState
from mechanic_core.events.event import EventType, SubjectKind
from mechanic_core.pricing.bounds import MAX_DISCOUNTS, MAX_LINES
from mechanic_core.pricing.discounts import TicketDiscount
from mechanic_core.pricing.document import Totals
from mechanic_core.pricing.pricing_rules import PricingRules
from mechanic_core.rules import Example, Length, Unpublished, computed, stored
from mechanic_core.tickets.assigned_mechanic import (
    AssignedMechanic,
    MechanicHasLabor,
    edited,
    require_assigned,
)
from mechanic_core.tickets.bounds import MAX_ENTRIES, MAX_JOBS, TooMany
from mechanic_core.tickets.guards import ORDINARY, Blocker, Circumstances
from mechanic_core.tickets.job import NO_TOTALS, Job, JobHasLines, JobId, JobNotFound
from mechanic_core.tickets.lines.charge import ChargeLine
from mechanic_core.tickets.lines.labor_line import LaborLine
from mechanic_core.tickets.lines.line import LineId, TicketLine
from mechanic_core.tickets.lines.part_line import PartLine
from mechanic_core.tickets.lines.rows import Line, find_line, put, put_line, without_line
from mechanic_core.tickets.ticket_vehicle import TicketVehicle
from mechanic_core.tickets.work import jobs_after_change
from mechanic_core.tickets.workflow import (
    EDITABLE_STATUSES,
    INITIAL_STATUS,
    STATUS_CHANGES,
    Status,
    StatusChange,
    TransitionBlocked,
    no_such_transition,
)
from mechanic_core.values import Text, Version
from mechanic_core.vehicles.vin import Vin

TicketId = NewType("TicketId", Annotated[int, Example(15)])

_FIELDS: Final[Mapping[type[TicketLine], str]] = {
    PartLine: "parts",
    LaborLine: "labor",
    ChargeLine: "charges",
}


class TicketNotFound(NotFound):
    """No such service ticket."""


class TicketChanged(Stale):
    """The service ticket has changed since you read it."""


class TicketFrozen(WrongState):
    """The ticket can no longer be changed."""

    fact_types: ClassVar = {"current_state": Annotated[Status, Example(Status.COMPLETED)]}


class TicketStarted(WrongState):
    """Only a ticket without lines, estimates and payments that was never started can be deleted."""

    fact_types: ClassVar = {"current_state": Annotated[Status, Example(Status.IN_PROGRESS)]}

    def __init__(self, status: Status) -> None:
        """Suggest to cancel the ticket, where its *status* allows it."""
        suggestion = ": cancel it" if status in EDITABLE_STATUSES else ""
        super().__init__(f"{self.title()}{suggestion}", current_state=status.value)


@frozen(kw_only=True, field_transformer=stored)
class Ticket:
    """The work on one vehicle, from the complaint to the return of the keys."""

    subject_kind: ClassVar = SubjectKind.TICKET

    id: TicketId
    customer_id: CustomerId
    vehicle: TicketVehicle | None = None
    service_date: date
    description: Text
    status: Annotated[Status, Example(Status.IN_PROGRESS)] = INITIAL_STATUS
    mechanics: tuple[AssignedMechanic, ...] = ()
    jobs: Annotated[tuple[Job, ...], Length(0, MAX_JOBS)] = ()
    parts: Annotated[tuple[PartLine, ...], Length(0, MAX_LINES)] = ()
    labor: Annotated[tuple[LaborLine, ...], Length(0, MAX_LINES)] = ()
    charges: Annotated[tuple[ChargeLine, ...], Length(0, MAX_LINES)] = ()
    discounts: Annotated[tuple[TicketDiscount, ...], Length(0, MAX_DISCOUNTS)] = ()
    totals: Totals = NO_TOTALS
    rules: Annotated[PricingRules | None, Unpublished()] = None
    created_at: datetime
    updated_at: datetime
    removed_at: Annotated[datetime | None, Unpublished()] = None
    version: Version = 1

    def event_type(self, before: Self | None) -> EventType:
        """Return what happened since *before*; None for a new ticket."""
        if before is None:
            return EventType.TICKET_CREATED
        if self.removed_at:
            return EventType.TICKET_DELETED
        change = STATUS_CHANGES.get((before.status, self.status))
        return change.event if change else EventType.TICKET_CHANGED

    @computed
    def vin(self) -> Vin | None:
        """The vehicle's VIN."""
        return self.vehicle.vin if self.vehicle else None

    def require_version(self, expected: int | None) -> None:
        """Raise `TicketChanged` unless *expected* is None or the present version."""
        if expected not in (None, self.version):
            raise TicketChanged

    def require_changeable(self) -> None:
        """Raise `TicketFrozen` unless the status allows changes.

        Raises `TooMany` for a full history. Each change adds an entry to it and one to the version.
        """
        if self.status not in EDITABLE_STATUSES:
            raise TicketFrozen(
                f"the ticket is {self.status.value}", current_state=self.status.value
            )
        if self.version >= MAX_ENTRIES:
            raise TooMany(MAX_ENTRIES, "history entries of the ticket")

    def with_details(
        self, description: str, service_date: date, vehicle: TicketVehicle | None, at: datetime
    ) -> Self:
        """Return the ticket with these details; itself if nothing changes."""
        self.require_changeable()
        after = evolve(self, description=description, service_date=service_date, vehicle=vehicle)
        return self if after == self else evolve(after, updated_at=at)

    def with_customer(self, customer_id: CustomerId, at: datetime) -> Self:
        """Return the ticket as another customer's; the vehicle on it stays. Itself if it is so."""
        self.require_changeable()
        if customer_id == self.customer_id:
            return self
        return evolve(self, customer_id=customer_id, updated_at=at)

    def with_mechanics(
        self, add: Iterable[AssignedMechanic], remove: Collection[int], at: datetime
    ) -> Self:
        """Return the ticket with mechanics added and removed, by id; itself if nothing changes.

        Raises `MechanicHasLabor` if one to remove has a labour line.
        """
        self.require_changeable()
        credited = {line.mechanic_id for line in self.labor}.intersection(remove)
        if leaving := [m.id for m in self.mechanics if m.id in credited]:
            raise MechanicHasLabor(mechanic_ids=leaving)
        mechanics = edited(self.mechanics, add, remove)
        if mechanics == self.mechanics:
            return self
        return evolve(self, mechanics=mechanics, updated_at=at)

    def line(self, of: type[Line], line_id: LineId) -> Line:
        """Return one line of a kind with the ticket's version, or raise `LineNotFound`."""
        return evolve(find_line(self._lines(of), line_id), version=self.version)

    def job(self, job_id: JobId) -> Job:
        """Return one job with the ticket's version, or raise `JobNotFound`."""
        for job in self.jobs:
            if job.id == job_id:
                return evolve(job, version=self.version)
        raise JobNotFound

    def with_line(self, line: Line, at: datetime) -> Self:
        """Return the ticket with *line* added, or replaced if its id is already there.

        Without a job it goes to the first, which is made if there is none. Raises `Unknown` for a
        job that the ticket does not have, and `RuleBroken` for a line whose values do not go
        together, or whose mechanic is not assigned and active, and was not on it before.
        """
        self.require_changeable()
        problems = ProblemCollector()
        with problems:
            self._require_mechanic(line)
        with problems:
            self.require_job(line.job_id)
        with problems:
            line.require_consistent()
        problems.raise_if_any()
        jobs = self.jobs or (Job.titled_by(self.description),)
        line = evolve(line, job_id=line.job_id or jobs[0].id)
        rows = put_line(self._lines(type(line)), line)
        return self._with_work(at, jobs=jobs, **{_FIELDS[type(line)]: rows})

    def without_line(self, line: Line, at: datetime) -> Self:
        """Return the ticket without *line*, or raise `LineNotFound`."""
        self.require_changeable()
        rows = without_line(self._lines(type(line)), line.id)
        return self._with_work(at, **{_FIELDS[type(line)]: rows})

    def with_job(self, job: Job, at: datetime) -> Self:
        """Return the ticket with *job* added, or replaced if its id is already there."""
        self.require_changeable()
        return self._with_work(at, jobs=put(self.jobs, job, MAX_JOBS, "jobs of the ticket"))

    def without_job(self, job_id: JobId, at: datetime) -> Self:
        """Return the ticket without that job; raise `JobHasLines`."""
        self.require_changeable()
        self.job(job_id)
        lines: tuple[TicketLine, ...] = (*self.parts, *self.labor, *self.charges)
        if count := sum(line.job_id == job_id for line in lines):
            raise JobHasLines(lines=count)
        return evolve(self, jobs=tuple(j for j in self.jobs if j.id != job_id), updated_at=at)

    def with_discounts(self, discounts: tuple[TicketDiscount, ...], at: datetime) -> Self:
        """Return the ticket with these discounts in place of its own; itself if they are those."""
        self.require_changeable()
        if discounts == self.discounts:
            return self
        return evolve(self, discounts=discounts, updated_at=at)

    def _with_work(self, at: datetime, **members: Any) -> Self:
        """Return the ticket with other jobs or lines; authorized jobs that change are marked."""
        after = evolve(self, **members, updated_at=at)
        return evolve(after, jobs=jobs_after_change(self, after))

    def _lines(self, of: type[Line]) -> tuple[Line, ...]:
        rows: tuple[Line, ...] = getattr(self, _FIELDS[of])
        return rows

    def _require_mechanic(self, line: TicketLine) -> None:
        if isinstance(line, LaborLine):
            before = {old.id: old.mechanic_id for old in self.labor}.get(line.id)
            require_assigned(self.mechanics, line.mechanic_id, before)

    def require_job(self, job_id: int | None) -> None:
        """Raise `Unknown` unless *job_id* is that of a job of the ticket; a line need have none."""
        if job_id and job_id not in {job.id for job in self.jobs}:
            raise Unknown("#/job_id")

    def blockers(self, to: Status, circumstances: Circumstances = ORDINARY) -> tuple[Blocker, ...]:
        """Return the blockers of a transition *to* another status; none if it is possible."""
        change = STATUS_CHANGES.get((self.status, to))
        if change is None:
            return (no_such_transition(self.status, to),)
        return change.blockers(self, circumstances)

    def transition_to(
        self, to: Status, at: datetime, circumstances: Circumstances = ORDINARY
    ) -> tuple[Self, StatusChange]:
        """Return the ticket in its new status, and the status change.

        Raises `TransitionBlocked` with the `blockers`, and `TooMany` for a full history: then the
        ticket can only be finished.
        """
        if self.version >= MAX_ENTRIES and to in EDITABLE_STATUSES:
            raise TooMany(MAX_ENTRIES, "history entries of the ticket")
        if blockers := self.blockers(to, circumstances):
            raise TransitionBlocked(self.status, blockers)
        return evolve(self, status=to, updated_at=at), STATUS_CHANGES[self.status, to]

    def mark_removed(self, at: datetime, *, started: bool) -> Self:
        """Return the ticket as removed; raise `TicketStarted` if it has lines or was started.

        The caller reads whether the ticket was ever *started*, or has documents.
        """
        if started or self.parts or self.labor or self.charges:
            raise TicketStarted(self.status)
        return evolve(self, removed_at=at, updated_at=at)
