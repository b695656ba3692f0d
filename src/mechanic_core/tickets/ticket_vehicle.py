"""The vehicle on a ticket."""

from typing import Annotated, Self

from attrs import frozen

from mechanic_core.rules import Example, stored
from mechanic_core.vehicles.vehicle import Vehicle, VehicleId
from mechanic_core.vehicles.vin import Vin


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
