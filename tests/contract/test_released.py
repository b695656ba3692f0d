"""Today's document against the one that was released last: `nox -s documents -- release` keeps it."""

import copy
from pathlib import Path
from typing import Any

import orjson
import pytest

from mechanic_http.openapi.document import document
from tests.contract.differences import breaks, may_break

RELEASED = Path(__file__).with_name("released.json")


def test_breaks_nothing_unless_the_version_says_so() -> None:
    """
    Whoever relies on the released interface can rely on today's, or is told by its version.
    """
    released = orjson.loads(RELEASED.read_bytes())
    versions = released["info"]["version"], document()["info"]["version"]

    assert may_break(*versions) or [] == breaks(released, document())


def changed(*steps: str, **members: Any) -> dict[str, Any]:
    """Return the document with members of one place changed; None takes one away."""
    told = copy.deepcopy(document())
    place: Any = told
    for step in steps:
        place = place[int(step)] if isinstance(place, list) else place[step]
    for name, value in members.items():
        if value is None:
            del place[name]
        else:
            place[name] = value
    return told


FORM = ("components", "schemas", "CustomerForm")
CUSTOMER = ("components", "schemas", "Customer")
LIST = ("paths", "/customers", "get")
MADE = ("paths", "/customers", "post", "responses", "201")
TEXT = {"type": "string"}
STATUS = ("components", "schemas", "Status")
TWO = [{"$ref": "#/components/schemas/PublicMechanic"}, {"type": "null"}]
SEEN = ("paths", "/mechanics/{mechanic_id}", "get", "responses", "200", "content")


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (changed("paths", **{"/me": None}), "GET /me: is gone"),
        (changed(*LIST, operationId="find"), "GET /customers: is called find now"),
        (changed("paths", "/customers", "post", security=[{"token": []}]), "needs a token"),
        (changed(*LIST, parameters=[]), "query q: is not known"),
        (changed(*LIST, "parameters", "0", required=True), "query page: is required"),
        (changed(*LIST, "parameters", "1", "schema", maximum=50), "per_page: maximum is 100"),
        (changed(*FORM, "properties", phone=TEXT), "body.phone: may be null"),
        (changed(*FORM, "properties", phone=None), "body.phone: is not known"),
        (changed(*FORM, required=["name", "email", "phone"]), "body.phone: may be missing"),
        (changed(*FORM, "properties", "name", maxLength=10), "maxLength is 100, not 10"),
        (changed(*FORM, "properties", "email", pattern="^a$"), "body.email: pattern is"),
        (changed(*CUSTOMER, required=["id"]), "201.name: may be missing"),
        (changed(*CUSTOMER, "properties", "id", type=["integer", "null"]), "id: may be null"),
        (changed(*MADE, headers={}), "POST /customers 201: has no Location"),
        (changed(*MADE, content={}), "POST /customers 201: is no application/json"),
        (changed("paths", "/me", "get", "responses", **{"200": None}), "does not answer 200"),
        (changed(*STATUS, enum=["open", "lost"]), "status: may be lost"),
        (changed("paths", "/logout", "post", "requestBody", required=True), "body: is required"),
        (changed(*LIST[:2], "post", "requestBody", content={}), "application/json is not taken"),
        (changed(*SEEN, "application/json", schema={"anyOf": TWO}), "200: another kind of value"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_notices_what_breaks(told: dict[str, Any], said: str) -> None:
    """
    Each kind of change that takes something away is noticed, where it is.
    """
    found = breaks(document(), told)

    assert any(said in one for one in found), found


@pytest.mark.parametrize(
    "told",
    [
        document(),
        changed("info", title="Another name"),
        changed(*FORM, "properties", motto=TEXT),
        changed(*FORM, required=["name"]),
        changed(*FORM, "properties", "name", maxLength=1000),
        changed(*CUSTOMER, "properties", motto=TEXT),
        changed(*LIST, "parameters", "1", "schema", maximum=500),
        changed("paths", "/logout", "post", deprecated=True),
    ],
    ids=range(8),
)
def test_lets_additions_pass(told: dict[str, Any]) -> None:
    """
    What only adds breaks nothing.
    """
    assert [] == breaks(document(), told)


@pytest.mark.parametrize(
    ("old", "new", "may"),
    [
        ("0.1.0", "0.1.0", False),
        ("0.1.0", "0.1.9", False),
        ("0.1.0", "0.2.0", True),
        ("0.9.0", "1.0.0", True),
        ("1.4.0", "1.5.0", False),
        ("1.4.0", "2.0.0", True),
        ("2.0.0", "1.0.0", False),
    ],
)
def test_versions_say_what_they_break(old: str, new: str, may: bool) -> None:  # noqa: FBT001 - a table's column
    """
    Only a new major version may break, and before 1.0 a new minor one.
    """
    assert may is may_break(old, new)
