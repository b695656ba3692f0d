"""PUT replaces a form, PATCH merges into it (RFC 7396)."""

from typing import Any

import pytest

from mechanic_http.endpoint.merge_patch import merge
from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.unit.http.shop import client

VIN = "1HGCM82633A004352"


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ],
)
def test_merges_as_rfc_7396_shows(target: Any, patch: Any, result: Any) -> None:
    """
    The examples of RFC 7396, appendix A, for objects of plain members have the result given there.
    """
    assert result == merge(target, patch)


def test_an_object_replaces_the_whole() -> None:
    """
    An object in a patch is not merged into the present one: what it leaves out is not kept.
    """
    assert {"a": {"c": 1}, "d": 2} == merge({"a": {"b": 1}, "d": 2}, {"a": {"c": 1}})


def test_put_replaces_the_whole_form() -> None:
    """
    A member that PUT leaves out is cleared.
    """
    shop = client()
    shop.ask("PATCH", "/customers/1", {"phone": "555-0100"}, CUSTOMER)

    found = shop.ask("PUT", "/customers/1", {"name": "A", "email": "a@x.example"}, CUSTOMER)

    assert (None, "A") == (found.json["phone"], found.json["name"])


def test_patch_changes_only_given_members() -> None:
    """
    PATCH keeps members that are not given, and null clears one.
    """
    shop = client()
    shop.ask("PATCH", "/customers/1", {"phone": "555-0100", "address": "Here"}, CUSTOMER)

    found = shop.ask("PATCH", "/customers/1", {"phone": None, "name": "A"}, CUSTOMER)

    assert (None, "Here", "A") == (found.json["phone"], found.json["address"], found.json["name"])


@pytest.mark.parametrize(
    ("patch", "errors"),
    [
        ({"name": None}, {"#/name": "is required"}),
        ({"colour": None}, {"#/colour": "is not a known field"}),
        (
            {"id": 7, "reserved": 1},
            {"#/id": "is not a known field", "#/reserved": "is not a known field"},
        ),
        ({"price": {"amount": 1}}, {"#/price": "must be a number with at most 2 decimals"}),
        (
            {"price": "1.999", "name": ""},
            {
                "#/price": "must have at most 2 decimals",
                "#/name": "must not be empty",
            },
        ),
        (
            {"colour": None, "price": {"amount": 1}, "a/b": 1},
            {
                "#/price": "must be a number with at most 2 decimals",
                "#/colour": "is not a known field",
                "#/a~1b": "is not a known field",
            },
        ),
    ],
)
def test_validates_the_patched_form(patch: dict[str, Any], errors: dict[str, str]) -> None:
    """
    The patched form obeys every rule, and unknown members are refused.
    """
    found = client().ask("PATCH", "/inventory/1", patch, MECHANIC)

    assert (422, errors) == (
        found.status_code,
        {error["pointer"]: error["detail"] for error in found.json["errors"]},
    )


@pytest.mark.parametrize("patch", [{"x": 1}, {"name": 5}, {"x": 1, "name": 5}])
def test_looks_the_record_up_before_the_patch(patch: dict[str, Any]) -> None:
    """
    An invalid patch of a missing record is 404, and of a changed one 412.
    """
    shop = client()
    stale = {"If-Match": '"9-00000000"'}

    missing = shop.ask("PATCH", "/customers/99", patch, MECHANIC)
    changed = shop.ask("PATCH", "/customers/1", patch, CUSTOMER, headers=stale)

    assert [404, 412] == [missing.status_code, changed.status_code]


def test_an_unknown_member_changes_nothing() -> None:
    """
    A patch with one unknown member changes nothing.
    """
    shop = client()
    before = shop.get("/inventory/1").json

    shop.ask("PATCH", "/inventory/1", {"price": 1, "colour": "red"}, MECHANIC)

    assert before == shop.get("/inventory/1").json


def test_null_restores_the_default() -> None:
    """
    Null for a member with a default restores the default.
    """
    shop = client()
    shop.ask("PATCH", "/inventory/1", {"description": "Ceramic", "reorder_point": 2.5}, MECHANIC)

    found = shop.ask("PATCH", "/inventory/1", {"reorder_point": None}, MECHANIC)

    assert ("Ceramic", 0) == (found.json["description"], found.json["reorder_point"])


def test_an_empty_patch_is_valid() -> None:
    """
    An empty patch changes nothing and is 200.
    """
    shop = client()
    before = shop.get("/inventory/1").json

    found = shop.ask("PATCH", "/inventory/1", {}, MECHANIC)

    assert before == found.json


def test_patches_the_vehicle_by_its_vin() -> None:
    """
    A VIN in a patch replaces the ticket's vehicle; null removes it.
    """
    shop = client()
    shop.premises.open(vehicle_id=1)
    path = "/service_tickets/1"

    new = shop.ask("PATCH", path, {"vin": "1M8GDM9AXKP042788"}, MECHANIC)
    none = shop.ask("PATCH", path, {"vin": None}, MECHANIC)
    old = shop.ask("PATCH", path, {"vehicle_id": 1}, MECHANIC)
    both = shop.ask("PATCH", path, {"vehicle_id": 1, "vin": VIN}, MECHANIC)

    assert [2, None, 1] == [(r.json["vehicle"] or {}).get("id") for r in (new, none, old)]
    assert 422 == both.status_code


def test_mechanics_patch_their_own_record() -> None:
    """
    A mechanic patches name, phone and specialty, and nothing else.
    """
    shop = client()
    shop.ask("PATCH", "/mechanics/2", {"salary": 50_000}, MANAGER)

    statuses = [
        shop.ask("PATCH", "/mechanics/2", patch, MECHANIC).status_code
        for patch in (
            {"phone": "555-1"},
            {"salary": 60_000},
            {"role": "manager"},
            {"active": False},
        )
    ]

    assert [200, 403, 403, 403] == statuses
    assert 50_000 == shop.get("/mechanics/2", MANAGER).json["salary"]


def test_points_at_the_name_that_the_client_used() -> None:
    """
    The pointer to an unknown id has the member name that the client used.
    """
    shop = client()
    shop.premises.open()

    found = shop.ask("PUT", "/service_tickets/1/edit", {"add_mechanic_ids": [1, 99]}, MECHANIC)

    assert [{"pointer": "#/add_mechanic_ids/1", "detail": "does not exist"}] == (
        found.json["errors"]
    )
    assert "#/add_mechanic_ids/1 does not exist" == found.json["detail"]
    both = {"add_mechanic_ids": [1], "remove_mechanic_ids": [1]}
    found = shop.ask("PUT", "/service_tickets/1/edit", both, MECHANIC)
    assert ["#/remove_mechanic_ids/0"] == [one["pointer"] for one in found.json["errors"]]
