"""The shop's profile over HTTP: who sees and changes what, and what is refused."""

from typing import Any, Final

import pytest

from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.unit.http.shop import ANONYMOUS, ROLES, Client, client

NEW: Final = {
    "name": "Mechanic Shop",
    "address": None,
    "phone": None,
    "email": None,
    "currency": "USD",
    "time_zone": "UTC",
}
FULL: Final = {
    "name": "Moore Motors",
    "address": "12 Mill Lane, Springfield",
    "phone": "+1-555-0100",
    "email": "desk@moore.example",
    "currency": "USD",
    "time_zone": "America/Chicago",
}


def events_of(shop: Client) -> list[dict[str, Any]]:
    """Return the events of the shop itself."""
    found: list[dict[str, Any]] = shop.get("/events?type=shop.changed", MANAGER).json["items"]
    return found


@pytest.mark.parametrize("actor", ROLES, ids=lambda actor: f"{actor.role}-{actor.id}")
def test_everybody_reads_it(actor: Any) -> None:
    """
    Everybody reads the profile; a new shop has the defaults.
    """
    assert NEW == client().get("/shop", actor).json


def test_a_put_replaces_all() -> None:
    """
    PUT sets every member; one that is missing gets its default.
    """
    shop = client()

    assert FULL == shop.ask("PUT", "/shop", FULL, MANAGER).json == shop.get("/shop").json
    assert NEW == shop.ask("PUT", "/shop", {}, MANAGER).json == shop.get("/shop").json


def test_what_get_gave_can_be_put() -> None:
    """
    GET, change, PUT works.
    """
    shop = client()
    given = shop.get("/shop", MANAGER).json

    replaced = shop.ask("PUT", "/shop", {**given, "name": "Moore Motors"}, MANAGER)

    assert (200, {**NEW, "name": "Moore Motors"}) == (replaced.status_code, replaced.json)


def test_a_patch_changes_some() -> None:
    """
    PATCH changes the members that it has; null gives the default back.
    """
    shop = client()
    shop.ask("PUT", "/shop", FULL, MANAGER)

    changed = shop.ask("PATCH", "/shop", {"phone": None, "time_zone": "Asia/Tokyo"}, MANAGER)

    assert {**FULL, "phone": None, "time_zone": "Asia/Tokyo"} == changed.json
    assert "UTC" == shop.ask("PATCH", "/shop", {"time_zone": None}, MANAGER).json["time_zone"]


@pytest.mark.parametrize(
    "time_zone",
    [
        *("Mars/Olympus", "america/new_york", "America", "EDT", "+01:00", "../etc/passwd"),
        *("/etc/localtime", "localtime", "Factory", "right/UTC", "posix/UTC", "UTC\x00", "U" * 65),
    ],
)
def test_the_time_zone_is_known(time_zone: str) -> None:
    """
    A name that is not in the IANA database is refused.
    """
    refused = client().ask("PATCH", "/shop", {"time_zone": time_zone}, MANAGER)

    assert (422, "#/time_zone") == (refused.status_code, refused.json["errors"][0]["pointer"])


@pytest.mark.parametrize("sent", ["", " ", None])
def test_a_blank_text_gives_the_default_back(sent: str | None) -> None:
    """
    Forms send empty texts: they are as null is, also for the time zone.
    """
    shop = client()
    shop.ask("PUT", "/shop", FULL, MANAGER)

    changed = shop.ask("PATCH", "/shop", dict.fromkeys(FULL, sent), MANAGER)

    assert NEW == changed.json


@pytest.mark.parametrize(
    "time_zone", ["Europe/Kyiv", "Asia/Kathmandu", "Etc/GMT+12", "US/Hawaii", " Asia/Tokyo\n"]
)
def test_any_zone_is_taken(time_zone: str) -> None:
    """
    Zones of whole and of other hours are taken, also under their former names.
    """
    changed = client().ask("PATCH", "/shop", {"time_zone": time_zone}, MANAGER)

    assert time_zone.strip() == changed.json["time_zone"]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize(
    ("currency", "status", "code"),
    [("EUR", 409, "currency-fixed"), ("usd", 422, "rule-broken"), ("US", 422, "rule-broken")],
)
def test_the_currency_is_fixed(method: str, currency: str, status: int, code: str) -> None:
    """
    Another currency conflicts with the present one; what is no code is not valid.
    """
    shop = client()

    refused = shop.ask(method, "/shop", {"currency": currency}, MANAGER)

    assert (status, code) == (refused.status_code, refused.json["code"])
    assert NEW == shop.get("/shop").json


def test_all_problems_are_reported_at_once() -> None:
    """
    Every wrong member is named.
    """
    body = {"name": "\a", "email": "no", "time_zone": "Nowhere", "currency": "$", "motto": "x"}

    refused = client().ask("PUT", "/shop", body, MANAGER)

    pointers = {error["pointer"] for error in refused.json["errors"]}
    assert (422, {f"#/{name}" for name in body}) == (refused.status_code, pointers)


def test_a_stale_change_is_refused() -> None:
    """
    `If-Match` with the entity tag of an older version is 412.
    """
    shop = client()
    etag = shop.get("/shop", MANAGER).headers["etag"]

    def rename(name: str) -> int:
        return shop.ask("PATCH", "/shop", {"name": name}, MANAGER, {"If-Match": etag}).status_code

    assert [200, 412] == [rename("One"), rename("Two")]
    assert "One" == shop.get("/shop").json["name"]
    assert 304 == shop.get("/shop", If_None_Match=shop.get("/shop").headers["etag"]).status_code


def test_the_history_says_who_changed_what_when() -> None:
    """
    Each change is an entry with the values before and after; one that changes nothing is none.
    """
    shop = client()
    for body in ({"name": "Moore Motors"}, {"name": "Moore Motors"}, {"time_zone": "Asia/Tokyo"}):
        shop.ask("PATCH", "/shop", body, MANAGER)

    found = shop.get("/shop/history", MANAGER).json["items"]

    renamed = {**NEW, "name": "Moore Motors"}
    by = {"role": "manager", "id": 1, "name": "Eve"}
    assert [
        (1, by, ["name"], NEW, renamed),
        (2, by, ["time_zone"], renamed, {**renamed, "time_zone": "Asia/Tokyo"}),
    ] == [(one["id"], one["by"], one["changes"], one["before"], one["after"]) for one in found]
    assert {"2026-03-02T12:00:00"} == {one["at"][:19] for one in found}


@pytest.mark.parametrize(("actor", "status"), [(ANONYMOUS, 401), (CUSTOMER, 403), (MECHANIC, 403)])
def test_only_managers_change_it(actor: Any, status: int) -> None:
    """
    Others neither change the profile nor read its history.
    """
    shop = client()

    assert [status] * 3 == [
        shop.ask("PUT", "/shop", FULL, actor).status_code,
        shop.ask("PATCH", "/shop", {"name": "Mine"}, actor).status_code,
        shop.get("/shop/history", actor).status_code,
    ]
    assert NEW == shop.get("/shop").json


def test_a_change_is_an_event() -> None:
    """
    A change is one event of `/shop`, whose subject is what GET answers a manager.
    """
    shop = client()
    shop.ask("PATCH", "/shop", {"time_zone": "Asia/Tokyo"}, MANAGER)
    shop.ask("PATCH", "/shop", {"time_zone": "Asia/Tokyo"}, MANAGER)

    (event,) = events_of(shop)
    feed = shop.get("/events?type=shop.changed&include=subjects", MANAGER).json
    assert ("/shop", 2, ["time_zone"], {"role": "manager", "id": 1}) == (
        event["subject"],
        event["version"],
        event["changes"],
        event["by"],
    )
    assert {"/shop": shop.get("/shop", MANAGER).json} == feed["subjects"]
