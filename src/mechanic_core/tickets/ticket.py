"""A service ticket (repair order): a job on one vehicle, and the verbs that change it."""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Annotated, ClassVar, NewType, Self, TypeVar

from attrs import evolve, frozen

from mechanic_core.customers.customer import CustomerId
from mechanic_core.errors import NotFound, Stale, WrongState
from mechanic_core.mechanics.mechanic import MechanicId, MechanicName
from mechanic_core.money import Money
from mechanic_core.rules import Example, Length, Unpublished, checked, computed
from mechanic_core.tickets.line import LaborLine, LineId, LineNotFound, PartLine, Totals
from mechanic_core.tickets.workflow import (
    EDITABLE_STATUSES,
    INITIAL_STATUS,
    STATUS_CHANGES,
    UNWORKED_STATUSES,
    Blocker,
    Status,
    StatusChange,
    no_such_move,
)
from mechanic_core.values import Text, Version
from mechanic_core.vehicles.vehicle import Vehicle, VehicleId
from mechanic_core.vehicles.vin import Vin

TicketId = NewType("TicketId", Annotated[int, Example(15)])

Line = TypeVar("Line", PartLine, LaborLine)


class TicketNotFound(NotFound):
    """No such service ticket."""


class TicketChanged(Stale):
    """The service ticket has changed since you read it."""


class TicketFrozen(WrongState):
    """The ticket is past the point where it can be changed."""

    fact_types: ClassVar = {"current_state": Annotated[Status, Example(Status.COMPLETED)]}


class TransitionBlocked(WrongState):
    """The ticket can't go there from where it stands."""

    fact_types: ClassVar = {
        "current_state": Annotated[Status, Example(Status.OPEN)],
        "blockers": tuple[Blocker, ...],
    }


class TicketStarted(WrongState):
    """Only a ticket without lines that was never started can be deleted."""

    fact_types: ClassVar = {"current_state": Annotated[Status, Example(Status.IN_PROGRESS)]}

    def __init__(self, status: Status) -> None:
        """Tell what can be done with a ticket of that *status* instead, if anything."""
        instead = ": cancel it" if status in EDITABLE_STATUSES else ""
        super().__init__(f"{self.title()}{instead}", current_state=status.value)


@frozen(kw_only=True)
class AssignedMechanic:
    """Who works on the ticket."""

    id: MechanicId
    name: MechanicName


@frozen(kw_only=True)
class TicketVehicle:
    """As much of the vehicle as belongs on its ticket."""

    id: VehicleId
    vin: Vin | None = None
    plate: Annotated[str | None, Example("7ABC123")] = None
    make: Annotated[str | None, Example("Honda")] = None
    model: Annotated[str | None, Example("Accord")] = None
    year: Annotated[int | None, Example(2003)] = None

    @classmethod
    def of(cls, vehicle: Vehicle) -> Self:
        """Return the copy of *vehicle* that a ticket shows."""
        return cls(
            id=vehicle.id,
            vin=vehicle.vin,
            plate=vehicle.plate,
            make=vehicle.make,
            model=vehicle.model,
            year=vehicle.year,
        )


@frozen(kw_only=True, field_transformer=checked)
class Ticket:
    """A job on one vehicle, from the complaint to the keys handed back."""

    id: TicketId
    customer_id: CustomerId
    vehicle: TicketVehicle | None = None
    service_date: date
    description: Text
    status: Annotated[Status, Example(Status.IN_PROGRESS)] = INITIAL_STATUS
    mechanics: tuple[AssignedMechanic, ...] = ()
    parts: Annotated[tuple[PartLine, ...], Length(0, 200)] = ()
    labor: Annotated[tuple[LaborLine, ...], Length(0, 200)] = ()
    created_at: datetime
    updated_at: datetime
    removed_at: Annotated[datetime | None, Unpublished()] = None
    version: Version = 1

    @computed
    def vin(self) -> Vin | None:
        """The vehicle's VIN."""
        return self.vehicle.vin if self.vehicle else None

    @computed
    def totals(self) -> Totals:
        """What the work comes to: the sums of the lines' amounts, each rounded once."""
        parts = sum([line.amount for line in self.parts])
        labor = sum([line.amount for line in self.labor])
        return Totals(parts=Money(parts), labor=Money(labor), total=Money(parts + labor))

    def require_version(self, expected: int | None) -> None:
        """Refuse with `TicketChanged` when *expected* is another version."""
        if expected not in (None, self.version):
            raise TicketChanged

    def require_changeable(self) -> None:
        """Refuse with `TicketFrozen` from completion on."""
        if self.status not in EDITABLE_STATUSES:
            raise TicketFrozen(
                f"the ticket is {self.status.value}", current_state=self.status.value
            )

    def with_details(
        self, description: str, service_date: date, vehicle: TicketVehicle | None, at: datetime
    ) -> Self:
        """Return the ticket with another complaint, day or vehicle; itself if none is."""
        self.require_changeable()
        after = evolve(self, description=description, service_date=service_date, vehicle=vehicle)
        return self if after == self else evolve(after, updated_at=at)

    def with_mechanics(
        self, add: Iterable[AssignedMechanic], remove: Collection[int], at: datetime
    ) -> Self:
        """Return the ticket with other mechanics, by id; who is there already stays."""
        self.require_changeable()
        kept = {m.id: m for m in self.mechanics if m.id not in remove}
        kept |= {m.id: m for m in add if m.id not in kept}
        mechanics = tuple(kept[key] for key in sorted(kept))
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
        """Return the ticket with *line* added, or in the place of its former self."""
        self.require_changeable()
        return evolve(self, parts=_put(self.parts, line), updated_at=at)

    def without_part(self, line_id: LineId, at: datetime) -> Self:
        """Return the ticket without that part line."""
        self.require_changeable()
        return evolve(self, parts=_without(self.parts, line_id), updated_at=at)

    def with_labor(self, line: LaborLine, at: datetime) -> Self:
        """Return the ticket with *line* added, or in the place of its former self."""
        self.require_changeable()
        return evolve(self, labor=_put(self.labor, line), updated_at=at)

    def without_labor(self, line_id: LineId, at: datetime) -> Self:
        """Return the ticket without that labour line."""
        self.require_changeable()
        return evolve(self, labor=_without(self.labor, line_id), updated_at=at)

    def blockers(self, to: Status) -> tuple[Blocker, ...]:
        """Return what keeps the ticket from going *to*; nothing if it may."""
        move = STATUS_CHANGES.get((self.status, to))
        return move.blockers(self) if move else (no_such_move(self.status, to),)

    def transition_to(self, to: Status, at: datetime) -> tuple[Self, StatusChange]:
        """Return the ticket as it stands after the move, and the move.

        Raises `TransitionBlocked` with the `blockers`.
        """
        if blockers := self.blockers(to):
            raise TransitionBlocked(
                "; ".join(blocker.detail for blocker in blockers),
                current_state=self.status.value,
                blockers=[{"code": b.code, "detail": b.detail} for b in blockers],
            )
        return evolve(self, status=to, updated_at=at), STATUS_CHANGES[self.status, to]

    def mark_removed(self, at: datetime, *, started: bool) -> Self:
        """Return the ticket as written by mistake; raises `TicketStarted` once it is more.

        Of a cancelled ticket only its history knows whether it was *started*.
        """
        worked_on = started or not (
            self.status is INITIAL_STATUS or self.status in UNWORKED_STATUSES
        )
        if worked_on or self.parts or self.labor:
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
    return lines + (line,)  # noqa: RUF005 - unpacking loses the line's type


def _without(lines: tuple[Line, ...], line_id: LineId) -> tuple[Line, ...]:
    _line(lines, line_id)
    return tuple(line for line in lines if line.id != line_id)
