"""What the core asks of whoever keeps the vehicles."""

from datetime import datetime
from typing import Protocol

from attrs import frozen

from mechanic_core.customers.customer import CustomerId
from mechanic_core.paging import Page, PageRequest
from mechanic_core.vehicles.vehicle import Vehicle, VehicleId


@frozen(kw_only=True)
class VehicleFilter:
    """Which vehicles are wanted: all that agree with what is given."""

    customer_id: int | None = None
    vin: str | None = None
    plate: str | None = None


class Vehicles(Protocol):
    """Every vehicle that the shop has seen."""

    def get(self, vehicle_id: VehicleId) -> Vehicle:
        """Return the vehicle, or raise `VehicleNotFound`."""
        ...

    def lock(self, vehicle_id: VehicleId) -> Vehicle:
        """Return the vehicle, kept from others' changes until the transaction ends.

        Raises `VehicleNotFound`.
        """
        ...

    def add(self, vehicle: Vehicle) -> Vehicle:
        """Keep a new vehicle and return it with its id. Raises `VinTaken`."""
        ...

    def save(self, vehicle: Vehicle) -> Vehicle:
        """Keep the change and return it with its new version.

        Raises `LostRace` when the kept version is not the vehicle's, and `VinTaken`.
        """
        ...

    def remove(self, vehicle_id: VehicleId) -> None:
        """Drop the vehicle; raises `VehicleInUse` when a ticket names it."""
        ...


class VehicleLists(Protocol):
    """Vehicles found, or changed, by what they have in common."""

    def with_vin(self, vin: str) -> Vehicle | None:
        """Return the vehicle with that VIN, without regard to case."""
        ...

    def find(self, wanted: VehicleFilter, page: PageRequest) -> Page[Vehicle]:
        """Return vehicles by id; VIN and plate are compared whole, without regard to case."""
        ...

    def erase_plates(self, customer_id: CustomerId, at: datetime) -> None:
        """Remove the plates, which are personal data, from a customer's vehicles."""
        ...
