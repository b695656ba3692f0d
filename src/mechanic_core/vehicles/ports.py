"""Ports of vehicles."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Protocol

from attrs import frozen

from mechanic_core.customers.customer import CustomerId
from mechanic_core.paging import Page, PageRequest
from mechanic_core.rules import Normalized, checked
from mechanic_core.texts import clean_vin
from mechanic_core.vehicles.odometer import OdometerReading
from mechanic_core.vehicles.vehicle import Vehicle, VehicleId


@frozen(kw_only=True, field_transformer=checked)
class VehicleFilter:
    """Conditions on vehicles, all of which must hold; None is no condition."""

    q: str | None = None
    customer_id: int | None = None
    vin: Annotated[str, Normalized(clean_vin)] | None = None
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

    def disown(self, customer_id: CustomerId, at: datetime) -> None:
        """Remove owner and plate, which is personal data, from all vehicles of a customer."""
        ...

    def reassign(self, former: CustomerId, owner: CustomerId, at: datetime) -> None:
        """Make all vehicles of *former* those of *owner*. Both customers must be locked."""
        ...


class OdometerLog(Protocol):
    """The odometer readings of all vehicles; they are append-only.

    The readings of a vehicle stay when it is removed.
    """

    def add(self, reading: OdometerReading) -> OdometerReading:
        """Store a reading and return it with its id. The vehicle must be locked or new."""
        ...

    def last(self, vehicle_id: VehicleId) -> OdometerReading | None:
        """Return the last reading of a vehicle, without the name of who took it, or None."""
        ...

    def of(self, vehicle_id: VehicleId, page: PageRequest) -> Page[OdometerReading]:
        """Return the readings of a vehicle, oldest first."""
        ...

    def of_all(
        self, vehicle_ids: Collection[VehicleId]
    ) -> Mapping[VehicleId, Sequence[OdometerReading]]:
        """Return the readings of each vehicle that has any, as `of` returns them."""
        ...
