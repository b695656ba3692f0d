"""Entity tags and preconditions."""

from typing import Any

import attrs
import pytest

from mechanic_core.access import Actor
from mechanic_http.endpoint.etags import parse_etags
from mechanic_http.problems.refusals import MalformedHeader
from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.unit.http.shop import ANONYMOUS, OTHER, SETTINGS, Client, client

PART = "/inventory/1"


def tag_of(line: Client, path: str = PART, actor: Actor = ANONYMOUS) -> str:
    """Return the tag of a resource as it is now."""
    return str(line.get(path, actor).headers["etag"])


def put(line: Client, **headers: str) -> Any:
    """Return the answer to a change of the part."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return line.ask("PATCH", PART, {"price": 2}, MECHANIC, named)


def test_has_not_changed() -> None:
    """
    Who has the answer already gets 304 with its tag, and no body.
    """
    line = client()
    first = line.get(PART)
    tag = first.headers["etag"]

    for known in (tag, f"W/{tag}", f'"x", {tag}', "*", f',{tag} ,"y"'):
        found = line.get(PART, If_None_Match=known)
        assert (304, "", tag) == (found.status_code, found.text, found.headers["etag"]), known
        for name in ("vary", "cache-control"):
            assert first.headers[name] == found.headers[name]


def test_has_changed() -> None:
    """
    After a change there is another tag, and 200.
    """
    line = client()
    before = tag_of(line)
    put(line)

    found = line.get(PART, If_None_Match=before)

    assert 200 == found.status_code
    assert before != found.headers["etag"]


def test_tells_views_of_one_version_apart() -> None:
    """
    What a manager sees of a mechanic has another tag than what a stranger sees.
    """
    line = client()

    assert 3 == len({tag_of(line, "/mechanics/2", a) for a in (ANONYMOUS, MECHANIC, MANAGER)})


def test_changes_what_was_seen() -> None:
    """
    With the present tag a change is made, with a former one it is 412.
    """
    line = client()
    tag = tag_of(line)

    first, second = put(line, If_Match=tag), put(line, If_Match=tag)

    assert (200, 412) == (first.status_code, second.status_code)
    assert "part-changed" == second.json["code"]
    assert tag != first.headers["etag"] == tag_of(line)


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
def test_reads_if_match(given: str, status: int) -> None:
    """
    Any of a list will do, weak tags never do, and what is no list is 400.
    """
    assert status == put(client(), If_Match=given).status_code


@pytest.mark.parametrize(("given", "status"), [("*", 412), ('"1-0"', 400), ("x", 400)])
def test_reads_if_none_match_on_a_change(given: str, status: int) -> None:
    """
    A change of what is there can't be for what is not there.
    """
    assert status == put(client(), If_None_Match=given).status_code


def test_compares_after_authorization() -> None:
    """
    Whoever may not see a thing does not learn its version.
    """
    line = client()
    stale = {"If-Match": '"9-00000000"'}

    assert [401, 404, 412] == [
        line.ask("PATCH", "/customers/1", {"phone": "555"}, actor, stale).status_code
        for actor in (ANONYMOUS, OTHER, CUSTOMER)
    ]
    assert 404 == line.ask("DELETE", "/inventory/9", None, MECHANIC, stale).status_code


def test_reads_if_match_on_get() -> None:
    """
    A read for one version only is 412 once there is another.
    """
    line = client()
    tag = tag_of(line)

    assert [200, 200, 412, 412] == [
        line.get(PART, If_Match=given).status_code for given in (tag, "*", f"W/{tag}", '"x"')
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
def test_asks_for_the_version_where_it_is_required(method: str, path: str, body: Any) -> None:
    """
    With `REQUIRE_IF_MATCH` a change without `If-Match` is 428, a stale one 412, else it is made.
    """
    line = client(attrs.evolve(SETTINGS, require_if_match=True))
    line.premises.open()

    statuses = [
        line.ask(method, path, body, MANAGER, headers).status_code
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
def test_a_line_has_a_tag_that_its_url_takes(kind: str, form: Any, change: Any) -> None:
    """
    What a line was answered with is good for its next change, after a change of nothing too.
    """
    line = client()
    ticket = f"/service_tickets/{line.premises.open().id}"
    told = line.ask("POST", f"{ticket}/{kind}", form, MECHANIC)
    path = told.headers["location"]
    tags = [told.headers["etag"]]
    nothing: dict[str, Any] = {}
    for body in (change, change, nothing):
        told = line.ask("PATCH", path, body, MECHANIC, {"If-Match": tags[-1]})
        assert (200, change) == (told.status_code, {name: told.json[name] for name in change})
        assert "version" not in told.json
        tags.append(told.headers["etag"])

    assert tags[0] != tags[1] == tags[2] == tags[3]
    for tag, status in ((tags[0], 412), (tags[1], 204)):
        assert status == line.ask("DELETE", path, None, MECHANIC, {"If-Match": tag}).status_code


def test_moves_a_ticket_whose_ways_were_seen() -> None:
    """
    What was read of a ticket's transitions is good for the one that is chosen, and once only.
    """
    line = client()
    path = f"/service_tickets/{line.premises.open().id}/transitions"
    seen = line.get(path, MECHANIC)

    statuses = [
        line.ask("POST", path, {"to": to}, MECHANIC, {"If-Match": seen.headers["etag"]}).status_code
        for to in ("in_progress", "on_hold")
    ]

    assert {"status", "items"} == set(seen.json)
    assert [200, 412] == statuses


def test_a_change_of_nothing_keeps_the_tag() -> None:
    """
    Who changes nothing makes nobody's tag stale.
    """
    line = client()
    line.premises.open()

    for path in ("/service_tickets/1", "/inventory/1", "/customers/1", "/mechanics/2"):
        tag = tag_of(line, path, MECHANIC)
        told = line.ask("PATCH", path, {}, MECHANIC, {"If-Match": tag})
        assert (200, tag) == (told.status_code, told.headers["etag"]), path
        assert tag == tag_of(line, path, MECHANIC)


def test_needs_no_version_to_create() -> None:
    """
    What is not there yet has no version.
    """
    line = client(attrs.evolve(SETTINGS, require_if_match=True))

    assert 201 == line.ask("POST", "/inventory", {"name": "n", "price": 1}, MECHANIC).status_code


@pytest.mark.parametrize(
    "header", ["  ,  " * 20_000 + "x", "," + " " * 80_000 + "x", '"' * 80_000, "W/" * 40_000]
)
def test_parses_a_hostile_list_in_linear_time(header: str) -> None:
    """
    A malformed header of 80 KB is refused without backtracking.
    """
    with pytest.raises(MalformedHeader):
        parse_etags("If-Match", header)
