"""Ports of vehicles."""

from datetime import datetime
from typing import Protocol

from attrs import frozen

from mechanic_core.customers.customer import CustomerId
from mechanic_core.paging import Page, PageRequest
from mechanic_core.rules import checked
from mechanic_core.vehicles.vehicle import Vehicle, VehicleId


@frozen(kw_only=True, field_transformer=checked)
class VehicleFilter:
    """Conditions on vehicles, all of which must hold; None is no condition."""

    q: str | None = None
    customer_id: int | None = None
    vin: str | None = None
    plate: str | None = None


class Vehicles(Protocol):
    """The vehicles, one at a time."""

    def get(self, vehicle_id: VehicleId) -> Vehicle:
        """Return the vehicle, or raise `VehicleNotFound`."""
        ...

    def lock(self, vehicle_id: VehicleId) -> Vehicle:
        """Return the vehicle after locking it until the transaction ends.

        Raises `VehicleNotFound`.
        """
        ...

    def add(self, vehicle: Vehicle) -> Vehicle:
        """Store a new vehicle and return it with its id. Raises `VinTaken`."""
        ...

    def save(self, vehicle: Vehicle) -> Vehicle:
        """Store the changed vehicle and return it with its new version.

        Raises `LostRace` when the stored version is another one, and `VinTaken`.
        """
        ...

    def remove(self, vehicle: Vehicle, at: datetime) -> None:
        """Delete the vehicle. Raises `VehicleInUse` when it is on a ticket."""
        ...


class VehicleLists(Protocol):
    """Searches and changes of several vehicles."""

    def with_vin(self, vin: str) -> Vehicle | None:
        """Return the vehicle with that VIN, in any case, or None."""
        ...

    def find(self, wanted: VehicleFilter, page: PageRequest) -> Page[Vehicle]:
        """Return vehicles by id; VIN and plate must be equal by `fold_case` and `plate_key`.

        *q* is a query for words of the plate, make, model, VIN and owner's name, or for the whole
        plate or VIN.
        """
        ...

    def erase_plates(self, customer_id: CustomerId, at: datetime) -> None:
        """Remove the plates, which are personal data, of all vehicles of a customer."""
        ...
