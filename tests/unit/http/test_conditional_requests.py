"""Entity tags and conditional requests."""

from typing import Any

import attrs
import pytest

from mechanic_core.access import Actor
from mechanic_http.endpoint.etags import parse_etags
from mechanic_http.problems.refusals import MalformedHeader
from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.unit.http.shop import ANONYMOUS, OTHER, SETTINGS, Client, client

PART = "/inventory/1"


def etag_of(shop: Client, path: str = PART, actor: Actor = ANONYMOUS) -> str:
    """Return the current entity tag of a resource."""
    return str(shop.get(path, actor).headers["etag"])


def patch_part(shop: Client, **headers: str) -> Any:
    """Return the response to a change of the part."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return shop.ask("PATCH", PART, {"price": 2}, MECHANIC, named)


def test_not_modified() -> None:
    """
    A client with the current entity tag gets 304 with the tag and without a body.
    """
    shop = client()
    first = shop.get(PART)
    tag = first.headers["etag"]

    for known in (tag, f"W/{tag}", f'"x", {tag}', "*", f',{tag} ,"y"'):
        found = shop.get(PART, If_None_Match=known)
        assert (304, "", tag) == (found.status_code, found.text, found.headers["etag"]), known
        for name in ("vary", "cache-control"):
            assert first.headers[name] == found.headers[name]


def test_modified() -> None:
    """
    After a change the entity tag differs, and the status is 200.
    """
    shop = client()
    before = etag_of(shop)
    patch_part(shop)

    found = shop.get(PART, If_None_Match=before)

    assert 200 == found.status_code
    assert before != found.headers["etag"]


def test_each_view_of_a_version_has_its_own_etag() -> None:
    """
    A manager's view of a mechanic has another entity tag than the public one.
    """
    shop = client()

    assert 3 == len({etag_of(shop, "/mechanics/2", a) for a in (ANONYMOUS, MECHANIC, MANAGER)})


def test_if_match_prevents_lost_updates() -> None:
    """
    A change with the current entity tag is made, one with a former tag is 412.
    """
    shop = client()
    tag = etag_of(shop)

    first, second = patch_part(shop, If_Match=tag), patch_part(shop, If_Match=tag)

    assert (200, 412) == (first.status_code, second.status_code)
    assert "part-changed" == second.json["code"]
    assert tag != first.headers["etag"] == etag_of(shop)


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ("*", 200),
        ('"1-00000000"', 200),
        ('"7-00000000", "1-00000000"', 200),
        ('"7-00000000", "8-00000000"', 412),
        ('W/"1-00000000"', 412),
        ('"other"', 412),
        ("1", 400),
        ('"1-0', 400),
        ('*, "1-00000000"', 400),
        ("", 400),
        (",", 400),
        (", ".join(f'"{n}-00000000"' for n in range(1, 40)), 400),
    ],
)
def test_parses_if_match(given: str, status: int) -> None:
    """
    Any tag of a list matches, weak tags never do, and a malformed list is 400.
    """
    assert status == patch_part(client(), If_Match=given).status_code


@pytest.mark.parametrize(("given", "status"), [("*", 412), ('"1-0"', 400), ("x", 400)])
def test_parses_if_none_match_on_a_change(given: str, status: int) -> None:
    """
    If-None-Match on a change of an existing record is 412.
    """
    assert status == patch_part(client(), If_None_Match=given).status_code


def test_evaluates_preconditions_after_authorization() -> None:
    """
    The version of a record is not revealed to those who may not read it.
    """
    shop = client()
    stale = {"If-Match": '"9-00000000"'}

    assert [401, 404, 412] == [
        shop.ask("PATCH", "/customers/1", {"phone": "555"}, actor, stale).status_code
        for actor in (ANONYMOUS, OTHER, CUSTOMER)
    ]
    assert 404 == shop.ask("DELETE", "/inventory/9", None, MECHANIC, stale).status_code


def test_evaluates_if_match_on_get() -> None:
    """
    A conditional read of one version is 412 once there is another.
    """
    shop = client()
    tag = etag_of(shop)

    assert [200, 200, 412, 412] == [
        shop.get(PART, If_Match=given).status_code for given in (tag, "*", f"W/{tag}", '"x"')
    ]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/service_tickets/1", {"description": "D"}),
        ("PATCH", "/service_tickets/1", {"description": "D"}),
        ("DELETE", "/service_tickets/1", None),
        ("PUT", "/service_tickets/1/edit", {"add_ids": [1]}),
        ("PUT", "/service_tickets/1/mechanics/1", None),
        ("DELETE", "/service_tickets/1/mechanics/2", None),
        ("POST", "/service_tickets/1/transitions", {"to": "in_progress"}),
        ("POST", "/service_tickets/1/parts", {"part_id": 1, "quantity": 1}),
        ("POST", "/service_tickets/1/labor", {"description": "D", "hours": 1, "rate": 1}),
        ("PUT", "/mechanics/2", {"name": "B", "email": "b@x.example"}),
        ("DELETE", "/mechanics/2", None),
        ("PUT", "/vehicles/1", {"plate": "X"}),
        ("DELETE", "/customers/2", None),
        ("POST", "/inventory/1/movements", {"kind": "count", "quantity": 1}),
    ],
)
def test_requires_if_match_where_configured(method: str, path: str, body: Any) -> None:
    """
    With `REQUIRE_IF_MATCH` a change without `If-Match` is 428, a stale one 412, any other is made.
    """
    shop = client(attrs.evolve(SETTINGS, require_if_match=True))
    shop.premises.open()

    statuses = [
        shop.ask(method, path, body, MANAGER, headers).status_code
        for headers in ({}, {"If-Match": '"9-00000000"'}, {"If-Match": '"1-00000000"'})
    ]

    assert [428, 412] == statuses[:2]
    assert statuses[2] in (200, 201, 204)


@pytest.mark.parametrize(
    ("kind", "form", "change"),
    [
        ("parts", {"part_id": 1, "quantity": 1}, {"quantity": 2}),
        ("labor", {"description": "ReadOnly", "hours": 1, "rate": 80}, {"hours": 2}),
    ],
)
def test_a_line_has_an_etag(kind: str, form: Any, change: Any) -> None:
    """
    The entity tag of a line's response is valid for its next change, also after an empty change.
    """
    shop = client()
    ticket = f"/service_tickets/{shop.premises.open().id}"
    response = shop.ask("POST", f"{ticket}/{kind}", form, MECHANIC)
    path = response.headers["location"]
    tags = [response.headers["etag"]]
    nothing: dict[str, Any] = {}
    for body in (change, change, nothing):
        response = shop.ask("PATCH", path, body, MECHANIC, {"If-Match": tags[-1]})
        assert (200, change) == (
            response.status_code,
            {name: response.json[name] for name in change},
        )
        assert "version" not in response.json
        tags.append(response.headers["etag"])

    assert tags[0] != tags[1] == tags[2] == tags[3]
    for tag, status in ((tags[0], 412), (tags[1], 204)):
        assert status == shop.ask("DELETE", path, None, MECHANIC, {"If-Match": tag}).status_code


def test_transitions_have_an_etag() -> None:
    """
    The entity tag of a ticket's transitions is valid for one transition.
    """
    shop = client()
    path = f"/service_tickets/{shop.premises.open().id}/transitions"
    seen = shop.get(path, MECHANIC)

    statuses = [
        shop.ask("POST", path, {"to": to}, MECHANIC, {"If-Match": seen.headers["etag"]}).status_code
        for to in ("in_progress", "on_hold")
    ]

    assert {"status", "items"} == set(seen.json)
    assert [200, 412] == statuses


def test_an_empty_change_keeps_the_etag() -> None:
    """
    A change that changes nothing keeps the entity tag.
    """
    shop = client()
    shop.premises.open()

    for path in ("/service_tickets/1", "/inventory/1", "/customers/1", "/mechanics/2"):
        tag = etag_of(shop, path, MECHANIC)
        response = shop.ask("PATCH", path, {}, MECHANIC, {"If-Match": tag})
        assert (200, tag) == (response.status_code, response.headers["etag"]), path
        assert tag == etag_of(shop, path, MECHANIC)


def test_creation_needs_no_if_match() -> None:
    """
    A creation needs no `If-Match`.
    """
    shop = client(attrs.evolve(SETTINGS, require_if_match=True))

    assert 201 == shop.ask("POST", "/inventory", {"name": "n", "price": 1}, MECHANIC).status_code


@pytest.mark.parametrize(
    "header", ["  ,  " * 20_000 + "x", "," + " " * 80_000 + "x", '"' * 80_000, "W/" * 40_000]
)
def test_parses_a_hostile_list_in_linear_time(header: str) -> None:
    """
    A malformed header of 80 KB is refused without backtracking.
    """
    with pytest.raises(MalformedHeader):
        parse_etags("If-Match", header)
