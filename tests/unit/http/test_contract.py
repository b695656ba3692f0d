"""Every route of the contract, asked by somebody who may: its status and what it says."""

import functools
from typing import Any

import pytest
from attrs import field, frozen

from mechanic_core.access import Actor
from mechanic_http.routes import DOCUMENTED
from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.unit.http.shop import ANONYMOUS, SETTINGS, Client, client, restored, with_content

WHO = {"email": "ada@example.com", "password": "correct horse battery"}
BOB = {"email": "bob@shop.example", "password": "correct horse battery"}
TICKET = {"customer_id": 1, "description": "Grinds", "vin": "1HGCM82633A004352"}
LABOR = {"description": "Replace pads", "hours": 1.5, "rate": "80.00", "mechanic_id": 2}


@frozen
class Asked:
    """One request that the contract answers, and its success."""

    method: str
    path: str
    actor: Actor
    status: int
    body: Any = None
    tells: dict[str, Any] = field(factory=dict)


CONTRACT = (
    Asked("POST", "/login", ANONYMOUS, 200, WHO, {"token_type": "Bearer", "expires_in": 1800}),
    Asked("POST", "/mechanics/login", ANONYMOUS, 200, BOB, {"token_type": "Bearer"}),
    Asked("POST", "/logout", CUSTOMER, 204),
    Asked("GET", "/me", MECHANIC, 200, None, {"id": 2, "role": "mechanic", "name": "Bob"}),
    Asked(
        "PUT",
        "/me/password",
        CUSTOMER,
        204,
        {"current_password": WHO["password"], "new_password": "another good one"},
    ),
    Asked("GET", "/.well-known/jwks.json", ANONYMOUS, 200, None, {"keys": []}),
    Asked(
        "POST",
        "/customers",
        ANONYMOUS,
        201,
        {"name": "Di", **WHO, "email": "d@x.example"},
        {"id": 3},
    ),
    Asked("GET", "/customers?q=ada", MECHANIC, 200, None, {"page": 1, "has_more": False}),
    Asked("GET", "/customers/1", CUSTOMER, 200, None, {"id": 1, "phone": None}),
    Asked(
        "PUT", "/customers/1", CUSTOMER, 200, {"name": "A", "email": "a@x.example"}, {"name": "A"}
    ),
    Asked("PATCH", "/customers/1", MECHANIC, 200, {"phone": "555-0100"}, {"phone": "555-0100"}),
    Asked("DELETE", "/customers/2", MANAGER, 204),
    Asked("GET", "/my-tickets", CUSTOMER, 200, None, {"per_page": 20, "next_cursor": None}),
    Asked("POST", "/vehicles", CUSTOMER, 201, {"plate": "8B"}, {"id": 3, "customer_id": 1}),
    Asked("GET", "/vehicles?plate=7a&customer_id=1", MECHANIC, 200, None, {"has_more": False}),
    Asked("GET", "/vehicles/1", CUSTOMER, 200, None, {"vin_check": "valid", "plate": "7A"}),
    Asked("PUT", "/vehicles/1", CUSTOMER, 200, {"year": 2003}, {"year": 2003, "plate": None}),
    Asked("PATCH", "/vehicles/1", CUSTOMER, 200, {"year": 2003}, {"year": 2003, "plate": "7A"}),
    Asked("DELETE", "/vehicles/2", MANAGER, 204),
    Asked("GET", "/vehicles/1/service_tickets", CUSTOMER, 200, None, {"page": 1}),
    Asked("GET", "/mechanics", ANONYMOUS, 200, None, {"page": 1}),
    Asked("GET", "/mechanics/2", ANONYMOUS, 200, None, {"name": "Bob", "specialty": None}),
    Asked("POST", "/mechanics", MANAGER, 201, {"name": "Di", **WHO}, {"id": 3, "role": "mechanic"}),
    Asked(
        "PUT", "/mechanics/2", MANAGER, 200, {"name": "B", "email": "b@x.example"}, {"name": "B"}
    ),
    Asked("PATCH", "/mechanics/2", MECHANIC, 200, {"specialty": "brakes"}, {"specialty": "brakes"}),
    Asked("GET", "/mechanics/2/worked?from=2026-01-01", MECHANIC, 200, None, {"page": 1}),
    Asked("DELETE", "/mechanics/2", MANAGER, 204),
    Asked("GET", "/mechanics/leaderboard?limit=1&to=2027-01-01", ANONYMOUS, 200),
    Asked("POST", "/service_tickets", MECHANIC, 201, TICKET, {"id": 3, "status": "open"}),
    Asked("GET", "/service_tickets?status=open&customer_id=1", MECHANIC, 200, None, {"page": 1}),
    Asked("GET", "/service_tickets/1", CUSTOMER, 200, None, {"vin": None}),
    Asked("PUT", "/service_tickets/1", MECHANIC, 200, {"description": "D"}, {"description": "D"}),
    Asked("PATCH", "/service_tickets/1", MECHANIC, 200, {"service_date": "2026-05-01"}),
    Asked("DELETE", "/service_tickets/1", MANAGER, 204),
    Asked("PUT", "/service_tickets/1/edit", MECHANIC, 200, {"add_ids": [1], "remove_ids": [2]}),
    Asked("PUT", "/service_tickets/1/mechanics/1", MECHANIC, 200),
    Asked("DELETE", "/service_tickets/1/mechanics/2", MECHANIC, 200, None, {"mechanics": []}),
    Asked("GET", "/service_tickets/1/transitions", CUSTOMER, 200, None, {"status": "open"}),
    Asked("POST", "/service_tickets/1/transitions", MECHANIC, 200, {"to": "in_progress"}),
    Asked("GET", "/service_tickets/1/history", CUSTOMER, 200, None, {"page": 1}),
    Asked(
        "POST",
        "/service_tickets/1/parts",
        MECHANIC,
        201,
        {"part_id": 1, "quantity": 1.5},
        {"quantity": 1.5, "unit_price": 19.99, "amount": 29.98},
    ),
    Asked("PATCH", "/service_tickets/2/parts/1", MECHANIC, 200, {"quantity": 3}, {"quantity": 3}),
    Asked("DELETE", "/service_tickets/2/parts/1", MECHANIC, 204),
    Asked("POST", "/service_tickets/1/labor", MECHANIC, 201, LABOR, {"amount": 120}),
    Asked("PATCH", "/service_tickets/2/labor/1", MECHANIC, 200, {"rate": 10.1}, {"amount": 15.15}),
    Asked("DELETE", "/service_tickets/2/labor/1", MECHANIC, 204),
    Asked("GET", "/inventory?q=pad&sku=PAD", ANONYMOUS, 200, None, {"page": 1}),
    Asked("GET", "/inventory?low_stock=true", MECHANIC, 200, None, {"page": 1}),
    Asked("GET", "/inventory/1", ANONYMOUS, 200, None, {"price": 19.99, "available": 8}),
    Asked("POST", "/inventory", MECHANIC, 201, {"name": "Oil", "price": 7}, {"id": 3}),
    Asked("PUT", "/inventory/1", MECHANIC, 200, {"name": "Pad", "price": 1.1}, {"quantity": 10}),
    Asked("PATCH", "/inventory/1", MECHANIC, 200, {"quantity": 5.5}, {"available": 3.5}),
    Asked("DELETE", "/inventory/2", MECHANIC, 204),
    Asked("GET", "/inventory/1/movements", MECHANIC, 200, None, {"page": 1}),
    Asked(
        "POST",
        "/inventory/1/movements",
        MECHANIC,
        201,
        {"kind": "receive", "quantity": 2, "note": "new"},
        {"on_hand_change": 2, "on_hand_after": 12, "ticket_id": None},
    ),
)


def busy() -> Client:
    """Return a client of a shop with an untouched ticket, one with two lines, and spare things."""
    return restored(*_busy())


@functools.cache
def _busy() -> tuple[Client, object]:
    found = client(SETTINGS)
    found.premises.open()
    found.premises.open()
    for asked in (
        Asked("POST", "/service_tickets/2/parts", MECHANIC, 201, {"part_id": 1, "quantity": 2}),
        Asked("POST", "/service_tickets/2/labor", MECHANIC, 201, LABOR),
        Asked("POST", "/vehicles", MECHANIC, 201, {"customer_id": 1}),
        Asked("POST", "/inventory", MECHANIC, 201, {"name": "Rag", "price": 0, "sku": "RAG"}),
    ):
        assert (
            asked.status == found.ask(asked.method, asked.path, asked.body, asked.actor).status_code
        )
    return with_content(found)


@pytest.mark.parametrize("asked", CONTRACT, ids=lambda asked: f"{asked.method} {asked.path}")
def test_answers_as_the_contract_says(asked: Asked) -> None:
    """
    Whoever may ask gets the success that the contract names, and what it tells.
    """
    line = busy()

    found = line.ask(asked.method, asked.path, asked.body, asked.actor)

    assert asked.status == found.status_code, found.text
    assert asked.tells.items() <= (found.json or {}).items()


def test_names_every_route_of_the_contract() -> None:
    """
    The table above asks every route that is served; refreshing has a test of its own.
    """
    served = {(method, route.template) for route in DOCUMENTED for method in route.operations}
    asked = {(asked.method, template_of(asked.path)) for asked in CONTRACT}

    assert served - {("POST", "/token/refresh")} == asked


def template_of(path: str) -> str:
    """Return the template that a path of the table belongs to."""
    bare = path.partition("?")[0].split("/")
    for route in DOCUMENTED:
        steps = route.template.split("/")
        if len(bare) == len(steps) and all(
            step == own or (step.startswith("{") and own.isdigit())
            for step, own in zip(steps, bare, strict=True)
        ):
            return route.template
    return path


def test_refreshes_tokens_once() -> None:
    """
    A refresh token gives one new pair; used again it is refused, and so is the new one.
    """
    line = client()
    first = line.ask("POST", "/login", WHO).json["refresh_token"]

    second = line.ask("POST", "/token/refresh", {"refresh_token": first})
    again = line.ask("POST", "/token/refresh", {"refresh_token": first})
    after = line.ask("POST", "/token/refresh", {"refresh_token": second.json["refresh_token"]})

    assert [200, 401, 401] == [r.status_code for r in (second, again, after)]
