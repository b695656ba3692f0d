"""Policies by route, role and ownership: declared as the contract says, and enforced."""

import re
from typing import Any, Final

import pytest

from mechanic_core.access import Actor, Policy, Role
from mechanic_core.mechanics.mechanic import Hiring
from mechanic_http.routes import ROUTES
from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.strategies import sample
from tests.unit.http.access_matrix import WHO
from tests.unit.http.shop import ANONYMOUS, OTHER, Client
from tests.unit.http.test_contract import CONTRACT, RequestCase, client_with_records, template_of

OTHER_MECHANIC: Final = Actor(Role.MECHANIC, 3)

ACTORS: Final = {
    "nobody": ANONYMOUS,
    "customer 1": CUSTOMER,
    "customer 2": OTHER,
    "mechanic 2": MECHANIC,
    "mechanic 3": OTHER_MECHANIC,
    "manager": MANAGER,
}

LETTERS: Final = {Role.CUSTOMER: "C", Role.MECHANIC: "m", Role.MANAGER: "A"}

OTHERWISE: Final = {
    # Staff say whose it is; customers can't speak for another.
    ("POST /vehicles", "mechanic 2"): 422,
    ("POST /vehicles", "mechanic 3"): 422,
    ("POST /vehicles", "manager"): 422,
    ("POST /service_tickets", "customer 2"): 422,
    # Staff say who has decided, and how they know; customers decide themselves.
    ("POST /service_tickets/2/estimates/2/decisions", "mechanic 2"): 422,
    ("POST /service_tickets/2/estimates/2/decisions", "mechanic 3"): 422,
    ("POST /service_tickets/2/estimates/2/decisions", "manager"): 422,
    # Of themselves mechanics change name, phone and specialty only: not the address.
    ("PUT /mechanics/2", "mechanic 2"): 403,
    ("GET /inventory?archived=true", "nobody"): 401,
    ("GET /inventory?archived=true", "customer 1"): 403,
    ("GET /inventory?archived=true", "customer 2"): 403,
    ("GET /inventory?low_stock=true", "nobody"): 401,
    ("GET /inventory?low_stock=true", "customer 1"): 403,
    ("GET /inventory?low_stock=true", "customer 2"): 403,
}
"""What depends on more than route, role and ownership."""

ASKED: Final = {f"{request.method} {request.path}": request for request in CONTRACT}


def letters_of(policy: Policy) -> str:
    """Return a declared policy in the contract's letters."""
    if policy.anyone:
        return "P"
    if policy.roles == frozenset(Role):
        return "any"
    if policy.roles == {Role.CUSTOMER}:
        return "C"
    letters = {LETTERS[role] for role in policy.owners}
    letters |= {"M" if Role.MECHANIC in policy.roles else "A"}
    return " ".join(sorted(letters, key="CmMA".index))


def status_for(who: str, request: RequestCase, actor: Actor) -> int:
    """Return the status that the contract's letters give *actor*."""
    letters = who.split()
    if "P" in letters:
        return request.status
    if actor.role is None:
        return 401
    if letters == ["C"]:
        return request.status if actor.is_customer else 403
    if "any" in letters or ("M" in letters and actor.is_staff) or actor.is_manager:
        return request.status
    if "C" in letters and actor.is_customer:
        return request.status if actor.id == owner_of(request) else 404
    is_own = "m" in letters and actor.is_staff and actor.id == owner_of(request)
    return request.status if is_own else 403  # who works here is no secret


def letters_for(request: RequestCase) -> str:
    """Return the contract's letters of an operation."""
    return WHO[f"{request.method} {template_of(request.path)}"]


def owner_of(request: RequestCase) -> int:
    """Return the owner of a record: customer 1, except for customers and mechanics."""
    found = re.match(r"/(?:customers|mechanics)/(\d+)", request.path)
    return int(found[1]) if found else 1


def full() -> Client:
    """Return a client of the client_with_records shop with a third mechanic."""
    shop = client_with_records()
    shop.premises.shop.hire_mechanic(MANAGER, sample(Hiring, email="dee@shop.example"))
    return shop


def test_declared_policies_are_the_contract() -> None:
    """
    The policies of the routes are the contract's tables.
    """
    declared = {
        f"{method} {route.template}": letters_of(operation.policy)
        for route in ROUTES
        for method, operation in route.operations.items()
    }

    assert declared == WHO


@pytest.mark.parametrize("name", ACTORS)
@pytest.mark.parametrize("operation", ASKED)
def test_every_role_gets_the_status_of_the_contract(operation: str, name: str) -> None:
    """
    Each route responds to each role, owner or not, with the status of the table.
    """
    request, actor = ASKED[operation], ACTORS[name]
    expected = OTHERWISE.get((operation, name), status_for(letters_for(request), request, actor))

    found = full().ask(request.method, request.path, request.body, actor, request.headers)

    assert expected == found.status_code, found.text


@pytest.mark.parametrize(
    "operation",
    [
        operation
        for operation, request in ASKED.items()
        if status_for(letters_for(request), request, OTHER) == 404
    ],
)
def test_anothers_record_looks_missing(operation: str) -> None:
    """
    The response for a record of another owner equals that for a missing record.
    """
    request = ASKED[operation]
    missing = re.sub(r"\d+", "999", request.path, count=1)

    strangers, nothings = (
        comparable(full().ask(request.method, path, request.body, OTHER, request.headers), path)
        for path in (request.path, missing)
    )

    assert strangers == nothings


def comparable(answer: Any, path: str) -> tuple[int, dict[str, Any], list[str]]:
    """Return a response without what differs between any two."""
    bare = path.partition("?")[0]
    said = {**answer.json, "request_id": None, "instance": answer.json["instance"] == bare}
    said["detail"] = re.sub(r"\d+", "N", said["detail"])
    return answer.status_code, said, sorted(answer.headers)
