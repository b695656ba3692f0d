"""The contract of `Vehicles` and `VehicleLists`."""

from typing import Any, Final

import pytest
from attrs import evolve

from mechanic_adapters.conformance.samples.declarations import (
    Lock,
    PaginatedList,
    UniqueValue,
    Write,
)
from mechanic_adapters.conformance.samples.records import (
    ALL,
    LATER,
    UNKNOWN,
    add_customer,
    add_ticket,
    add_vehicle,
    new_entry,
    new_vehicle,
)
from mechanic_adapters.conformance.samples.seed import Seed
from mechanic_core.events.event import EventType
from mechanic_core.unit_of_work import Store, Work
from mechanic_core.vehicles.ports import VehicleFilter
from mechanic_core.vehicles.vehicle import (
    VehicleId,
    VehicleInUse,
    VehicleNotFound,
    VinTaken,
)

VIN = "1HGCM82633A004352"
OTHER_VIN = "1M8GDM9AXKP042788"


def _drive(work: Work, seed: Seed) -> None:
    vehicle = work.vehicles.lock(seed.vehicle.id)
    work.vehicles.save(evolve(vehicle, odometer=(vehicle.odometer or 0) + 1))


WRITES: Final = (
    Write(
        "vehicles.add",
        lambda work, seed: work.vehicles.add(new_vehicle(seed.customer)),
        "vehicles",
        {EventType.VEHICLE_CREATED: ()},
    ),
    Write(
        "vehicles.save",
        lambda work, seed: work.vehicles.save(evolve(seed.vehicle, plate="CHANGED")),
        "vehicles",
        {EventType.VEHICLE_CHANGED: ("plate",)},
    ),
    Write(
        "vehicles.remove",
        lambda work, seed: work.vehicles.remove(seed.vehicle, LATER),
        "vehicles",
        {EventType.VEHICLE_DELETED: ()},
    ),
    Write(
        "vehicle_lists.disown",
        lambda work, seed: work.vehicle_lists.disown(seed.customer.id, LATER),
        "vehicles",
        {EventType.VEHICLE_CHANGED: ("customer_id", "plate")},
    ),
    Write(
        "vehicle_lists.reassign",
        lambda work, seed: work.vehicle_lists.reassign(seed.customer.id, seed.heir.id, LATER),
        "vehicles",
        {EventType.VEHICLE_CHANGED: ("customer_id",)},
    ),
)
UNIQUE_VALUES: Final = (
    UniqueValue(
        "VIN",
        lambda work, seed: work.vehicles.add(new_vehicle(seed.customer, vin=VIN)),
        VinTaken,
    ),
)
LISTS: Final = (
    PaginatedList(
        "vehicles",
        lambda work, seed, page: work.vehicle_lists.find(
            VehicleFilter(customer_id=seed.customer.id), page
        ),
        lambda work, seed: work.vehicles.add(new_vehicle(seed.customer)),
    ),
)
LOCKS: Final = (
    Lock(
        "vehicles.lock",
        lambda work, seed: work.vehicles.lock(seed.vehicle.id),
        _drive,
        lambda work, seed: work.vehicles.get(seed.vehicle.id).odometer or 0,
    ),
)


def plates(store: Store, **wanted: Any) -> list[str | None]:
    """Return the plates of the vehicles that match a filter."""
    with store.read_only() as work:
        return [one.plate for one in work.vehicle_lists.find(VehicleFilter(**wanted), ALL).items]


class TestVehicles:
    """Vehicles."""

    def test_returns_what_was_added(self, store: Store) -> None:
        """A vehicle comes back as added, with an id."""
        new = new_vehicle(
            add_customer(store),
            vin=VIN,
            plate="7ABC123",
            make="Škoda",
            model="Octavia",
            year=2003,
            odometer=9_999_999,
        )

        with store.begin() as work:
            added = work.vehicles.add(new)

        assert evolve(new, id=added.id) == added
        assert added.id > 0
        with store.read_only() as work:
            assert added == work.vehicles.get(added.id)

    def test_accepts_the_required_fields_only(self, store: Store) -> None:
        """The owner is enough."""
        added = add_vehicle(store, add_customer(store))

        with store.begin() as work:
            assert added == work.vehicles.get(added.id) == work.vehicles.lock(added.id)

    def test_saves_a_change(self, store: Store) -> None:
        """A change, of the owner too, comes back with the next version."""
        added = add_vehicle(store, add_customer(store), vin=VIN, plate="A 1")
        heir = add_customer(store)
        changed = evolve(
            added, customer_id=heir.id, vin=OTHER_VIN, plate=None, year=1885, updated_at=LATER
        )

        with store.begin() as work:
            saved = work.vehicles.save(changed)

        assert evolve(changed, version=added.version + 1) == saved
        with store.read_only() as work:
            assert saved == work.vehicles.get(added.id)

    def test_refuses_an_unknown_id(self, store: Store) -> None:
        """An unknown id is not found."""
        with pytest.raises(VehicleNotFound), store.read_only() as work:
            work.vehicles.get(VehicleId(UNKNOWN))
        with pytest.raises(VehicleNotFound), store.begin() as work:
            work.vehicles.lock(VehicleId(UNKNOWN))

    def test_finds_the_one_with_a_vin(self, store: Store) -> None:
        """A VIN finds its one vehicle."""
        owner = add_customer(store)
        added = add_vehicle(store, owner, vin=VIN)
        add_vehicle(store, owner)

        with store.read_only() as work:
            assert added == work.vehicle_lists.with_vin(VIN)
            assert work.vehicle_lists.with_vin(OTHER_VIN) is None

    def test_refuses_a_taken_vin(self, store: Store) -> None:
        """A VIN of another vehicle is refused when adding and when saving."""
        owner = add_customer(store)
        add_vehicle(store, owner, vin=VIN)
        other = add_vehicle(store, owner, vin=OTHER_VIN)

        with pytest.raises(VinTaken), store.begin() as work:
            work.vehicles.add(new_vehicle(owner, vin=VIN))
        with pytest.raises(VinTaken), store.begin() as work:
            work.vehicles.save(evolve(other, vin=VIN))

    def test_accepts_any_number_without_a_vin(self, store: Store) -> None:
        """Several vehicles may have no VIN."""
        owner = add_customer(store)

        first, second = add_vehicle(store, owner), add_vehicle(store, owner)

        assert first.id < second.id

    def test_removes_a_vehicle_without_tickets(self, store: Store) -> None:
        """A removed vehicle is not found, and its VIN is free."""
        owner = add_customer(store)
        added = add_vehicle(store, owner, vin=VIN)

        with store.begin() as work:
            work.vehicles.remove(added, LATER)

        with pytest.raises(VehicleNotFound), store.read_only() as work:
            work.vehicles.get(added.id)
        assert added.id < add_vehicle(store, owner, vin=VIN).id, "an id was reused"

    def test_refuses_to_remove_a_vehicle_with_a_ticket(self, store: Store) -> None:
        """A vehicle with a ticket cannot be removed, even if the ticket was."""
        owner = add_customer(store)
        vehicle = add_vehicle(store, owner, plate="STAYS")
        ticket = add_ticket(store, owner, vehicle=vehicle)

        with pytest.raises(VehicleInUse), store.begin() as work:
            work.vehicles.remove(vehicle, LATER)
        with store.begin() as work:
            work.tickets.save(ticket.mark_removed(LATER, started=False), new_entry())
        with pytest.raises(VehicleInUse), store.begin() as work:
            work.vehicles.remove(vehicle, LATER)

        assert ["STAYS"] == plates(store)

    def test_combines_filters(self, store: Store) -> None:
        """Owner, VIN and plate combine; VIN and plate match as a whole, in any case.

        Of a plate only letters and digits count.
        """
        ada, bo = add_customer(store), add_customer(store)
        add_vehicle(store, ada, vin=VIN, plate="Äb 1")
        add_vehicle(store, ada, plate="B 2")
        add_vehicle(store, bo, plate="b 2")

        assert ["Äb 1", "B 2", "b 2"] == plates(store)
        assert ["Äb 1", "B 2"] == plates(store, customer_id=ada.id)
        assert ["B 2", "b 2"] == plates(store, plate="b 2")
        assert ["Äb 1"] == plates(store, plate="äB 1")
        assert ["b 2"] == plates(store, plate="B 2", customer_id=bo.id)
        assert ["Äb 1"] == plates(store, vin=VIN.lower())
        assert [] == plates(store, vin=VIN, customer_id=bo.id)
        assert [] == plates(store, vin=VIN[:-1])
        assert [] == plates(store, plate="B")
        assert ["B 2", "b 2"] == plates(store, plate="B-2")
        assert [] == plates(store, plate="_ 2")
        assert [] == plates(store, plate="-")
        assert [] == plates(store, customer_id=2**63 - 1)

    @pytest.mark.parametrize(
        "q",
        [
            *("hon", "ACC hon", "quimby", "zelda accord", "1hgcm", "1HG CM8", "honda 1hgcm"),
            *("b-mw", "bmw1", "B MW 1", "mw quimby"),
        ],
    )
    def test_finds_the_beginnings_of_words(self, store: Store, q: str) -> None:
        """Each word of a search begins a word of the vehicle or of its owner's name.

        All of it may also begin the whole plate or VIN.
        """
        zelda = add_customer(store, name="Zélda Quimby", email="hidden@example.com")
        bo = add_customer(store, name="Bo", email="quimby@example.com")
        add_vehicle(store, zelda, plate="B-MW 1", make="Honda", model="Accord", vin=VIN)
        add_vehicle(store, bo, plate="W 1", make="Ford", model="Bm", vin=OTHER_VIN)

        assert ["B-MW 1"] == plates(store, q=q)
        assert ["B-MW 1"] == plates(store, q=q, customer_id=zelda.id)
        assert [] == plates(store, q="hidden")

    def test_finds_what_was_changed(self, store: Store) -> None:
        """A search finds the present words of a vehicle and of its owner only."""
        zelda, bo = add_customer(store, name="Zelda"), add_customer(store, name="Bo")
        vehicle = add_vehicle(store, zelda, plate="A 1", make="Honda")
        add_vehicle(store, zelda, plate="A 2")

        with store.begin() as work:
            saved = work.vehicles.save(evolve(vehicle, customer_id=bo.id, make="Ford"))
            work.customers.save(evolve(zelda, name="Orla"))
        queries = ("zelda", "orla", "bo", "honda", "ford", "a1")
        found = [plates(store, q=q) for q in queries]
        with store.begin() as work:
            work.customers.save(bo.erase(LATER))
            work.vehicle_lists.disown(bo.id, LATER)
        after = [plates(store, q=q) for q in queries]
        with store.begin() as work:
            work.vehicles.remove(work.vehicles.get(saved.id), LATER)

        assert [[], ["A 2"], ["A 1"], [], ["A 1"], ["A 1"]] == found
        assert [[], ["A 2"], [], [], [None], []] == after
        assert [] == plates(store, q="ford")
