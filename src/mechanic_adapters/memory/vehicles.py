"""Vehicles in memory."""

from datetime import datetime
from typing import final

from attrs import evolve, frozen

from mechanic_adapters.memory.paging import cut
from mechanic_adapters.memory.tables import Tables, replace
from mechanic_core.customers.customer import CustomerId
from mechanic_core.paging import Page, PageRequest
from mechanic_core.values import fold_case
from mechanic_core.vehicles.ports import VehicleFilter, VehicleLists, Vehicles
from mechanic_core.vehicles.vehicle import (
    Vehicle,
    VehicleId,
    VehicleInUse,
    VehicleNotFound,
    VinTaken,
)


@final
@frozen
class MemoryVehicles(Vehicles, VehicleLists):
    """Every vehicle that the shop has seen."""

    _tables: Tables

    def get(self, vehicle_id: VehicleId) -> Vehicle:
        """Return the vehicle, or raise `VehicleNotFound`."""
        vehicle = self._tables.vehicles.get(vehicle_id)
        if vehicle is None:
            raise VehicleNotFound
        return vehicle

    def lock(self, vehicle_id: VehicleId) -> Vehicle:
        """Return the vehicle; nobody else writes meanwhile."""
        return self.get(vehicle_id)

    def with_vin(self, vin: str) -> Vehicle | None:
        """Return the vehicle with that VIN."""
        return next((v for v in self._tables.vehicles.all() if _same(vin, v.vin)), None)

    def add(self, vehicle: Vehicle) -> Vehicle:
        """Keep a new vehicle."""
        self._vin_must_be_free(vehicle)
        new_id = VehicleId(self._tables.vehicles.next_id())
        return self._tables.vehicles.put(new_id, evolve(vehicle, id=new_id))

    def save(self, vehicle: Vehicle) -> Vehicle:
        """Keep the change."""
        self._vin_must_be_free(vehicle)
        return replace(self._tables.vehicles, vehicle)

    def remove(self, vehicle_id: VehicleId) -> None:
        """Drop the vehicle; a ticket that was struck out names it still."""
        for ticket in self._tables.tickets.all():
            if ticket.vehicle and ticket.vehicle.id == vehicle_id:
                raise VehicleInUse
        self._tables.vehicles.drop(vehicle_id)

    def find(self, wanted: VehicleFilter, page: PageRequest) -> Page[Vehicle]:
        """Return vehicles by id."""
        found = (
            vehicle
            for vehicle in self._tables.vehicles.all()
            if wanted.customer_id in (None, vehicle.customer_id)
            and (wanted.vin is None or _same(wanted.vin, vehicle.vin))
            and (wanted.plate is None or _same(wanted.plate, vehicle.plate))
        )
        return cut(found, page, lambda vehicle: vehicle.id)

    def erase_plates(self, customer_id: CustomerId, at: datetime) -> None:
        """Take the plates off a customer's vehicles."""
        vehicles = self._tables.vehicles
        for vehicle in list(vehicles.all()):
            if vehicle.customer_id == customer_id and vehicle.plate is not None:
                replace(vehicles, evolve(vehicle, plate=None, updated_at=at))

    def _vin_must_be_free(self, vehicle: Vehicle) -> None:
        other = self.with_vin(vehicle.vin) if vehicle.vin else None
        if other and other.id != vehicle.id:
            raise VinTaken


def _same(one: str, other: str | None) -> bool:
    return other is not None and fold_case(one) == fold_case(other)
