"""Vehicles in SQL."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, final

from attrs import evolve, frozen
from sqlalchemy import (
    BigInteger,
    Select,
    Subquery,
    Update,
    bindparam,
    delete,
    exists,
    insert,
    select,
    update,
)

from mechanic_adapters.sql.counters.list_totals import total_of
from mechanic_adapters.sql.engine.column_types import KEY, MOMENT
from mechanic_adapters.sql.engine.compiled_statements import Params
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.row_mapping import (
    RECORD_ID,
    field_values,
    group_by,
    record_maker,
    words_text,
)
from mechanic_adapters.sql.engine.sql_functions import id_in
from mechanic_adapters.sql.queries.filtered_list import FilteredList
from mechanic_adapters.sql.queries.keyset_pagination import PageQuery, without_none
from mechanic_adapters.sql.queries.person_names import columns_with_name, make_by, reader_with_name
from mechanic_adapters.sql.repositories.events import note_changes
from mechanic_adapters.sql.repositories.record_table import RecordTable
from mechanic_adapters.sql.schema.tickets import tickets
from mechanic_adapters.sql.schema.vehicles import odometer_readings, vehicle_words, vehicles
from mechanic_core.access import By
from mechanic_core.customers.customer import CustomerId
from mechanic_core.events.event import Event, EventType, SubjectKind
from mechanic_core.paging import Page, PageRequest
from mechanic_core.search import terms_with_code
from mechanic_core.texts import fold_case, plate_key
from mechanic_core.vehicles.odometer import OdometerReading, ReadingId
from mechanic_core.vehicles.ports import OdometerLog, VehicleFilter, VehicleLists, Vehicles
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
_OF_OWNER = vehicles.c.customer_id == bindparam("owner_id", type_=BigInteger)
_CHANGE_ALL = (
    update(vehicles)
    .values(updated_at=bindparam("at", type_=MOMENT), version=vehicles.c.version + 1)
    .where(_OF_OWNER)
    .returning(vehicles.c.id, vehicles.c.version)
)
_REASSIGN = _CHANGE_ALL.values(customer_id=bindparam("new_owner_id", type_=BigInteger))
_DISOWN = _CHANGE_ALL.values(
    customer_id=None, plate=None, plate_key=None, plate_words=words_text(())
)
_DISOWN_AND_ERASE = _DISOWN.where(vehicles.c.plate.is_not(None))
"""No statement returns a value as it was: those with a plate come first."""

_make_reading = record_maker(OdometerReading)
_read_log = reader_with_name(OdometerReading)
_READING = [column for column in odometer_readings.c if column.name != "id"]
_ADD_READING = (
    insert(odometer_readings)
    .values({c.name: bindparam(f"reading_{c.name}", type_=c.type) for c in _READING})
    .returning(odometer_readings.c.id)
)
_OF_VEHICLE = select(odometer_readings).where(odometer_readings.c.vehicle_id == RECORD_ID)
_LAST = _OF_VEHICLE.order_by(odometer_readings.c.id.desc()).limit(1)


def _join_people(page: Subquery) -> Select[Any]:
    """Return readings with the customers of their tickets and the names of who took them."""
    c = page.c
    customer = select(tickets.c.customer_id).where(
        tickets.c.id == c.ticket_id, tickets.c.removed_at.is_(None)
    )
    others = {"ticket_customer_id": customer.scalar_subquery()}
    return select(*columns_with_name(OdometerReading, {**c, **others}))


_LOG = PageQuery(rows=_OF_VEHICLE, key=odometer_readings.c.id, join=_join_people)
_readings = (
    select(odometer_readings)
    .where(id_in(odometer_readings.c.vehicle_id, "ids"))
    .subquery("readings")
)
_LOGS = _join_people(_readings).order_by(_readings.c.vehicle_id, _readings.c.id)


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
            self._executor.note_event(
                Event.deletion(EventType.VEHICLE_DELETED, vehicle, at, self._executor.actor)
            )

    def find(self, wanted: VehicleFilter, page: PageRequest) -> Page[Vehicle]:
        values = {"customer_id": wanted.customer_id, **_lookup_keys(wanted.vin, wanted.plate)}
        params = without_none(values)
        terms = None if wanted.q is None else terms_with_code(wanted.q)
        return _LIST.fetch(self._executor, page, _TABLE.read, params, terms)

    def disown(self, customer_id: CustomerId, at: datetime) -> None:
        params = {"owner_id": customer_id, "at": at}
        self._change(_DISOWN_AND_ERASE, params, at, "customer_id", "plate")
        self._change(_DISOWN, params, at, "customer_id")

    def reassign(self, former: CustomerId, owner: CustomerId, at: datetime) -> None:
        params = {"owner_id": former, "new_owner_id": owner, "at": at}
        self._change(_REASSIGN, params, at, "customer_id")

    def _change(self, statement: Update, params: Params, at: datetime, *changes: str) -> None:
        """Change several vehicles, with the event of each."""
        rows = self._executor.write_returning(_TABLE.noun, statement, params)
        note_changes(
            self._executor, EventType.VEHICLE_CHANGED, SubjectKind.VEHICLE, rows, at, changes
        )


@final
@frozen
class SqlOdometerLog(OdometerLog):
    """The append-only table of odometer readings."""

    _executor: Executor

    def add(self, reading: OdometerReading) -> OdometerReading:
        values = field_values(reading, by=By)
        params = {f"reading_{column.name}": values[column.name] for column in _READING}
        rows = self._executor.write_returning(_TABLE.noun, _ADD_READING, params)
        return evolve(reading, id=ReadingId(rows[0][0]))

    def last(self, vehicle_id: VehicleId) -> OdometerReading | None:
        row = self._executor.first(_LAST, {"record_id": vehicle_id})
        if row is None:
            return None
        *before, by_role, by_id, note = row
        return _make_reading((*before, None, make_by((by_role, by_id, None)), note))

    def of(self, vehicle_id: VehicleId, page: PageRequest) -> Page[OdometerReading]:
        return _LOG.fetch(self._executor, page, _read_log, {"record_id": vehicle_id})

    def of_all(
        self, vehicle_ids: Collection[VehicleId]
    ) -> Mapping[VehicleId, Sequence[OdometerReading]]:
        rows = self._executor.all(_LOGS, {"ids": sorted(vehicle_ids)})
        return group_by("vehicle_id", _read_log(rows))


def _required(vehicle: Vehicle | None) -> Vehicle:
    if vehicle is None:
        raise VehicleNotFound
    return vehicle


def read_vehicles(executor: Executor, ids: Collection[int]) -> Iterable[Vehicle]:
    """Return those of *ids* that can be read."""
    return _TABLE.get_all(executor, ids)


SUBJECTS: Final = {SubjectKind.VEHICLE: read_vehicles}
