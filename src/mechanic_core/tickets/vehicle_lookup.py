"""Find the vehicle of a ticket, or add it."""

from datetime import datetime
from typing import final

from attrs import frozen

from mechanic_core.customers.customer import CustomerId
from mechanic_core.errors import LostRace, Unknown
from mechanic_core.tickets.forms import TicketForm
from mechanic_core.tickets.ticket import Ticket, TicketVehicle
from mechanic_core.unit_of_work import Work
from mechanic_core.vehicles.vehicle import Vehicle, VehicleId, VehicleNotFound, VinTaken
from mechanic_core.vehicles.vin import require_check_digit


@final
@frozen
class VehicleLookup:
    """Finds the vehicle that a ticket form names, and adds one for a new VIN."""

    strict_vin: bool = False

    def find_or_add(
        self, work: Work, form: TicketForm, owner: CustomerId, at: datetime
    ) -> TicketVehicle | None:
        """Return the vehicle that *form* names, which must belong to *owner*; None if it names none.

        Raises `Unknown` for the id and `VinTaken` for the VIN of another customer's vehicle.
        """
        if form.vehicle_id:
            try:
                vehicle = work.vehicles.get(VehicleId(form.vehicle_id))
            except VehicleNotFound:
                raise Unknown("#/vehicle_id") from None
            if vehicle.customer_id != owner:
                raise Unknown("#/vehicle_id")
            return TicketVehicle.of(vehicle)
        if not form.vin:
            return None
        known = work.vehicle_lists.with_vin(form.vin)
        if known and known.customer_id != owner:
            raise VinTaken("this VIN belongs to a vehicle of another customer")
        return TicketVehicle.of(known or self._add(work, form.vin, owner, at))

    def copy_for(
        self, work: Work, ticket: Ticket, form: TicketForm, at: datetime
    ) -> TicketVehicle | None:
        """Return the vehicle that *form* sets on *ticket*, copied as it is now.

        The ticket's present vehicle stays as it was copied if another customer owns it by now.
        Raises as `find_or_add` does.
        """
        present = ticket.vehicle
        if present and (present.id == form.vehicle_id or (form.vin and present.vin == form.vin)):
            vehicle = work.vehicles.get(present.id)
            return (
                TicketVehicle.of(vehicle) if vehicle.customer_id == ticket.customer_id else present
            )
        return self.find_or_add(work, form, ticket.customer_id, at)

    def _add(self, work: Work, vin: str, owner: CustomerId, at: datetime) -> Vehicle:
        require_check_digit(vin, strict=self.strict_vin)
        new = Vehicle(id=VehicleId(0), customer_id=owner, vin=vin, created_at=at, updated_at=at)
        try:
            return work.vehicles.add(new)
        except VinTaken:
            raise LostRace from None
