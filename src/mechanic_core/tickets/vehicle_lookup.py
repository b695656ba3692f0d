"""Find the vehicle of a ticket, or add it."""

from datetime import datetime
from typing import final

from attrs import evolve, frozen

from mechanic_core.access import Actor
from mechanic_core.customers.customer import CustomerId
from mechanic_core.errors import LostRace, Unknown
from mechanic_core.tickets.forms import TicketForm
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.tickets.ticket_vehicle import TicketVehicle
from mechanic_core.unit_of_work import Work
from mechanic_core.vehicles.odometer import OdometerReading
from mechanic_core.vehicles.ownership import claim, enter_reading, lock_owner
from mechanic_core.vehicles.vehicle import (
    Vehicle,
    VehicleForm,
    VehicleId,
    VehicleNotFound,
    VinTaken,
)
from mechanic_core.vehicles.vin import require_check_digit


@final
@frozen
class VehicleLookup:
    """Finds the vehicle that a ticket form names, and adds one for a new VIN."""

    strict_vin: bool = False

    def known(self, work: Work, form: TicketForm) -> Vehicle | None:
        """Return the vehicle that *form* names, not yet locked; None for none or a new VIN.

        Raises `Unknown` for an id that does not exist.
        """
        if form.vehicle_id:
            try:
                return work.vehicles.get(VehicleId(form.vehicle_id))
            except VehicleNotFound:
                raise Unknown("#/vehicle_id") from None
        return work.vehicle_lists.with_vin(form.vin) if form.vin else None

    def take_in(  # noqa: PLR0913 - who brings which vehicle, as what, for whom, when
        self,
        work: Work,
        actor: Actor,
        known: Vehicle | None,
        form: TicketForm,
        owner: CustomerId,
        at: datetime,
    ) -> TicketVehicle | None:
        """Return the *known* vehicle, or the new one of *form*, as *owner* brings it; None for none.

        *owner* and a former owner are locked. Raises `Unknown` for the id and `VinTaken` for the VIN
        of another customer's vehicle, unless *form* transfers it.
        """
        if form.vehicle_id and known and not (known.customer_id == owner or form.transfer):
            raise Unknown("#/vehicle_id")
        if known is None:
            return TicketVehicle.of(self._add(work, form, owner, at)) if form.vin else None
        if known.customer_id == owner and form.odometer is None:
            return TicketVehicle.of(known)
        vehicle = claim(work, actor, known, owner, transfer=form.transfer)
        after = vehicle.with_owner(owner, VehicleForm(odometer=form.odometer), at)
        return TicketVehicle.of(vehicle if after is vehicle else work.vehicles.save(after))

    def copy_for(  # noqa: PLR0913 - as above; *named* is whether the change names the vehicle
        self,
        work: Work,
        actor: Actor,
        ticket: Ticket,
        form: TicketForm,
        at: datetime,
        *,
        named: bool,
    ) -> TicketVehicle | None:
        """Return the vehicle that *form* sets on *ticket*, copied as it is now.

        The ticket's present vehicle stays as it was copied, but for the odometer, unless it is
        *named* and still the customer's or transferred to them. Raises as `take_in` does.
        """
        present, owner = ticket.vehicle, ticket.customer_id
        known = self.known(work, form) if named else None
        if present and (present.id == form.vehicle_id or (form.vin and present.vin == form.vin)):
            is_theirs = known and (known.customer_id == owner or form.transfer)
            if not is_theirs:
                return _with_odometer(work, present, form.odometer, at)
        if known and known.customer_id != owner:
            lock_owner(work, actor, owner, known.customer_id if form.transfer else None)
        return self.take_in(work, actor, known, form, owner, at)

    def _add(self, work: Work, form: TicketForm, owner: CustomerId, at: datetime) -> Vehicle:
        require_check_digit(form.vin, strict=self.strict_vin and not form.vin_confirmed)
        new = Vehicle(
            id=VehicleId(0),
            customer_id=owner,
            vin=form.vin,
            odometer=form.odometer,
            created_at=at,
            updated_at=at,
        )
        try:
            return work.vehicles.add(new)
        except VinTaken:
            raise LostRace from None


def _with_odometer(
    work: Work, present: TicketVehicle, odometer: int | None, at: datetime
) -> TicketVehicle:
    if odometer is None:
        return present
    vehicle = work.vehicles.lock(present.id)
    after = vehicle.with_odometer(odometer, at)
    if after is not vehicle:
        work.vehicles.save(after)
    return evolve(present, odometer=odometer)


def enter_ticket_reading(
    work: Work, actor: Actor, ticket: Ticket, form: TicketForm, at: datetime
) -> None:
    """Add the odometer that *form* gives to the log of the vehicle of *ticket*, which is stored.

    Raises `OdometerFell`.
    """
    if form.odometer is not None and ticket.vehicle is not None:
        today = work.profiles.get().today(at)
        reading = OdometerReading.of(actor, today, ticket.vehicle.id, form.odometer, ticket.id)
        enter_reading(work, reading, correction=form.odometer_correction)
