"""Vehicles in SQL."""

import functools
from collections.abc import Mapping
from datetime import datetime
from typing import final

from attrs import frozen
from sqlalchemy import BigInteger, bindparam, delete, exists, select, update

from mechanic_adapters.sql.counters.list_totals import total_of
from mechanic_adapters.sql.engine.column_types import KEY, MOMENT
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.queries.keyset_pagination import Listing
from mechanic_adapters.sql.repositories.record_table import THE_ID, RecordTable
from mechanic_adapters.sql.schema.tickets import tickets
from mechanic_adapters.sql.schema.vehicles import vehicles
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


def _keys(vehicle: Vehicle) -> Mapping[str, str | None]:
    return {"vin_key": _folded(vehicle.vin), "plate_key": _folded(vehicle.plate)}


def _folded(text: str | None) -> str | None:
    return None if text is None else fold_case(text)


VEHICLES = RecordTable(vehicles, Vehicle, _keys, VinTaken)

_WANTED = {
    "customer_id": vehicles.c.customer_id == bindparam("customer_id", type_=BigInteger),
    "vin_key": vehicles.c.vin_key == bindparam("vin_key", type_=KEY),
    "plate_key": vehicles.c.plate_key == bindparam("plate_key", type_=KEY),
}
_WITH_VIN = VEHICLES.rows.where(_WANTED["vin_key"])
_IN_USE = select(exists().where(tickets.c.vehicle_id == THE_ID))
_REMOVE = delete(vehicles).where(vehicles.c.id == THE_ID)
_FORGET_PLATES = (
    update(vehicles)
    .values(
        plate=None,
        plate_key=None,
        updated_at=bindparam("at", type_=MOMENT),
        version=vehicles.c.version + 1,
    )
    .where(
        vehicles.c.customer_id == bindparam("owner", type_=BigInteger),
        vehicles.c.plate.is_not(None),
    )
)


@functools.cache
def _listing(given: frozenset[str]) -> Listing:
    """Return the list of the vehicles that agree with what is *given*."""
    return Listing(
        rows=VEHICLES.rows.where(*(_WANTED[name] for name in sorted(given))),
        key=vehicles.c.id,
        total=None if given else total_of(vehicles),
    )


@final
@frozen
class SqlVehicles(Vehicles, VehicleLists):
    """Every vehicle that the shop has seen."""

    _executor: Executor

    def get(self, vehicle_id: VehicleId) -> Vehicle:
        """Return the vehicle, or raise `VehicleNotFound`."""
        return _there(VEHICLES.get(self._executor, vehicle_id))

    def lock(self, vehicle_id: VehicleId) -> Vehicle:
        """Return the vehicle with the row locked."""
        return _there(VEHICLES.lock(self._executor, vehicle_id))

    def with_vin(self, vin: str) -> Vehicle | None:
        """Return the vehicle with that VIN."""
        row = self._executor.first(_WITH_VIN, {"vin_key": fold_case(vin)})
        return VEHICLES.make(row) if row else None

    def add(self, vehicle: Vehicle) -> Vehicle:
        """Keep a new vehicle."""
        return VEHICLES.add(self._executor, vehicle)

    def save(self, vehicle: Vehicle) -> Vehicle:
        """Keep the change."""
        return VEHICLES.save(self._executor, vehicle)

    def remove(self, vehicle_id: VehicleId) -> None:
        """Drop the vehicle; a ticket that was struck out names it still."""
        used = self._executor.first(_IN_USE, {"the_id": vehicle_id})
        if used and used[0]:
            raise VehicleInUse
        self._executor.write(VEHICLES.noun, _REMOVE, {"the_id": vehicle_id})

    def find(self, wanted: VehicleFilter, page: PageRequest) -> Page[Vehicle]:
        """Return vehicles by id."""
        asked = {
            "customer_id": wanted.customer_id,
            "vin_key": _folded(wanted.vin),
            "plate_key": _folded(wanted.plate),
        }
        given = {name: value for name, value in asked.items() if value is not None}
        return _listing(frozenset(given)).piece(self._executor, page, VEHICLES.make, given)

    def erase_plates(self, customer_id: CustomerId, at: datetime) -> None:
        """Take the plates off a customer's vehicles."""
        self._executor.write(VEHICLES.noun, _FORGET_PLATES, {"owner": customer_id, "at": at})


def _there(vehicle: Vehicle | None) -> Vehicle:
    if vehicle is None:
        raise VehicleNotFound
    return vehicle
