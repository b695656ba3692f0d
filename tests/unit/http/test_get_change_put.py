"""GET, change, PUT: a body may be all that GET gave, with changes in it."""

from collections.abc import Iterator
from typing import Any

import pytest

from mechanic_core.access import Actor
from mechanic_http.endpoint.route import Route
from mechanic_http.routes import ROUTES
from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.unit.http.shop import Client, client

TICKET = "/service_tickets/1"
OTHER_VIN = "11111111111111111"


def replaceable() -> Iterator[Any]:
    """Yield each resource that has GET and a PUT of what GET gives, with each role that may PUT."""
    for route in ROUTES:
        put = route.operations.get("PUT")
        if put and put.signature.replaces and "GET" in route.operations:
            for actor in (CUSTOMER, MECHANIC, MANAGER):
                if put.policy.allows(actor, actor.id):
                    yield pytest.param(route, actor, id=f"{route.template} by {actor.role}")


REPLACEABLE = list(replaceable())


def furnished() -> Client:
    """Return a shop with a vehicle, a part and a ticket that have members of every kind."""
    shop = client()
    shop.premises.open(vehicle_id=1)
    part, labor = {"part_id": 1, "quantity": 1.5}, {"description": "Fit", "hours": 1.25, "rate": 80}
    shop.ask("POST", f"{TICKET}/parts", part, MECHANIC)
    shop.ask("POST", f"{TICKET}/labor", labor | {"mechanic_id": 2}, MECHANIC)
    return shop


def address_of(route: Route, actor: Actor) -> str:
    """Return the path of a record that *actor* may change."""
    ids = route.operations["PUT"].signature.ids
    return route.template.format_map({name: actor.id if "mechanic" in name else 1 for name in ids})


def other(value: Any) -> Any:
    """Return another value of the same kind, as near as possible."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 0.5
        case str():
            return value[:-1] + ("8" if value[-1:] == "7" else "7")
        case list():
            return value[1:] or [{}]
        case dict():
            return value | {"unknown": None}
        case _:
            return ""


@pytest.mark.parametrize(("route", "actor"), REPLACEABLE)
def test_put_of_what_get_gave_changes_nothing(route: Route, actor: Actor) -> None:
    """
    Friction: PUT of exactly what GET gave is 200 for every resource and role; the version stays.
    """
    shop, address = furnished(), address_of(route, actor)
    shown = shop.get(address, actor)
    shop.premises.clock.advance(hours=1)

    found = shop.ask("PUT", address, shown.json, actor, {"If-Match": shown.headers["etag"]})

    assert (200, shown.json, shown.headers["etag"]) == (
        found.status_code,
        found.json,
        found.headers["etag"],
    )


@pytest.mark.parametrize(("route", "actor"), REPLACEABLE)
def test_another_value_of_a_read_only_member_is_refused(route: Route, actor: Actor) -> None:
    """
    Friction: each read-only member with another value is 422 with its pointer; nothing changes.
    """
    shop, address = furnished(), address_of(route, actor)
    shown = shop.get(address, actor).json
    read_only = [name for name in shown if name in route.operations["PUT"].signature.read_only]

    for name in read_only:
        found = shop.ask("PUT", address, shown | {name: other(shown[name])}, actor)

        errors = [{"pointer": f"#/{name}", "detail": "is read-only"}]
        assert (name, 422, errors) == (name, found.status_code, found.json.get("errors"))
    assert bool(read_only) is ("id" in shown)
    assert shown == shop.get(address, actor).json


def test_reports_read_only_members_with_all_other_problems() -> None:
    """
    Friction: unknown members, broken rules and changed read-only members are reported together.
    """
    shop = furnished()
    body = shop.get("/inventory/1").json | {"id": True, "colour": 1, "price": -1, "available": 3}

    found = shop.ask("PUT", "/inventory/1", body, MECHANIC)

    assert [
        ("#/price", "must be from 0 to 99999999.99"),
        ("#/colour", "is not a known field"),
        ("#/id", "is read-only"),
        ("#/available", "is read-only"),
    ] == [(one["pointer"], one["detail"]) for one in found.json["errors"]]


def test_changes_what_was_changed_in_the_copy() -> None:
    """
    Friction: a client changes one member of what GET gave, and nothing else changes.
    """
    shop = furnished()
    shown = shop.get("/inventory/1").json

    found = shop.ask("PUT", "/inventory/1", shown | {"name": "Brake pad, rear"}, MECHANIC)

    changed = {name for name, value in found.json.items() if value != shown[name]}
    assert {"name", "updated_at"} >= changed > set()


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ("2026-03-02T12:00:00+00:00", 200),
        ("2026-03-02T12:00:00Z", 200),
        ("2026-03-02T13:00:00+01:00", 200),
        ("2026-03-02T12:00:00", 422),
        ("2026-03-02T12:00:00.000001Z", 422),
        ("noon", 422),
    ],
)
def test_a_moment_may_be_written_in_another_form(written: str, status: int) -> None:
    """
    Friction: programs parse moments and format them again; the same moment is no other value.
    """
    shop = furnished()
    shown = shop.get("/customers/1", CUSTOMER).json
    assert "2026-03-02T12:00:00.000000Z" == shown["created_at"]

    body = shown | {"created_at": written}
    assert status == shop.ask("PUT", "/customers/1", body, CUSTOMER).status_code


def test_other_methods_take_no_read_only_members() -> None:
    """
    POST and PATCH refuse a member that only responses have.
    """
    shop = furnished()
    shown = shop.get("/vehicles/1", CUSTOMER).json

    assert [422, 422] == [
        shop.ask("POST", "/vehicles", shown, CUSTOMER).status_code,
        shop.ask("PATCH", "/vehicles/1", {"vin_check": shown["vin_check"]}, CUSTOMER).status_code,
    ]


def test_a_ticket_keeps_its_vehicle_as_it_was() -> None:
    """
    Friction: the vehicle that GET showed stays, also without a VIN and after it was sold.
    """
    shop = furnished()
    shop.ask("PATCH", "/vehicles/1", {"customer_id": 2, "plate": "SOLD"}, MECHANIC)
    nameless = shop.ask("POST", "/vehicles", {"customer_id": 1, "plate": "N1"}, MECHANIC).json["id"]
    shop.ask("POST", "/service_tickets", {"customer_id": 1, "description": "D"}, MECHANIC)
    second = shop.get("/service_tickets?customer_id=1", MECHANIC).json["items"][-1]["id"]
    shop.ask("PATCH", f"/service_tickets/{second}", {"vehicle_id": nameless}, MECHANIC)

    for address in (TICKET, f"/service_tickets/{second}"):
        shown = shop.get(address, MECHANIC).json
        found = shop.ask("PUT", address, shown | {"description": "Squeaks"}, MECHANIC)

        assert (200, "Squeaks", shown["vehicle"]) == (
            found.status_code,
            found.json["description"],
            found.json["vehicle"],
        )


def test_another_vin_sets_another_vehicle() -> None:
    """
    A changed `vin` beside the `vehicle` that GET gave still sets the vehicle; null removes it.
    """
    shop = furnished()
    shown = shop.get(TICKET, MECHANIC).json

    found = shop.ask("PUT", TICKET, shown | {"vin": OTHER_VIN}, MECHANIC)
    removed = shop.ask("PUT", TICKET, found.json | {"vin": None}, MECHANIC)

    assert (200, OTHER_VIN, OTHER_VIN) == (
        found.status_code,
        found.json["vin"],
        found.json["vehicle"]["vin"],
    )
    assert (200, None) == (removed.status_code, removed.json["vehicle"])


@pytest.mark.parametrize("vehicle", ["x", 1, [], {"vin": "1HGCM82633A004352"}])
def test_another_vehicle_is_refused(vehicle: Any) -> None:
    """
    `vehicle` is read-only: a vehicle is set by `vin` or `vehicle_id`.
    """
    shop = furnished()
    shown = shop.get(TICKET, MECHANIC).json

    found = shop.ask("PUT", TICKET, shown | {"vehicle": vehicle}, MECHANIC)

    assert (422, "#/vehicle is read-only") == (found.status_code, found.json["detail"])


def test_a_mechanic_learns_no_salary() -> None:
    """
    The comparison uses what the caller sees: a hidden member never tells its value.
    """
    shop = furnished()
    shop.ask("PATCH", "/mechanics/2", {"salary": 50_000}, MANAGER)
    shown = shop.get("/mechanics/2", MECHANIC).json

    guesses = [shown | {"salary": guess} for guess in (50_000, 50_001)]
    assert [403, 403] == [
        shop.ask("PUT", "/mechanics/2", body, MECHANIC).status_code for body in guesses
    ]
