"""Add, list, change and remove vehicles."""

import pytest
from attrs import evolve

from mechanic_core.access import Actor, Role, RoleForbids
from mechanic_core.errors import RuleBroken, Unknown
from mechanic_core.paging import Page, PageRequest
from mechanic_core.tickets.workflow import Status
from mechanic_core.vehicles.ports import VehicleFilter
from mechanic_core.vehicles.vehicle import (
    VehicleChanged,
    VehicleForm,
    VehicleId,
    VehicleInUse,
    VehicleNotFound,
    VinTaken,
)
from tests.shops import CUSTOMER, MANAGER, MECHANIC, ManualClock, shop_on
from tests.unit.core.conftest import ALL, Premises

CLEO = Actor(Role.CUSTOMER, 2)
CAR = VehicleId(1)
VIN = "1HGCM82633A004352"
WRONG = "1HGCM82643A004352"


def test_customers_add_their_own_vehicles(premises: Premises) -> None:
    """
    A customer's vehicle is their own, with or without their id.
    """
    premises.clock.advance(hours=1)

    car = premises.shop.add_vehicle(CLEO, VehicleForm(plate="9Z"))
    other = premises.shop.add_vehicle(CLEO, VehicleForm(customer_id=2, make="Honda"))

    assert (2, "9Z", premises.clock()) == (car.customer_id, car.plate, car.created_at)
    assert (2, "Honda") == (other.customer_id, other.make)


def test_an_unknown_owner_is_refused(premises: Premises) -> None:
    """
    To a customer, others do not exist; staff must name one who does.
    """
    for actor, owner in ((CLEO, 1), (MECHANIC, 99)):
        with pytest.raises(Unknown, match="#/customer_id"):
            premises.shop.add_vehicle(actor, VehicleForm(customer_id=owner))
    with pytest.raises(RuleBroken, match="#/customer_id: is required"):
        premises.shop.add_vehicle(MECHANIC, VehicleForm())


@pytest.mark.parametrize(
    ("actor", "owner"),
    [(MECHANIC, None), (MECHANIC, 99), (CLEO, 1)],
    ids=["missing", "unknown", "another"],
)
def test_all_problems_of_a_new_vehicle_are_reported_at_once(
    premises: Premises, actor: Actor, owner: int | None
) -> None:
    """
    A wrong check digit and an unknown customer are reported together.
    """
    strict = shop_on(premises.store, ManualClock(), strict_vin=True)

    with pytest.raises(RuleBroken) as refused:
        strict.add_vehicle(actor, VehicleForm(customer_id=owner, vin=WRONG))

    assert ["#/customer_id", "#/vin"] == [p.pointer for p in refused.value.problems]


def test_all_problems_of_a_change_are_reported_at_once(premises: Premises) -> None:
    """
    An unknown owner and a wrong check digit are reported together.
    """
    strict = shop_on(premises.store, ManualClock(), strict_vin=True)

    with pytest.raises(RuleBroken) as refused:
        strict.change_vehicle(MECHANIC, CAR, lambda form: evolve(form, customer_id=99, vin=WRONG))

    assert ["#/customer_id", "#/vin"] == [p.pointer for p in refused.value.problems]


def test_a_vin_is_unique(premises: Premises) -> None:
    """
    Two vehicles never share a VIN, in any case.
    """
    with pytest.raises(VinTaken):
        premises.shop.add_vehicle(CLEO, VehicleForm(vin=VIN.lower()))


def test_customers_see_their_own_vehicles(premises: Premises) -> None:
    """
    Staff see all vehicles, customers their own; a filter for another customer finds nothing.
    """
    mine = premises.shop.add_vehicle(CLEO, VehicleForm(plate="9Z"))
    find = premises.shop.list_vehicles

    assert [1, 2] == [car.id for car in find(MECHANIC, VehicleFilter(), ALL).items]
    assert (mine,) == find(CLEO, VehicleFilter(), ALL).items
    assert Page((), total=0) == find(
        CLEO, VehicleFilter(customer_id=1), PageRequest(with_total=True)
    )
    assert () == find(CLEO, VehicleFilter(vin=VIN), ALL).items
    assert [1] == [car.id for car in find(CUSTOMER, VehicleFilter(vin=VIN.lower()), ALL).items]
    assert [1] == [car.id for car in find(MECHANIC, VehicleFilter(plate="7a"), ALL).items]


def test_another_customers_vehicle_looks_missing(premises: Premises) -> None:
    """
    To a customer, others' vehicles and their tickets do not exist.
    """
    with pytest.raises(VehicleNotFound):
        premises.shop.read_vehicle(CLEO, CAR)
    with pytest.raises(VehicleNotFound):
        premises.shop.change_vehicle(CLEO, CAR, lambda form: form)
    with pytest.raises(VehicleNotFound):
        premises.shop.list_vehicle_tickets(CLEO, CAR, ALL)


def test_an_owner_changes_a_vehicle(premises: Premises) -> None:
    """
    Owners may change their vehicles.
    """
    after = premises.shop.change_vehicle(
        CUSTOMER, CAR, lambda form: evolve(form, odometer=5), expected=1
    )

    assert (5, VIN, 2) == (after.odometer, after.vin, after.version)
    assert after == premises.shop.read_vehicle(CUSTOMER, CAR)
    with pytest.raises(VehicleChanged):
        premises.shop.change_vehicle(CUSTOMER, CAR, lambda form: form, expected=1)


def test_only_staff_change_an_owner(premises: Premises) -> None:
    """
    Only staff may change the owner of a vehicle, and only to an existing customer.
    """

    def sold(form: VehicleForm) -> VehicleForm:
        return evolve(form, customer_id=2)

    with pytest.raises(RoleForbids):
        premises.shop.change_vehicle(CUSTOMER, CAR, sold)
    with pytest.raises(Unknown):
        premises.shop.change_vehicle(MECHANIC, CAR, lambda form: evolve(form, customer_id=99))

    assert 2 == premises.shop.change_vehicle(MECHANIC, CAR, sold).customer_id
    assert CAR == premises.shop.read_vehicle(CLEO, CAR).id


def test_each_owner_sees_their_own_tickets_of_a_vehicle(premises: Premises) -> None:
    """
    A new owner does not see the tickets of the former one; staff see all.
    """
    before = premises.open(vehicle_id=1)
    premises.shop.change_vehicle(MECHANIC, CAR, lambda form: evolve(form, customer_id=2))
    after = premises.open(customer_id=2, vehicle_id=1)
    list_tickets = premises.shop.list_vehicle_tickets

    assert (before.id, after.id) == tuple(t.id for t in list_tickets(MECHANIC, CAR, ALL).items)
    assert (after.id,) == tuple(t.id for t in list_tickets(CLEO, CAR, ALL).items)


def test_a_vehicle_on_a_ticket_is_not_removed(premises: Premises) -> None:
    """
    Only a vehicle without tickets can be removed, even by a manager.
    """
    unused = premises.shop.add_vehicle(CLEO, VehicleForm())
    premises.go(premises.open(vehicle_id=1), Status.CANCELLED)

    with pytest.raises(VehicleInUse):
        premises.shop.remove_vehicle(MANAGER, CAR)
    with pytest.raises(VehicleChanged):
        premises.shop.remove_vehicle(MANAGER, unused.id, expected=9)
    premises.shop.remove_vehicle(MANAGER, unused.id)

    with pytest.raises(VehicleNotFound):
        premises.shop.remove_vehicle(MANAGER, unused.id)


def test_strict_mode_checks_new_vins_only(premises: Premises) -> None:
    """
    A stored VIN with a wrong check digit does not block other changes.
    """
    car = premises.shop.add_vehicle(CLEO, VehicleForm(vin=WRONG))
    strict = shop_on(premises.store, ManualClock(), strict_vin=True)

    with pytest.raises(RuleBroken, match="#/vin"):
        strict.add_vehicle(CLEO, VehicleForm(vin="1HGCM82653A004352"))
    with pytest.raises(RuleBroken, match="#/vin"):
        strict.change_vehicle(CUSTOMER, CAR, lambda form: evolve(form, vin="2" + WRONG[1:]))
    assert 7 == strict.change_vehicle(CLEO, car.id, lambda f: evolve(f, odometer=7)).odometer
