"""One table of route, role and ownership: what is declared is what the contract says, and holds."""

import re
from typing import Any, Final

import pytest

from mechanic_core.access import Actor, Policy, Role
from mechanic_core.mechanics.mechanic import Hiring
from mechanic_http.routes import DOCUMENTED
from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.strategies import sample
from tests.unit.http.shop import ANONYMOUS, OTHER, Client
from tests.unit.http.test_contract import CONTRACT, Asked, busy, template_of
from tests.unit.http.who_may import WHO

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
    # Of themselves mechanics change name, phone and specialty only: not the address.
    ("PUT /mechanics/2", "mechanic 2"): 403,
    ("GET /inventory?low_stock=true", "nobody"): 401,
    ("GET /inventory?low_stock=true", "customer 1"): 403,
    ("GET /inventory?low_stock=true", "customer 2"): 403,
}
"""What depends on more than route, role and ownership."""

ASKED: Final = {f"{asked.method} {asked.path}": asked for asked in CONTRACT}


def letters_of(policy: Policy) -> str:
    """Return a declared policy in the contract's letters."""
    if policy.anyone:
        return "P"
    if policy.roles == frozenset(Role):
        return "any"
    told = {LETTERS[role] for role in policy.owners}
    told |= {"M" if Role.MECHANIC in policy.roles else "A"}
    return " ".join(sorted(told, key="CmMA".index))


def status_for(who: str, asked: Asked, actor: Actor) -> int:
    """Return the status that the contract's letters give *actor*."""
    letters = who.split()
    if "P" in letters:
        return asked.status
    if actor.role is None:
        return 401
    if "any" in letters or ("M" in letters and actor.is_staff) or actor.is_manager:
        return asked.status
    if "C" in letters and actor.is_customer:
        return asked.status if actor.id == owner_of(asked) else 404
    is_own = "m" in letters and actor.is_staff and actor.id == owner_of(asked)
    return asked.status if is_own else 403  # who works here is no secret


def who_for(asked: Asked) -> str:
    """Return the contract's letters for what is asked."""
    return WHO[f"{asked.method} {template_of(asked.path)}"]


def owner_of(asked: Asked) -> int:
    """Return whose the thing is: all is of customer 1, but for customers and mechanics."""
    found = re.match(r"/(?:customers|mechanics)/(\d+)", asked.path)
    return int(found[1]) if found else 1


def full() -> Client:
    """Return a client of the busy shop, where a third mechanic works."""
    line = busy()
    line.premises.shop.hire_mechanic(MANAGER, sample(Hiring, email="dee@shop.example"))
    return line


def test_what_is_declared_is_the_contract() -> None:
    """
    The policies that the routes declare are the contract's tables, route by route.
    """
    declared = {
        f"{method} {route.template}": letters_of(operation.policy)
        for route in DOCUMENTED
        for method, operation in route.operations.items()
    }

    assert declared == WHO


@pytest.mark.parametrize("name", ACTORS)
@pytest.mark.parametrize("line", ASKED)
def test_every_role_gets_what_the_contract_says(line: str, name: str) -> None:
    """
    Each route answers each role, and owners and strangers, with the status of the table.
    """
    asked, actor = ASKED[line], ACTORS[name]
    expected = OTHERWISE.get((line, name), status_for(who_for(asked), asked, actor))

    found = full().ask(asked.method, asked.path, asked.body, actor)

    assert expected == found.status_code, found.text


@pytest.mark.parametrize(
    "line",
    [line for line, asked in ASKED.items() if status_for(who_for(asked), asked, OTHER) == 404],
)
def test_a_strangers_thing_looks_like_a_missing_one(line: str) -> None:
    """
    Whoever is refused a stranger's thing is told the same as when there is no such thing.
    """
    asked = ASKED[line]
    missing = re.sub(r"\d+", "999", asked.path, count=1)

    strangers, nothings = (
        told(full().ask(asked.method, path, asked.body, OTHER), path)
        for path in (asked.path, missing)
    )

    assert strangers == nothings


def told(answer: Any, path: str) -> tuple[int, dict[str, Any], list[str]]:
    """Return all that an answer tells, but for what every answer has of its own."""
    bare = path.partition("?")[0]
    said = {**answer.json, "request_id": None, "instance": answer.json["instance"] == bare}
    said["detail"] = re.sub(r"\d+", "N", said["detail"])
    return answer.status_code, said, sorted(answer.headers)
