"""The shop's profile over HTTP: who sees and changes what, and what is refused."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.unit.http.shop import ANONYMOUS, ROLES, Client, client

PUBLIC: Final = {
    "name": "Mechanic Shop",
    "address": None,
    "phone": None,
    "email": None,
    "currency": "USD",
    "time_zone": "UTC",
}
NEW: Final[dict[str, Any]] = {
    **PUBLIC,
    "registration": None,
    "tax_number": None,
    "tax_rates": [],
    "tax_rounding": "document",
    "prices_include_tax": False,
    "supplies_fee": None,
    "authorization": "off",
    "tolerance": {"percent": 0, "amount": 0, "most": None},
    "invoicing": "off",
    "payment_terms_days": 0,
    "invoice_prefix": "INV-",
    "credit_note_prefix": "CN-",
    "disclosures": [],
}
FULL: Final[dict[str, Any]] = {
    "name": "Moore Motors",
    "address": "12 Mill Lane, Springfield",
    "phone": "+1-555-0100",
    "email": "desk@moore.example",
    "registration": "ARD00123456",
    "tax_number": "12-3456789",
    "currency": "USD",
    "time_zone": "America/Chicago",
    "tax_rates": [
        {"tax_class": "parts", "authority": "State", "percent": 6.25},
        {"tax_class": "parts", "authority": "City", "percent": 1.2345},
        {"tax_class": "oil", "authority": "State", "percent": 100},
    ],
    "tax_rounding": "line",
    "prices_include_tax": True,
    "supplies_fee": {
        "percent": 7.5,
        "of": ["parts", "labor"],
        "cap": 49.99,
        "tax_class": "oil",
    },
    "authorization": "strict",
    "tolerance": {"percent": 10, "amount": 50, "most": 199.99},
    "invoicing": "required",
    "payment_terms_days": 30,
    "invoice_prefix": "R/",
    "credit_note_prefix": "Gutschrift-",
    "disclosures": ["Parts are returned.", "Line 1\nLine 2"],
}
RATE: Final = FULL["tax_rates"][0]
AT_THE_BOUND: Final = [
    *({"tax_class": RATE["tax_class"], "authority": name, "percent": 100} for name in "ABCDE"),
    {"tax_class": "other", "authority": "A", "percent": 100},
]
TOO_MUCH_TAX: Final = "the rates of a tax_class must add up to at most 500"


def events_of(shop: Client) -> list[dict[str, Any]]:
    """Return the events of the shop itself."""
    found: list[dict[str, Any]] = shop.get("/events?type=shop.changed", MANAGER).json["items"]
    return found


@pytest.mark.parametrize("actor", ROLES, ids=lambda actor: f"{actor.role}-{actor.id}")
def test_everybody_reads_it(actor: Any) -> None:
    """
    Everybody reads the public part of the profile, staff the whole; a new shop has the defaults.
    """
    assert (NEW if actor.is_staff else PUBLIC) == client().get("/shop", actor).json


def test_a_put_replaces_all() -> None:
    """
    PUT sets every member; one that is missing gets its default.
    """
    shop = client()

    assert FULL == shop.ask("PUT", "/shop", FULL, MANAGER).json
    assert FULL == shop.get("/shop", MANAGER).json
    assert NEW == shop.ask("PUT", "/shop", {}, MANAGER).json == shop.get("/shop", MANAGER).json


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

    texts = [name for name, value in FULL.items() if type(value) is str]
    texts = [name for name in texts if name not in ("tax_rounding", "authorization", "invoicing")]
    changed = shop.ask("PATCH", "/shop", dict.fromkeys(texts, sent), MANAGER)

    assert {**FULL, **{name: NEW[name] for name in texts}} == changed.json


def test_null_gives_the_default_back() -> None:
    """
    Every member that is null in a PUT or a PATCH has its default.
    """
    shop = client()
    for method in ("PUT", "PATCH"):
        shop.ask("PUT", "/shop", FULL, MANAGER)
        assert NEW == shop.ask(method, "/shop", dict.fromkeys(FULL), MANAGER).json


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
    [
        *[("EUR", 409, "currency-fixed"), ("usd", 422, "rule-broken"), ("US", 422, "rule-broken")],
        *[(code, 422, "rule-broken") for code in ("JPY", "KWD", "XAU", "BTC", "DEM", "€", 5)],
    ],
)
def test_the_currency_is_fixed(method: str, currency: object, status: int, code: str) -> None:
    """
    Another currency conflicts with prices; what is no code of one with two decimals is not valid.
    """
    shop = client()

    refused = shop.ask(method, "/shop", {"currency": currency}, MANAGER)

    assert (status, code) == (refused.status_code, refused.json["code"])
    assert NEW == shop.get("/shop", MANAGER).json


FEE: Final = {"percent": 5, "of": ["labor"]}
BAD: Final[list[tuple[str, Any, Any]]] = [
    ("registration", "x" * 201, {"": "must have at most 200 characters"}),
    ("tax_number", "a\nb", {"": None}),
    ("tax_rates", RATE, {"": "must be an array"}),
    ("tax_rates", [RATE] * 201, {"": "must have at most 200 items"}),
    ("tax_rates", [RATE, {**RATE, "percent": 1}], {"/1/authority": None}),
    ("tax_rates", [*AT_THE_BOUND, {**RATE, "percent": "0.0001"}], {"/6/percent": TOO_MUCH_TAX}),
    (
        "tax_rates",
        [*AT_THE_BOUND, {**AT_THE_BOUND[0], "authority": "F"}, {**RATE, "percent": 1}],
        {"/6/percent": TOO_MUCH_TAX},
    ),
    ("tax_rates", [{}], {f"/0/{name}": "is required" for name in RATE}),
    ("tax_rates", [{**RATE, "rate": 1}], {"/0/rate": "is not a known field"}),
    *[
        ("tax_rates", [{**RATE, "percent": percent}], {"/0/percent": detail})
        for percent, detail in (
            (100.0001, "must be from 0 to 100"),
            (-1, "must be from 0 to 100"),
            (8.25001, "must have at most 4 decimals"),
            (True, "must be a number with at most 4 decimals"),
            ("8,25", "must be a number with at most 4 decimals"),
            (None, "must not be null"),
        )
    ],
    *[
        ("tax_rates", [{**RATE, "tax_class": name}], {"/0/tax_class": None})
        for name in ("Parts", "", "a b", "-a", "a--b", "é", "a" * 41, 5)
    ],
    ("tax_rates", [{**RATE, "authority": " "}], {"/0/authority": "must not be empty"}),
    ("tax_rounding", "total", {"": "must be one of document, line"}),
    ("prices_include_tax", "yes", {"": "must be true or false"}),
    ("supplies_fee", {}, {"/percent": "is required", "/of": "is required"}),
    ("supplies_fee", [], {"": "must be an object"}),
    *[
        ("supplies_fee", {**FEE, "of": of}, {"/of": None})
        for of in ([], ["parts"], ["labor", "labor"], ["parts", "labor", "parts"], "labor")
    ],
    ("supplies_fee", {**FEE, "of": ["labor", "fees"]}, {"/of/1": "must be one of parts, labor"}),
    ("supplies_fee", {**FEE, "cap": -0.01}, {"/cap": None}),
    ("supplies_fee", {**FEE, "cap": 1.001}, {"/cap": "must have at most 2 decimals"}),
    ("supplies_fee", {**FEE, "tax_class": "?", "x": 1}, {"/tax_class": None, "/x": None}),
    ("authorization", "on", {"": "must be one of off, ceiling, strict"}),
    ("authorization", False, {"": "must be one of off, ceiling, strict"}),
    ("tolerance", 10, {"": "must be an object"}),
    (
        "tolerance",
        {"percent": 101, "amount": -1, "most": "x"},
        dict.fromkeys(("/percent", "/amount", "/most")),
    ),
    ("tolerance", {"least": 1}, {"/least": "is not a known field"}),
    ("invoicing", "on", {"": "must be one of off, required"}),
    *[("payment_terms_days", days, {"": "must be from 0 to 365"}) for days in (-1, 366)],
    ("payment_terms_days", 30.5, {"": "must be an integer"}),
    *[
        (series, prefix, {"": None})
        for series in ("invoice_prefix", "credit_note_prefix")
        for prefix in ("INV-2026", "7", "\u034f\n0", "INV1\u3164", "R٣", "a\nb", "x" * 21, 5)
    ],
    ("invoice_prefix", "cn-", {None: "must not be the invoice_prefix"}),
    ("credit_note_prefix", " INV- ", {"": "must not be the invoice_prefix"}),
    ("disclosures", "Text", {"": "must be an array"}),
    ("disclosures", ["x"] * 21, {"": "must have at most 20 items"}),
    ("disclosures", ["Good", "", "\a", 5, "x" * 2001], {f"/{at}": None for at in (1, 2, 3, 4)}),
]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize(("member", "value", "problems"), BAD)
def test_a_wrong_member_is_named(
    method: str, member: str, value: Any, problems: dict[str | None, str | None]
) -> None:
    """
    Each wrong value is 422 with the pointer of what is wrong in it, and changes nothing.
    """
    shop = client()

    refused = shop.ask(method, "/shop", {member: value}, MANAGER)

    expected = {
        "#/credit_note_prefix" if place is None else f"#/{member}{place}": detail
        for place, detail in problems.items()
    }
    found = {one["pointer"]: one["detail"] for one in refused.json["errors"]}
    assert (422, expected.keys()) == (refused.status_code, found.keys())
    assert [] == [place for place, detail in expected.items() if detail not in (None, found[place])]
    assert NEW == shop.get("/shop", MANAGER).json


@pytest.mark.parametrize(
    ("patch", "shown"),
    [
        ({"tolerance": {"percent": 5}}, {"percent": 5, "amount": 0, "most": None}),
        ({"tolerance": {"most": "20.50"}}, {"percent": 0, "amount": 0, "most": 20.5}),
        (
            {"supplies_fee": FEE},
            {"percent": 5, "of": ["labor"], "cap": None, "tax_class": "supplies"},
        ),
        ({"tax_rates": [RATE]}, [RATE]),
        ({"disclosures": [" é "]}, ["é"]),
    ],
)
def test_a_patch_replaces_a_nested_member_as_a_whole(patch: dict[str, Any], shown: object) -> None:
    """
    What a patch leaves out of an object has its default, whatever it was before.
    """
    shop = client()
    shop.ask("PUT", "/shop", FULL, MANAGER)
    (member,) = patch

    changed = shop.ask("PATCH", "/shop", patch, MANAGER)

    assert {**FULL, member: shown} == changed.json


def test_the_reference_page_has_every_member() -> None:
    """
    The table of the page names each member with its default, and no other.
    """
    page = Path(__file__).parents[3] / "docs/reference/profile.md"
    rows = [line.split(" | ") for line in page.read_text("utf-8").splitlines() if " | " in line]
    documented = {row[0].strip("|` "): row[-1].strip("|` ") for row in rows[1:]}

    assert NEW == {name: json.loads(default) for name, default in documented.items()}


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


def test_entity_tags_differ_by_what_is_seen() -> None:
    """
    A change of what strangers do not see keeps the text that they get, and is a new version.
    """
    shop = client()
    staff, stranger = (shop.get("/shop", actor) for actor in (MECHANIC, ANONYMOUS))

    changed = shop.ask("PATCH", "/shop", {"tax_number": "1"}, MANAGER)

    assert staff.headers["etag"] != stranger.headers["etag"]
    assert changed.headers["etag"] == shop.get("/shop", MECHANIC).headers["etag"]
    assert stranger.json == shop.get("/shop").json
    stale = {"If-Match": stranger.headers["etag"]}
    assert 412 == shop.ask("PATCH", "/shop", {"name": "X"}, MANAGER, stale).status_code


def test_the_history_says_who_changed_what_when() -> None:
    """
    Each change is an entry with the values before and after; one that changes nothing is none.
    """
    shop = client()
    fee = {**FEE, "cap": None, "tax_class": "supplies"}
    for body in ({"name": "Moore Motors"}, {"name": "Moore Motors"}, {"supplies_fee": FEE}):
        shop.ask("PATCH", "/shop", body, MANAGER)

    found = shop.get("/shop/history", MANAGER).json["items"]

    renamed = {**NEW, "name": "Moore Motors"}
    by = {"role": "manager", "id": 1, "name": "Eve"}
    assert [
        (1, by, ["name"], NEW, renamed),
        (2, by, ["supplies_fee"], renamed, {**renamed, "supplies_fee": fee}),
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
    assert NEW == shop.get("/shop", MANAGER).json


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
