"""Vehicles in memory."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Final, final

from attrs import evolve, frozen

from mechanic_adapters.memory.paging import paginate
from mechanic_adapters.memory.repositories.customers import CUSTOMERS
from mechanic_adapters.memory.repositories.person_names import with_name
from mechanic_adapters.memory.repositories.tickets import TICKETS
from mechanic_adapters.memory.tables import TableName, Tables, add_record, save_record
from mechanic_core.customers.customer import CustomerId
from mechanic_core.events.event import Event, EventType, SubjectKind
from mechanic_core.paging import WHOLE_LIST, Page, PageRequest
from mechanic_core.search import Words, matches, terms_with_code
from mechanic_core.texts import fold_case, plate_key
from mechanic_core.vehicles.odometer import OdometerReading, ReadingId
from mechanic_core.vehicles.ports import OdometerLog, VehicleFilter, VehicleLists, Vehicles
from mechanic_core.vehicles.vehicle import (
    Vehicle,
    VehicleId,
    VehicleInUse,
    VehicleNotFound,
    VinTaken,
)

VEHICLES: Final = TableName[int, Vehicle]("vehicles", "vehicles")
_READINGS: Final = TableName[int, tuple[OdometerReading, ...]]("odometer_readings", "vehicles")


@final
@frozen
class MemoryVehicles(Vehicles, VehicleLists):
    """The vehicles."""

    _tables: Tables

    def get(self, vehicle_id: VehicleId) -> Vehicle:
        vehicle = self._tables[VEHICLES].get(vehicle_id)
        if vehicle is None:
            raise VehicleNotFound
        return vehicle

    def lock(self, vehicle_id: VehicleId) -> Vehicle:
        return self.get(vehicle_id)

    def with_vin(self, vin: str) -> Vehicle | None:
        return next((v for v in self._tables[VEHICLES].all() if _same(vin, v.vin, fold_case)), None)

    def add(self, vehicle: Vehicle) -> Vehicle:
        self._require_free_vin(vehicle)
        return add_record(self._tables, VEHICLES, vehicle)

    def save(self, vehicle: Vehicle) -> Vehicle:
        self._require_free_vin(vehicle)
        return save_record(self._tables, VEHICLES, vehicle)

    def remove(self, vehicle: Vehicle, at: datetime) -> None:
        for ticket in self._tables[TICKETS].all():
            if ticket.vehicle and ticket.vehicle.id == vehicle.id:
                raise VehicleInUse
        self._tables[VEHICLES].delete(vehicle.id)
        actor, type_ = self._tables.actor, EventType.VEHICLE_DELETED
        self._tables.events.append(Event.deletion(type_, vehicle, at, actor))

    def find(self, wanted: VehicleFilter, page: PageRequest) -> Page[Vehicle]:
        terms = None if wanted.q is None else terms_with_code(wanted.q)
        vehicles = (
            vehicle
            for vehicle in self._tables[VEHICLES].all()
            if wanted.customer_id in (None, vehicle.customer_id)
            and (wanted.vin is None or _same(wanted.vin, vehicle.vin, fold_case))
            and (wanted.plate is None or _same(wanted.plate, vehicle.plate, plate_key))
            and (terms is None or matches(terms, self._words(vehicle)))
        )
        return paginate(vehicles, page, lambda vehicle: vehicle.id)

    def disown(self, customer_id: CustomerId, at: datetime) -> None:
        for vehicle in list(self._tables[VEHICLES].all()):
            if vehicle.customer_id == customer_id:
                after = evolve(vehicle, customer_id=None, plate=None, updated_at=at)
                save_record(self._tables, VEHICLES, after)

    def reassign(self, former: CustomerId, owner: CustomerId, at: datetime) -> None:
        for vehicle in list(self._tables[VEHICLES].all()):
            if vehicle.customer_id == former:
                after = evolve(vehicle, customer_id=owner, updated_at=at)
                save_record(self._tables, VEHICLES, after)

    def _words(self, vehicle: Vehicle) -> Words:
        owner = self._tables[CUSTOMERS].get(vehicle.customer_id or 0)
        words = vehicle.plate_words | vehicle.other_words
        return words | owner.name_words if owner else words

    def _require_free_vin(self, vehicle: Vehicle) -> None:
        other = self.with_vin(vehicle.vin) if vehicle.vin else None
        if other and other.id != vehicle.id:
            raise VinTaken


@final
@frozen
class MemoryOdometerLog(OdometerLog):
    """The odometer readings, by vehicle."""

    _tables: Tables

    def add(self, reading: OdometerReading) -> OdometerReading:
        log = self._tables[_READINGS]
        new = evolve(reading, id=ReadingId(log.next_id()))
        log.put(new.vehicle_id, (*(log.get(new.vehicle_id) or ()), new))
        return new

    def last(self, vehicle_id: VehicleId) -> OdometerReading | None:
        readings = self._tables[_READINGS].get(vehicle_id)
        return readings[-1] if readings else None

    def of(self, vehicle_id: VehicleId, page: PageRequest) -> Page[OdometerReading]:
        readings = self._tables[_READINGS].get(vehicle_id) or ()
        return paginate(readings, page, lambda reading: reading.id).map(self._read)

    def of_all(
        self, vehicle_ids: Collection[VehicleId]
    ) -> Mapping[VehicleId, Sequence[OdometerReading]]:
        logs = {one: self.of(one, WHOLE_LIST).items for one in vehicle_ids}
        return {one: log for one, log in logs.items() if log}

    def _read(self, reading: OdometerReading) -> OdometerReading:
        ticket = self._tables[TICKETS].get(reading.ticket_id or 0)
        return evolve(
            reading,
            ticket_customer_id=ticket.customer_id if ticket and not ticket.removed_at else None,
            by=with_name(self._tables, reading.by),
        )


def _same(one: str, other: str | None, key: Callable[[str], str]) -> bool:
    return other is not None and key(one) == key(other)


SUBJECTS: Final = {SubjectKind.VEHICLE: lambda tables: MemoryVehicles(tables).get}
