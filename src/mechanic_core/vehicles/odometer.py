"""Odometer readings, the entries of each vehicle's append-only log."""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar, NewType, Self

from attrs import evolve, frozen

from mechanic_core.access import STAFF, Actor, By
from mechanic_core.customers.customer import CustomerId
from mechanic_core.errors import Conflict
from mechanic_core.rules import Description, Example, Unpublished, checked
from mechanic_core.values import Note
from mechanic_core.vehicles.vehicle import Odometer, VehicleId

ReadingId = NewType("ReadingId", Annotated[int, Example(9)])

LastValue = Annotated[int, Example(148_200), Description("The last reading.")]
LastDay = Annotated[date, Example(date(2026, 3, 2)), Description("The day of the last reading.")]
ReadingTicket = Annotated[int | None, Example(15)]


class OdometerFell(Conflict):
    """The odometer reading is below the last one."""

    fact_types: ClassVar = {"last_value": LastValue, "last_on": LastDay}


class ReadingSource(StrEnum):
    """Where a reading was entered: with the vehicle, or on a service ticket."""

    VEHICLE = "vehicle"
    TICKET = "ticket"


@frozen(kw_only=True, field_transformer=checked)
class OwnersReading:
    """An odometer reading as the vehicle's owner sees it, with their own ticket only."""

    id: Annotated[ReadingId, Unpublished()] = ReadingId(0)
    value: Odometer
    on: date
    source: ReadingSource
    ticket_id: ReadingTicket = None


@frozen(kw_only=True, field_transformer=checked)
class OdometerReading:
    """An entry of a vehicle's odometer log, in the unit that the vehicle displays.

    *note* is written by the shop: which value a correction has corrected. *ticket_customer_id* is
    the customer of the ticket.
    """

    id: Annotated[ReadingId, Unpublished()] = ReadingId(0)  # until it is stored
    vehicle_id: Annotated[VehicleId, Unpublished()]
    value: Odometer
    on: date
    source: Annotated[ReadingSource, Example(ReadingSource.TICKET)]
    ticket_id: ReadingTicket = None
    ticket_customer_id: Annotated[CustomerId | None, Unpublished()] = None
    by: By
    note: Annotated[Note | None, Example(None)] = None

    @classmethod
    def of(
        cls,
        actor: Actor,
        on: date,
        vehicle_id: VehicleId,
        value: int,
        ticket_id: int | None = None,
    ) -> Self:
        """Return a new reading of *value* on a day, on a ticket or with the vehicle itself."""
        return cls(
            vehicle_id=vehicle_id,
            value=value,
            on=on,
            source=ReadingSource.VEHICLE if ticket_id is None else ReadingSource.TICKET,
            ticket_id=ticket_id,
            by=By(role=actor.role, id=actor.id),
        )

    def repeats(self, last: Self | None) -> bool:
        """Return whether *last* is the same reading, on the same ticket."""
        return last is not None and (last.value, last.ticket_id) == (self.value, self.ticket_id)

    def following(self, last: Self | None, *, correction: bool) -> Self:
        """Return the reading as it follows *last*.

        Raises `OdometerFell` if it is below *last* and no *correction*.
        """
        if last is None or self.value >= last.value:
            return self
        if not correction:
            insist = ': "odometer_correction": true enters a lower one'
            raise OdometerFell(
                f"the reading of {last.on} was {last.value}{insist if self.by.role in STAFF else ''}",
                last_value=last.value,
                last_on=last.on,
            )
        return evolve(self, note=f"correction of {last.value}")

    def view_for(self, actor: Actor) -> "OwnersReading | OdometerReading":
        """Return what *actor* may see: staff all, the owner neither names nor others' tickets."""
        if actor.is_staff:
            return self
        return OwnersReading(
            id=self.id,
            value=self.value,
            on=self.on,
            source=self.source,
            ticket_id=self.ticket_id if self.ticket_customer_id == actor.id else None,
        )
