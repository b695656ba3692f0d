"""The document is compatible with the last release, which `nox -s documents -- release` stores."""

import copy
from pathlib import Path
from typing import Any

import orjson
import pytest

from mechanic_core.values import Email, LoginEmail, Name, Phone
from mechanic_core.vehicles.vin import ScannedVin
from mechanic_http.openapi.document import document
from mechanic_http.openapi.value_schemas import value_schema
from tests.contract.differences import allows_breaking_changes, breaking_changes

RELEASED = Path(__file__).with_name("released.json")

WANTED = {
    "GET /vehicles 200.items[].customer_id: may be null",
    "POST /vehicles 201.customer_id: may be null",
    "GET /vehicles/{vehicle_id} 200.customer_id: may be null",
    "PUT /vehicles/{vehicle_id} 200.customer_id: may be null",
    "PATCH /vehicles/{vehicle_id} 200.customer_id: may be null",
    "GET /customers 200.items[].email: may be null",
    "POST /customers 201.email: may be null",
    "GET /customers/{customer_id} 200.email: may be null",
    "PUT /customers/{customer_id} 200.email: may be null",
    "PATCH /customers/{customer_id} 200.email: may be null",
    (
        "GET /service_tickets/{ticket_id}/history 200.items[].event: may be charge_added, "
        "charge_changed, charge_removed, job_added, job_changed, job_removed, discounts, "
        "estimated, decided, limited"
    ),
}
"""Breaks that the contract asks for: vehicles without an owner, customers without an e-mail address.

What is new in the history of a ticket happens only to clients that use jobs, charges, discounts or
estimates.
"""

REFINED: dict[str, tuple[Any, ...]] = {
    r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*[^\s\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
    r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$": (Name,),
    r"^(?:[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*)$": (Email, LoginEmail),
    r"^(?:[0-9+()./ x-]+)$": (Phone,),
    r"^(?:[A-HJ-NPR-Za-hj-npr-z0-9]{17})$": (ScannedVin,),
}
"""The patterns of the released texts, and the types that have a refined one on purpose.

What was never a name or an address is refused, and a number with an extension and the VIN of a
scanner are taken.
"""


def with_named_patterns(tree: Any) -> Any:
    """Return the document with each pattern of `REFINED`, or of its types, as the former one."""
    names = {
        str(
            value_schema(one, lambda _: {}, request=request, omissible=omissible)["pattern"]
        ): former
        for former, types in REFINED.items()
        for one in types
        for request in (False, True)
        for omissible in (False, True)
    }
    return _renamed(tree, names)


def _renamed(tree: Any, names: dict[str, str]) -> Any:
    if isinstance(tree, list):
        return [_renamed(one, names) for one in tree]
    if not isinstance(tree, dict):
        return tree
    return {
        name: names.get(value, value)
        if name == "pattern" and isinstance(value, str)
        else _renamed(value, names)
        for name, value in tree.items()
    }


def test_is_compatible_unless_the_version_permits_a_break() -> None:
    """
    A client of the released API works with this one, unless the version permits a break.
    """
    released = orjson.loads(RELEASED.read_bytes())
    versions = released["info"]["version"], document()["info"]["version"]
    compared = (with_named_patterns(one) for one in (released, document()))

    assert allows_breaking_changes(*versions) or WANTED == set(breaking_changes(*compared))


def changed(*steps: str, **members: Any) -> dict[str, Any]:
    """Return the document with some members changed; None removes one."""
    root = copy.deepcopy(document())
    node: Any = root
    for step in steps:
        node = node[int(step)] if isinstance(node, list) else node[step]
    for name, value in members.items():
        if value is None:
            del node[name]
        else:
            node[name] = value
    return root


FORM = ("components", "schemas", "CustomerFormReplacement")
CUSTOMER = ("components", "schemas", "Customer")
LIST = ("paths", "/customers", "get")
CREATED = ("paths", "/customers", "post", "responses", "201")
TEXT = {"type": "string"}
STATUS = ("components", "schemas", "Status")
TWO = [{"$ref": "#/components/schemas/PublicMechanic"}, {"type": "null"}]
MECHANIC = ("paths", "/mechanics/{mechanic_id}", "get", "responses", "200", "content")


@pytest.mark.parametrize(
    ("modified", "message"),
    [
        (changed("paths", **{"/me": None}), "GET /me: is removed"),
        (changed(*LIST, operationId="find"), "GET /customers: is renamed to find"),
        (changed("paths", "/customers", "post", security=[{"token": []}]), "requires a token"),
        (changed(*LIST, parameters=[]), "query q: is unknown"),
        (changed(*LIST, "parameters", "0", required=True), "query page: is required"),
        (changed(*LIST, "parameters", "1", "schema", maximum=50), "per_page: maximum is 100"),
        (changed(*FORM, "properties", phone=TEXT), "body.phone: may be null"),
        (changed(*FORM, "properties", phone=None), "body.phone: is unknown"),
        (changed(*FORM, required=["name", "email", "phone"]), "body.phone: may be missing"),
        (changed(*FORM, "properties", "name", maxLength=10), "maxLength is 100, not 10"),
        (changed(*FORM, "properties", "email", pattern="^a$"), "body.email: pattern is"),
        (changed(*CUSTOMER, required=["id"]), "201.name: may be missing"),
        (changed(*CUSTOMER, "properties", "id", type=["integer", "null"]), "id: may be null"),
        (changed(*CREATED, headers={}), "POST /customers 201: has no Location"),
        (changed(*CREATED, content={}), "POST /customers 201: is no longer application/json"),
        (changed("paths", "/me", "get", "responses", **{"200": None}), "does not respond with 200"),
        (changed(*STATUS, enum=["open", "lost"]), "status: may be lost"),
        (changed("paths", "/logout", "post", "requestBody", required=True), "body: is required"),
        (changed(*LIST[:2], "post", "requestBody", content={}), "application/json is not accepted"),
        (
            changed(*MECHANIC, "application/json", schema={"anyOf": TWO}),
            "200: another type of value",
        ),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_detects_breaking_changes(modified: dict[str, Any], message: str) -> None:
    """
    Each type of breaking change is detected, with its place.
    """
    found = breaking_changes(document(), modified)

    assert any(message in one for one in found), found


@pytest.mark.parametrize(
    "modified",
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
def test_permits_additions(modified: dict[str, Any]) -> None:
    """
    An addition is no breaking change.
    """
    assert [] == breaking_changes(document(), modified)


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
def test_versions_permit_breaking_changes(old: str, new: str, may: bool) -> None:  # noqa: FBT001 - a table's column
    """
    Only a new major version may break clients, and before 1.0 a new minor one.
    """
    assert may is allows_breaking_changes(old, new)
