"""Vehicles in SQL."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import final

from attrs import frozen
from sqlalchemy import BigInteger, bindparam, delete, exists, select, update

from mechanic_adapters.sql.counters.list_totals import total_of
from mechanic_adapters.sql.engine.column_types import KEY, MOMENT
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.row_mapping import RECORD_ID, words_text
from mechanic_adapters.sql.queries.filtered_list import FilteredList
from mechanic_adapters.sql.repositories.record_table import RecordTable
from mechanic_adapters.sql.schema.tickets import tickets
from mechanic_adapters.sql.schema.vehicles import vehicle_words, vehicles
from mechanic_core.customers.customer import CustomerId
from mechanic_core.events.event import Event, EventType, SubjectKind
from mechanic_core.paging import Page, PageRequest
from mechanic_core.search import terms_with_code
from mechanic_core.texts import fold_case, plate_key
from mechanic_core.vehicles.ports import VehicleFilter, VehicleLists, Vehicles
from mechanic_core.vehicles.vehicle import (
    Vehicle,
    VehicleId,
    VehicleInUse,
    VehicleNotFound,
)


def _keys(vehicle: Vehicle) -> Mapping[str, str | None]:
    return {
        **_lookup_keys(vehicle.vin, vehicle.plate),
        "plate_words": words_text(vehicle.plate_words),
        "other_words": words_text(vehicle.other_words),
    }


def _lookup_keys(vin: str | None, plate: str | None) -> Mapping[str, str | None]:
    return {
        "vin_key": None if vin is None else fold_case(vin),
        "plate_key": None if plate is None else plate_key(plate),
    }


_TABLE = RecordTable(vehicles, Vehicle, _keys)

_FILTERS = {
    "customer_id": vehicles.c.customer_id == bindparam("customer_id", type_=BigInteger),
    "vin_key": vehicles.c.vin_key == bindparam("vin_key", type_=KEY),
    "plate_key": vehicles.c.plate_key == bindparam("plate_key", type_=KEY),
}
_WITH_VIN = _TABLE.rows.where(_FILTERS["vin_key"])
_IN_USE = select(exists().where(tickets.c.vehicle_id == RECORD_ID))
_REMOVE = delete(vehicles).where(vehicles.c.id == RECORD_ID)
_ERASE_PLATES = (
    update(vehicles)
    .values(
        plate=None,
        plate_key=None,
        plate_words=words_text(()),
        updated_at=bindparam("at", type_=MOMENT),
        version=vehicles.c.version + 1,
    )
    .where(
        vehicles.c.customer_id == bindparam("owner_id", type_=BigInteger),
        vehicles.c.plate.is_not(None),
    )
    .returning(vehicles.c.id, vehicles.c.version)
)


_LIST = FilteredList(
    rows=_TABLE.rows,
    key=vehicles.c.id,
    words=vehicle_words,
    filters=_FILTERS,
    selective=frozenset(_FILTERS),
    total=total_of(vehicles),
)


@final
@frozen
class SqlVehicles(Vehicles, VehicleLists):
    """The table of vehicles."""

    _executor: Executor

    def get(self, vehicle_id: VehicleId) -> Vehicle:
        return _required(_TABLE.get(self._executor, vehicle_id))

    def lock(self, vehicle_id: VehicleId) -> Vehicle:
        return _required(_TABLE.lock(self._executor, vehicle_id))

    def with_vin(self, vin: str) -> Vehicle | None:
        row = self._executor.first(_WITH_VIN, {"vin_key": fold_case(vin)})
        return _TABLE.make(row) if row else None

    def add(self, vehicle: Vehicle) -> Vehicle:
        return _TABLE.add(self._executor, vehicle)

    def save(self, vehicle: Vehicle) -> Vehicle:
        return _TABLE.save(self._executor, vehicle)

    def remove(self, vehicle: Vehicle, at: datetime) -> None:
        used = self._executor.first(_IN_USE, {"record_id": vehicle.id})
        if used and used[0]:  # by removed tickets too
            raise VehicleInUse
        if self._executor.write(_TABLE.noun, _REMOVE, {"record_id": vehicle.id}):
            self._executor.events.append(
                Event.deletion(EventType.VEHICLE_DELETED, vehicle, at, self._executor.actor)
            )

    def find(self, wanted: VehicleFilter, page: PageRequest) -> Page[Vehicle]:
        values = {"customer_id": wanted.customer_id, **_lookup_keys(wanted.vin, wanted.plate)}
        params = {name: value for name, value in values.items() if value is not None}
        terms = None if wanted.q is None else terms_with_code(wanted.q)
        return _LIST.fetch(self._executor, page, _TABLE.read, params, terms)

    def erase_plates(self, customer_id: CustomerId, at: datetime) -> None:
        params = {"owner_id": customer_id, "at": at}
        for vehicle_id, version in self._executor.write_returning(
            _TABLE.noun, _ERASE_PLATES, params
        ):
            event = Event.of(
                EventType.VEHICLE_CHANGED,
                SubjectKind.VEHICLE,
                vehicle_id,
                version,
                at,
                self._executor.actor,
                changes=("plate",),
            )
            self._executor.events.append(event)


def _required(vehicle: Vehicle | None) -> Vehicle:
    if vehicle is None:
        raise VehicleNotFound
    return vehicle


def read_vehicles(executor: Executor, ids: Collection[int]) -> Iterable[Vehicle]:
    """Return those of *ids* that can be read."""
    return _TABLE.get_all(executor, ids)
