"""Writing down, finding, correcting and striking out vehicles."""

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


def test_customers_write_down_their_own(premises: Premises) -> None:
    """
    A customer can only mean themselves, named or not.
    """
    premises.clock.advance(hours=1)

    car = premises.shop.add_vehicle(CLEO, VehicleForm(plate="9Z"))
    other = premises.shop.add_vehicle(CLEO, VehicleForm(customer_id=2, make="Honda"))

    assert (2, "9Z", premises.clock()) == (car.customer_id, car.plate, car.created_at)
    assert (2, "Honda") == (other.customer_id, other.make)


def test_nobody_writes_down_for_a_customer_who_is_not_there(premises: Premises) -> None:
    """
    Another customer might as well not exist; staff must name one who does.
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
def test_what_is_wrong_with_a_vehicle_is_told_at_once(
    premises: Premises, actor: Actor, owner: int | None
) -> None:
    """
    A wrong check digit and a wrong customer take one answer, not two.
    """
    strict = shop_on(premises.store, ManualClock(), strict_vin=True)

    with pytest.raises(RuleBroken) as refused:
        strict.add_vehicle(actor, VehicleForm(customer_id=owner, vin=WRONG))

    assert ["#/customer_id", "#/vin"] == [p.pointer for p in refused.value.problems]


def test_what_is_wrong_with_a_change_is_told_at_once(premises: Premises) -> None:
    """
    A sale to nobody with a mistyped VIN tells both.
    """
    strict = shop_on(premises.store, ManualClock(), strict_vin=True)

    with pytest.raises(RuleBroken) as refused:
        strict.change_vehicle(MECHANIC, CAR, lambda form: evolve(form, customer_id=99, vin=WRONG))

    assert ["#/customer_id", "#/vin"] == [p.pointer for p in refused.value.problems]


def test_a_vin_is_one_vehicle_s(premises: Premises) -> None:
    """
    Two vehicles never share a VIN, however it is typed.
    """
    with pytest.raises(VinTaken):
        premises.shop.add_vehicle(CLEO, VehicleForm(vin=VIN.lower()))


def test_customers_see_their_own_vehicles(premises: Premises) -> None:
    """
    Staff see all, customers theirs, and asking for another's finds nothing.
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


def test_another_s_vehicle_is_not_there(premises: Premises) -> None:
    """
    To a customer, others' vehicles and their history do not exist.
    """
    with pytest.raises(VehicleNotFound):
        premises.shop.read_vehicle(CLEO, CAR)
    with pytest.raises(VehicleNotFound):
        premises.shop.change_vehicle(CLEO, CAR, lambda form: form)
    with pytest.raises(VehicleNotFound):
        premises.shop.list_vehicle_tickets(CLEO, CAR, ALL)


def test_an_owner_mends_a_vehicle(premises: Premises) -> None:
    """
    What was written down can be corrected by whose it is.
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
    A vehicle goes to another customer by staff's hand, and only to one who is there.
    """

    def sold(form: VehicleForm) -> VehicleForm:
        return evolve(form, customer_id=2)

    with pytest.raises(RoleForbids):
        premises.shop.change_vehicle(CUSTOMER, CAR, sold)
    with pytest.raises(Unknown):
        premises.shop.change_vehicle(MECHANIC, CAR, lambda form: evolve(form, customer_id=99))

    assert 2 == premises.shop.change_vehicle(MECHANIC, CAR, sold).customer_id
    assert CAR == premises.shop.read_vehicle(CLEO, CAR).id


def test_a_vehicle_s_history_is_told_to_each_owner_apart(premises: Premises) -> None:
    """
    A new owner does not see what the former one had done; staff see all.
    """
    before = premises.open(vehicle_id=1)
    premises.shop.change_vehicle(MECHANIC, CAR, lambda form: evolve(form, customer_id=2))
    after = premises.open(customer_id=2, vehicle_id=1)
    told = premises.shop.list_vehicle_tickets

    assert (before.id, after.id) == tuple(t.id for t in told(MECHANIC, CAR, ALL).items)
    assert (after.id,) == tuple(t.id for t in told(CLEO, CAR, ALL).items)


def test_a_vehicle_on_a_ticket_is_not_removed(premises: Premises) -> None:
    """
    Only a vehicle that no ticket names can be struck out, even by a manager.
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


def test_a_strict_shop_checks_new_vins_only(premises: Premises) -> None:
    """
    A wrong check digit that is there already does not keep the rest from being mended.
    """
    car = premises.shop.add_vehicle(CLEO, VehicleForm(vin=WRONG))
    strict = shop_on(premises.store, ManualClock(), strict_vin=True)

    with pytest.raises(RuleBroken, match="#/vin"):
        strict.add_vehicle(CLEO, VehicleForm(vin="1HGCM82653A004352"))
    with pytest.raises(RuleBroken, match="#/vin"):
        strict.change_vehicle(CUSTOMER, CAR, lambda form: evolve(form, vin="2" + WRONG[1:]))
    assert 7 == strict.change_vehicle(CLEO, car.id, lambda f: evolve(f, odometer=7)).odometer
