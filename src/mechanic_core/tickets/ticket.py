"""The service ticket (repair order) record: a job on one vehicle."""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Annotated, ClassVar, Final, NewType, Self, TypeVar

from attrs import evolve, frozen

from mechanic_core.customers.customer import CustomerId
from mechanic_core.errors import Conflict, NotFound, Problem, RuleBroken, Stale, WrongState
from mechanic_core.events.event import EventType, SubjectKind
from mechanic_core.money import Money
from mechanic_core.rules import Example, Length, Unpublished, computed, stored
from mechanic_core.tickets.assigned_mechanic import AssignedMechanic, MechanicHasLabor
from mechanic_core.tickets.line import LaborLine, LineId, LineNotFound, PartLine, TicketTotals
from mechanic_core.tickets.workflow import (
    EDITABLE_STATUSES,
    INITIAL_STATUS,
    STATUS_CHANGES,
    Blocker,
    Status,
    StatusChange,
    no_such_transition,
)
from mechanic_core.values import Text, Version
from mechanic_core.vehicles.vehicle import Vehicle, VehicleId
from mechanic_core.vehicles.vin import Vin

TicketId = NewType("TicketId", Annotated[int, Example(15)])

Line = TypeVar("Line", PartLine, LaborLine)

MAX_LINES: Final = 200
"""How many part lines a ticket may have, and how many labour lines."""

MAX_ENTRIES: Final = 10_000
"""How many history entries a ticket may have before it can only be finished."""

MAX_UNFINISHED: Final = 500
"""How many unfinished tickets a customer may have."""


class TicketNotFound(NotFound):
    """No such service ticket."""


class TicketChanged(Stale):
    """The service ticket has changed since you read it."""


class TicketFrozen(WrongState):
    """The ticket can no longer be changed."""

    fact_types: ClassVar = {"current_state": Annotated[Status, Example(Status.COMPLETED)]}


class TooMany(Conflict):
    """A limit that no shop's work reaches does not allow another one."""

    fact_types: ClassVar = {"limit": Annotated[int, Example(MAX_LINES)]}

    def __init__(self, limit: int, of: str) -> None:
        """Name the things *of* which there are *limit* already."""
        super().__init__(f"{of}: at most {limit} are allowed", limit=limit)


class TransitionBlocked(WrongState):
    """The ticket cannot make this status transition."""

    fact_types: ClassVar = {
        "current_state": Annotated[Status, Example(Status.OPEN)],
        "blockers": tuple[Blocker, ...],
    }


class TicketStarted(WrongState):
    """Only a ticket without lines that was never started can be deleted."""

    fact_types: ClassVar = {"current_state": Annotated[Status, Example(Status.IN_PROGRESS)]}

    def __init__(self, status: Status) -> None:
        """Suggest to cancel the ticket, where its *status* allows it."""
        suggestion = ": cancel it" if status in EDITABLE_STATUSES else ""
        super().__init__(f"{self.title()}{suggestion}", current_state=status.value)


@frozen(kw_only=True, field_transformer=stored)
class TicketVehicle:
    """A copy of the vehicle as it was when it was last set on the ticket.

    A later change of the vehicle, such as a new owner's plate, never shows on the ticket.
    """

    id: VehicleId
    vin: Vin | None = None
    plate: Annotated[str | None, Example("7ABC123")] = None
    make: Annotated[str | None, Example("Honda")] = None
    model: Annotated[str | None, Example("Accord")] = None
    year: Annotated[int | None, Example(2003)] = None
    odometer: Annotated[int | None, Example(148_200)] = None

    @classmethod
    def of(cls, vehicle: Vehicle) -> Self:
        """Return a copy of *vehicle*."""
        return cls(
            id=vehicle.id,
            vin=vehicle.vin,
            plate=vehicle.plate,
            make=vehicle.make,
            model=vehicle.model,
            year=vehicle.year,
            odometer=vehicle.odometer,
        )


@frozen(kw_only=True, field_transformer=stored)
class Ticket:
    """A job on one vehicle, from the complaint to the return of the keys."""

    subject_kind: ClassVar = SubjectKind.TICKET

    id: TicketId
    customer_id: CustomerId
    vehicle: TicketVehicle | None = None
    service_date: date
    description: Text
    status: Annotated[Status, Example(Status.IN_PROGRESS)] = INITIAL_STATUS
    mechanics: tuple[AssignedMechanic, ...] = ()
    parts: Annotated[tuple[PartLine, ...], Length(0, MAX_LINES)] = ()
    labor: Annotated[tuple[LaborLine, ...], Length(0, MAX_LINES)] = ()
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

    @computed
    def totals(self) -> TicketTotals:
        """The sums of the lines' amounts, each of which is rounded once."""
        parts = sum([line.amount for line in self.parts])
        labor = sum([line.amount for line in self.labor])
        return TicketTotals(parts=Money(parts), labor=Money(labor), total=Money(parts + labor))

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
        by_id = {m.id: m for m in self.mechanics if m.id not in remove}
        by_id |= {m.id: m for m in add if m.id not in by_id}
        mechanics = tuple(by_id[key] for key in sorted(by_id))
        if mechanics == self.mechanics:
            return self
        return evolve(self, mechanics=mechanics, updated_at=at)

    def part_line(self, line_id: LineId) -> PartLine:
        """Return one part line with the ticket's version, or raise `LineNotFound`."""
        return evolve(_line(self.parts, line_id), version=self.version)

    def labor_line(self, line_id: LineId) -> LaborLine:
        """Return one labour line with the ticket's version, or raise `LineNotFound`."""
        return evolve(_line(self.labor, line_id), version=self.version)

    def with_part(self, line: PartLine, at: datetime) -> Self:
        """Return the ticket with *line* added, or replaced if its id is already there."""
        self.require_changeable()
        return evolve(self, parts=_put(self.parts, line), updated_at=at)

    def without_part(self, line_id: LineId, at: datetime) -> Self:
        """Return the ticket without that part line."""
        self.require_changeable()
        return evolve(self, parts=_without(self.parts, line_id), updated_at=at)

    def with_labor(self, line: LaborLine, at: datetime) -> Self:
        """Return the ticket with *line* added, or replaced if its id is already there.

        Raises `RuleBroken` unless its mechanic is active and assigned, or was on it before.
        """
        self.require_changeable()
        before = {old.id: old.mechanic_id for old in self.labor}.get(line.id)
        active = {one.id for one in self.mechanics if one.active}
        if line.mechanic_id not in {None, before, *active}:
            raise RuleBroken(
                Problem("#/mechanic_id", "must be an active mechanic who is assigned to the ticket")
            )
        return evolve(self, labor=_put(self.labor, line), updated_at=at)

    def without_labor(self, line_id: LineId, at: datetime) -> Self:
        """Return the ticket without that labour line."""
        self.require_changeable()
        return evolve(self, labor=_without(self.labor, line_id), updated_at=at)

    def blockers(self, to: Status) -> tuple[Blocker, ...]:
        """Return the blockers of a transition *to* another status; none if it is possible."""
        change = STATUS_CHANGES.get((self.status, to))
        return change.blockers(self) if change else (no_such_transition(self.status, to),)

    def transition_to(self, to: Status, at: datetime) -> tuple[Self, StatusChange]:
        """Return the ticket in its new status, and the status change.

        Raises `TransitionBlocked` with the `blockers`, and `TooMany` for a full history: then the
        ticket can only be finished.
        """
        if self.version >= MAX_ENTRIES and to in EDITABLE_STATUSES:
            raise TooMany(MAX_ENTRIES, "history entries of the ticket")
        if blockers := self.blockers(to):
            raise TransitionBlocked(
                "; ".join(blocker.detail for blocker in blockers),
                current_state=self.status.value,
                blockers=[{"code": b.code, "detail": b.detail} for b in blockers],
            )
        return evolve(self, status=to, updated_at=at), STATUS_CHANGES[self.status, to]

    def mark_removed(self, at: datetime, *, started: bool) -> Self:
        """Return the ticket as removed; raise `TicketStarted` if it has lines or was started.

        The caller reads from the history whether the ticket was ever *started*.
        """
        if started or self.parts or self.labor:
            raise TicketStarted(self.status)
        return evolve(self, removed_at=at, updated_at=at)


def _line(lines: tuple[Line, ...], line_id: LineId) -> Line:
    for line in lines:
        if line.id == line_id:
            return line
    raise LineNotFound


def _put(lines: tuple[Line, ...], line: Line) -> tuple[Line, ...]:
    line = evolve(line, version=0)  # among the ticket's lines it is the ticket that has one
    if line.id and any(old.id == line.id for old in lines):
        return tuple(line if old.id == line.id else old for old in lines)
    if len(lines) >= MAX_LINES:
        raise TooMany(MAX_LINES, "lines of this kind on the ticket")
    return lines + (line,)  # noqa: RUF005 - unpacking loses the line's type


def _without(lines: tuple[Line, ...], line_id: LineId) -> tuple[Line, ...]:
    _line(lines, line_id)
    return tuple(line for line in lines if line.id != line_id)
