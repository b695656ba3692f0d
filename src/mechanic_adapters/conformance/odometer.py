"""The contract of `OdometerLog`."""

from typing import Final

from attrs import evolve

from mechanic_adapters.conformance.samples.declarations import PaginatedList, Write
from mechanic_adapters.conformance.samples.records import (
    ALL,
    LATER,
    UNKNOWN,
    add_customer,
    add_mechanic,
    add_ticket,
    add_vehicle,
    new_entry,
    new_reading,
)
from mechanic_adapters.conformance.samples.seed import Seed
from mechanic_core.access import Actor, Role
from mechanic_core.unit_of_work import Store, Work
from mechanic_core.vehicles.vehicle import VehicleId


def _read_odometer(work: Work, seed: Seed) -> None:
    work.odometer_log.add(new_reading(seed.vehicle, 5))


WRITES: Final = (Write("odometer_log.add", _read_odometer, "vehicles"),)
LISTS: Final = (
    PaginatedList(
        "odometer_log",
        lambda work, seed, page: work.odometer_log.of(seed.vehicle.id, page),
        _read_odometer,
    ),
)


class TestOdometerLog:
    """Odometer readings."""

    def test_returns_what_was_added(self, store: Store) -> None:
        """A reading comes back with an id, the name of its actor and its ticket's customer."""
        ada, bo = add_customer(store), add_mechanic(store, name="Bo")
        vehicle = add_vehicle(store, ada)
        ticket = add_ticket(store, ada, vehicle=vehicle)
        reading = new_reading(vehicle, 9_999_999, Actor(Role.MECHANIC, bo.id), ticket.id)

        with store.begin() as work:
            added = work.odometer_log.add(evolve(reading, note="correction of 5"))
            removed = evolve(added, by=evolve(added.by, name="Bo"))
            mine = evolve(removed, ticket_customer_id=ada.id)

            assert evolve(reading, id=added.id, note="correction of 5") == added
            assert added == work.odometer_log.last(vehicle.id)
            assert (mine,) == work.odometer_log.of(vehicle.id, ALL).items
            work.tickets.save(ticket.mark_removed(LATER, started=False), new_entry())
            assert (removed,) == work.odometer_log.of(vehicle.id, ALL).items

    def test_lists_the_readings_of_one_vehicle(self, store: Store) -> None:
        """Readings are listed in the order of their writing, and the last one is found."""
        ada = add_customer(store)
        one, other = add_vehicle(store, ada), add_vehicle(store, ada)

        with store.begin() as work:
            readings = [(one, 7), (other, 8), (one, 3)]
            first, _, last = [work.odometer_log.add(new_reading(*each)) for each in readings]

        with store.read_only() as work:
            assert (first, last) == work.odometer_log.of(one.id, ALL).items
            assert last == work.odometer_log.last(one.id)
            assert work.odometer_log.last(VehicleId(UNKNOWN)) is None

    def test_lists_the_readings_of_several_vehicles(self, store: Store) -> None:
        """The log of each is that of `of`; a vehicle without readings has none."""
        ada, bo = add_customer(store), add_mechanic(store, name="Bo")
        one, other, new, left = (add_vehicle(store, ada) for _ in range(4))
        ticket = add_ticket(store, ada, vehicle=one)
        with store.begin() as work:
            work.odometer_log.add(new_reading(other, 8))
            for value in (7, 3):
                reading = new_reading(one, value, Actor(Role.MECHANIC, bo.id), ticket.id)
                work.odometer_log.add(reading)
            work.odometer_log.add(new_reading(left, 5))

        with store.read_only() as work:
            found = work.odometer_log.of_all([other.id, one.id, new.id, VehicleId(UNKNOWN)])

            assert {
                each.id: work.odometer_log.of(each.id, ALL).items for each in (one, other)
            } == found
            assert {} == work.odometer_log.of_all([])
