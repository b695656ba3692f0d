"""Vehicles that change hands, over HTTP on both databases."""

from functools import partial
from typing import Any

import pytest
from attrs import field, frozen

from mechanic_adapters.conformance.samples.threads import in_parallel
from mechanic_core.customers.customer import Registration
from mechanic_core.errors import Refused
from mechanic_core.tickets.forms import TicketDraft
from mechanic_core.vehicles.ports import VehicleFilter
from mechanic_core.vehicles.vehicle import VehicleForm
from tests.integration.apps import ADA, BOB, CLEO, EVE, AppClient, open_client, settings_for
from tests.integration.databases import ALL, DatabaseShop, deadlocks_of
from tests.shops import MANAGER, MECHANIC
from tests.strategies import sample

VIN = "1HGCM82633A004352"
SCANNED = f"*I{VIN[:3]} {VIN[3:9].lower()}-{VIN[9:]}*"
WRONG = "3VWRL7AJ0AM123456"
"""Built in Mexico for Europe, so without a check digit."""


@frozen
class Desk:
    """A client of a shop, with the tokens of its people."""

    client: AppClient
    _tokens: dict[str, str] = field(factory=dict)

    def ask(self, who: str, method: str, path: str, body: Any = None) -> Any:
        """Return the status and the body of the response to one of the people."""
        if who not in self._tokens:
            self._tokens[who] = self.client.token(who)
        response = self.client.ask(method, path, self._tokens[who], body)
        return response.status_code, response.json if response.text else None

    def post(self, who: str, path: str, **body: Any) -> Any:
        """Return the status and the body of the response to a POST."""
        return self.ask(who, "POST", path, body)

    def items(self, who: str, path: str) -> list[dict[str, Any]]:
        """Return the items of a list."""
        status, page = self.ask(who, "GET", path)
        assert 200 == status
        found: list[dict[str, Any]] = page["items"]
        return found


@pytest.fixture
def desk(client: AppClient) -> Desk:
    """The desk of a shop where Ada is customer 1 and Cleo customer 2."""
    return Desk(client)


def own(desk: Desk, **more: Any) -> dict[str, Any]:
    """Return a vehicle that Ada adds, after a ticket for it."""
    status, vehicle = desk.post(ADA, "/vehicles", vin=VIN, plate="ADA 1", make="Honda", **more)
    assert 201 == status
    assert 201 == desk.post(ADA, "/service_tickets", description="Ada's", vin=VIN)[0]
    found: dict[str, Any] = vehicle
    return found


def test_the_desk_transfers_a_vehicle(desk: Desk) -> None:
    """
    F8: a VIN of somebody else is refused; the desk hears whose it is, and moves the vehicle.
    """
    car = own(desk)

    mine = desk.post(CLEO, "/vehicles", vin=VIN)
    theirs = desk.post(BOB, "/vehicles", customer_id=2, vin=VIN)
    moved = desk.post(BOB, "/vehicles", customer_id=2, vin=VIN, year=2003, transfer=True)
    again = desk.post(BOB, "/vehicles", customer_id=2, vin=VIN, transfer=True)

    assert (409, "vin-taken", None) == (mine[0], mine[1]["code"], mine[1].get("vehicle_id"))
    assert "ask the shop" in mine[1]["detail"]
    assert (409, car["id"], 1) == (theirs[0], theirs[1]["vehicle_id"], theirs[1]["customer_id"])
    shown = [moved[1][name] for name in ("id", "customer_id", "plate", "make", "year")]
    assert (200, [car["id"], 2, None, "Honda", 2003]) == (moved[0], shown)
    assert (200, moved[1]) == again


def test_a_transfer_is_replayed(desk: Desk) -> None:
    """
    F8: a transfer sent again with its Idempotency-Key gets the same 200, which has no Location.
    """
    own(desk)
    body, token = {"customer_id": 2, "vin": VIN, "transfer": True}, desk.client.token(BOB)

    first, second = (
        desk.client.ask("POST", "/vehicles", token, body, Idempotency_Key="sold") for _ in range(2)
    )

    assert (200, 200, first.json) == (first.status_code, second.status_code, second.json)
    assert [None, "true"] == [one.headers.get("Idempotency-Replayed") for one in (first, second)]
    assert [None] * 2 == [one.headers.get("Location") for one in (first, second)]


def test_the_former_owner_keeps_their_tickets(desk: Desk) -> None:
    """
    F8: each owner sees their own tickets, with the vehicle as it was; staff see one history.
    """
    car = own(desk)
    path = f"/vehicles/{car['id']}"
    assert 200 == desk.post(BOB, "/vehicles", customer_id=2, vin=VIN, transfer=True)[0]
    desk.post(CLEO, "/service_tickets", description="Cleo's", vin=VIN)

    assert 404 == desk.ask(ADA, "GET", path)[0]
    assert [("Ada's", "ADA 1")] == [
        (one["description"], one["vehicle"]["plate"]) for one in desk.items(ADA, "/my-tickets")
    ]
    histories = [desk.items(who, f"{path}/service_tickets") for who in (CLEO, BOB)]
    assert [["Cleo's"], ["Ada's", "Cleo's"]] == [
        [one["description"] for one in history] for history in histories
    ]


def test_a_ticket_transfers_a_vehicle(desk: Desk) -> None:
    """
    F8: opening and changing a ticket move the vehicle too, by VIN or id; the last owner has it.
    """
    car, ticket = own(desk), {"description": "Grinds"}

    refused = desk.post(BOB, "/service_tickets", customer_id=2, vin=VIN, **ticket)
    opened = desk.post(BOB, "/service_tickets", customer_id=2, vin=VIN, transfer=True, **ticket)
    path = f"/service_tickets/{desk.post(ADA, '/service_tickets', **ticket)[1]['id']}"
    taken = desk.ask(BOB, "PATCH", path, {"vin": VIN})
    unknown = desk.ask(BOB, "PATCH", path, {"vehicle_id": car["id"]})
    changed = desk.ask(BOB, "PATCH", path, {"vehicle_id": car["id"], "transfer": True})

    assert (409, 1) == (refused[0], refused[1]["customer_id"])
    assert (201, car["id"], None) == (
        opened[0],
        opened[1]["vehicle"]["id"],
        opened[1]["vehicle"]["plate"],
    )
    assert (409, 2, 422) == (taken[0], taken[1]["customer_id"], unknown[0])
    assert (200, car["id"]) == (changed[0], changed[1]["vehicle"]["id"])
    assert 1 == desk.ask(BOB, "GET", f"/vehicles/{car['id']}")[1]["customer_id"]


def test_customers_transfer_nothing(desk: Desk) -> None:
    """
    F8: what only staff may insist on is 403 for customers, and nothing of it happens.
    """
    car = own(desk)
    path = f"/vehicles/{car['id']}"

    asked = [
        desk.post(CLEO, "/vehicles", vin=VIN, transfer=True),
        desk.post(CLEO, "/service_tickets", vin=VIN, description="Mine", transfer=True),
        desk.post(CLEO, "/vehicles", vin=WRONG, vin_confirmed=True),
        desk.ask(ADA, "PATCH", path, {"odometer": 5, "odometer_correction": True}),
    ]

    assert ["role-forbids"] * 4 == [problem["code"] for _, problem in asked]
    assert 1 == desk.ask(BOB, "GET", path)[1]["customer_id"]
    assert [car] == desk.items(BOB, "/vehicles")


def test_guessing_vins_counts_as_failed_logins(url: str) -> None:
    """
    F8: a customer cannot try VINs without end; the desk can.
    """
    with open_client(settings_for(url, login_rate_limit="3/minute")) as client:
        desk = Desk(client)
        own(desk)
        cleo = [desk.post(CLEO, "/vehicles", vin=VIN)[0] for _ in range(4)]
        bob = [desk.post(BOB, "/vehicles", vin=VIN, customer_id=2)[0] for _ in range(4)]

    assert ([409, 409, 409, 429], [409] * 4) == (cleo, bob)


@pytest.mark.parametrize("path", ["/vehicles", "/service_tickets"])
def test_an_erased_customers_vin_is_free(desk: Desk, path: str) -> None:
    """
    F8: the vehicle of an erased customer becomes that of the next who enters its VIN.

    It has the same id, so that staff see one history; nothing of the former owner shows.
    """
    car = own(desk, odometer=120_000)
    (ticket,) = desk.items(ADA, "/my-tickets")
    desk.ask(EVE, "POST", f"/service_tickets/{ticket['id']}/transitions", {"to": "cancelled"})
    assert 204 == desk.ask(EVE, "DELETE", "/customers/1")[0]
    ownerless = desk.ask(BOB, "GET", f"/vehicles/{car['id']}")[1]
    assert (None, None, VIN) == tuple(ownerless[name] for name in ("customer_id", "plate", "vin"))

    status, _ = desk.post(
        CLEO, path, vin=VIN, **({} if path == "/vehicles" else {"description": "Cleo's"})
    )

    assert 201 == status
    (found,) = desk.items(CLEO, "/vehicles")
    assert (car["id"], 2, None) == tuple(found[name] for name in ("id", "customer_id", "plate"))
    mine, all_ = (
        [one["customer_id"] for one in desk.items(who, f"/vehicles/{car['id']}/service_tickets")]
        for who in (CLEO, BOB)
    )
    assert (mine, [1, *mine]) == ([] if path == "/vehicles" else [2], all_)
    changes = [
        one["changes"]
        for one in desk.ask(EVE, "GET", "/events?type=vehicle.changed")[1]["items"]
        if one["subject"] == f"/vehicles/{car['id']}"
    ]
    assert [["customer_id", "plate"], ["customer_id"]] == changes


def test_vins_of_scanners_are_taken(desk: Desk) -> None:
    """
    Friction, VINs of scanners: they are stored, found and compared without what is around them.
    """
    car = desk.post(ADA, "/vehicles", vin=SCANNED)[1]
    ticket = desk.post(ADA, "/service_tickets", vin=SCANNED, description="Grinds")[1]
    found = desk.items(BOB, f"/vehicles?vin={SCANNED.replace(' ', '%20')}")

    assert (VIN, car["id"], [car]) == (car["vin"], ticket["vehicle"]["id"], found)


def test_staff_insist_on_a_vin(url: str) -> None:
    """
    F15: under STRICT_VIN a VIN without a check digit is 422, unless the desk insists.
    """
    with open_client(settings_for(url, strict_vin=True)) as client:
        desk = Desk(client)
        vehicle, ticket = {"customer_id": 1, "vin": WRONG}, {"description": "Grinds"}
        refused = [
            desk.post(BOB, "/vehicles", **vehicle),
            desk.post(BOB, "/service_tickets", **vehicle, **ticket),
            desk.post(ADA, "/vehicles", vin=WRONG),
        ]
        car = desk.post(ADA, "/vehicles", vin=VIN)[1]
        taken = [
            desk.ask(
                BOB,
                "PATCH",
                f"/vehicles/{car['id']}",
                {"vin": "1" + WRONG[1:], "vin_confirmed": True},
            ),
            desk.post(BOB, "/vehicles", **vehicle, vin_confirmed=True),
            desk.post(BOB, "/service_tickets", **vehicle, **ticket),
            desk.post(
                BOB,
                "/service_tickets",
                customer_id=1,
                vin="4" + WRONG[1:],
                vin_confirmed=True,
                **ticket,
            ),
        ]

    assert [(422, "#/vin")] * 3 == [
        (status, problem["errors"][0]["pointer"]) for status, problem in refused
    ]
    assert [200, 201, 201, 201] == [status for status, _ in taken]


def test_no_transfer_is_lost_in_a_race(database_shop: DatabaseShop) -> None:
    """
    F8: of transfers and erasures at once each is done in turn: one vehicle, owned by a customer.
    """
    shop = database_shop.shop
    vins = [VIN, "1M8GDM9AXKP042788"]
    heir = shop.register_customer(MANAGER, sample(Registration, email="heir@x.example"))
    owners = [1, heir.id]
    for owner, vin in zip(owners, vins, strict=True):
        shop.add_vehicle(MECHANIC, VehicleForm(customer_id=owner, vin=vin))

    def transfer(owner: int, vin: str) -> object:
        form = VehicleForm(customer_id=owner, vin=vin)
        return shop.add_vehicle(MECHANIC, form, transfer=True)

    def bring(owner: int, vin: str) -> object:
        draft = sample(TicketDraft, customer_id=owner, vin=vin, transfer=True, odometer=owner)
        return shop.open_ticket(MECHANIC, draft)

    outcomes = in_parallel(
        *(partial(transfer, owner, vin) for owner in owners for vin in vins),
        *(partial(bring, owner, vin) for owner in owners for vin in vins),
    )

    assert {"done", "odometer-fell"} >= {
        one.code if isinstance(one, Refused) else "done" for one in outcomes
    }
    cars = shop.list_vehicles(MANAGER, VehicleFilter(), ALL).items
    assert sorted(vins) == sorted(str(car.vin) for car in cars)
    for car in cars:
        assert car.customer_id in owners
        log = shop.list_odometer(MANAGER, car.id, ALL).items
        values = [reading.value for reading in log]
        assert (sorted(values), car.odometer) == (values, values[-1] if values else None)
    assert 0 == deadlocks_of(database_shop.url)
