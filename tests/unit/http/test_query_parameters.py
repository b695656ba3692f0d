"""Query parameters are parsed as strictly as bodies."""

import attrs
import pytest

from mechanic_core.errors import RuleBroken
from mechanic_http.endpoint.query import QueryParser
from mechanic_http.json.members import member_name
from mechanic_http.routes import ROUTES
from tests.shops import MANAGER, MECHANIC
from tests.unit.http.shop import client

TOO_FAR = "page * per_page must be at most 10000: use the cursor (next_cursor) to go further"


@pytest.mark.parametrize(
    ("query", "parameter", "detail"),
    [
        ("per_page=0", "per_page", "must be from 1 to 100"),
        ("per_page=101", "per_page", "must be from 1 to 100"),
        ("per_page=1.0", "per_page", "must be an integer"),
        ("per_page=+1", "per_page", "must be an integer"),
        ("page=0", "page", "must be from 1 to 10000"),
        ("page=01", "page", "must be an integer"),
        ("page=-" + "9" * 30, "page", "must be from 1 to 10000"),
        ("page=2&page=3", "page", "must not be given more than once"),
        ("include_total=yes", "include_total", "must be true or false"),
        ("sort=name", "sort", "is not a known parameter"),
        ("PAGE=1", "PAGE", "is not a known parameter"),
        ("sort=", "sort", "is not a known parameter"),
        ("q=%00", "q", "must be one line of visible text, without control and format characters"),
        ("page=1&cursor=x", "cursor", "must not be given together with page"),
        ("page=501", "page", TOO_FAR),
        ("page=20000", "page", TOO_FAR),
        ("page=10001&per_page=1", "page", TOO_FAR),
        ("page=" + "9" * 20, "page", TOO_FAR),
        ("page=" + "9" * 300, "page", TOO_FAR),
        ("page=" + "9" * 5000, "page", "must be an integer"),
    ],
)
def test_refuses_an_invalid_parameter(query: str, parameter: str, detail: str) -> None:
    """
    A query parameter is validated as strictly as a body.
    """
    found = client().get(f"/inventory?{query}")

    assert (422, [{"parameter": parameter, "detail": detail}]) == (
        found.status_code,
        found.json["errors"],
    )


@pytest.mark.parametrize("query", ["q=", "q", "page=", "per_page=&page=2&page=", "low_stock=&sku="])
def test_a_parameter_without_a_value_is_as_if_it_were_not_there(query: str) -> None:
    """
    Friction: a form sends `?q=` for a field that was left empty; it filters nothing.
    """
    shop = client()
    page = "page=2" if "page=2" in query else ""
    plain, found = (shop.get(f"/inventory?{asked}") for asked in (page, query))

    assert (200, plain.json, plain.headers["link"]) == (
        found.status_code,
        found.json,
        found.headers["link"],
    )


def test_every_route_takes_every_parameter_without_a_value() -> None:
    """
    Friction: no route refuses a known parameter without a value, and each refuses an unknown one.
    """
    parsers = {
        operation.signature.query for route in ROUTES for operation in route.operations.values()
    }
    for query in parsers:
        names = [member_name(field.name) for field in attrs.fields(query)]

        assert (query(), ()) == QueryParser(query).parse("&".join(f"{name}=" for name in names))
        with pytest.raises(RuleBroken):
            QueryParser(query).parse("unknown=")


def test_serves_pages_up_to_the_maximum_offset() -> None:
    """
    The last page within the maximum offset is served, and none after it.
    """
    shop = client()
    pages = ("page=10000&per_page=1", "page=100&per_page=100", "page=101&per_page=100")

    assert [200, 200, 422] == [shop.get(f"/inventory?{page}").status_code for page in pages]


def test_reports_every_parameter_at_once() -> None:
    """
    All problems of a query are reported at once.
    """
    found = client().get("/service_tickets?page=a&per_page=0&status=done&x=1&from=1", MECHANIC)

    assert {"page", "per_page", "status", "x", "from"} == {
        error["parameter"] for error in found.json["errors"]
    }


def test_refuses_a_period_that_ends_before_it_begins() -> None:
    """
    A `from` after its `to` is 422.
    """
    paths = ("/service_tickets", "/mechanics/leaderboard", "/mechanics/2/worked")

    for path in paths:
        found = client().get(f"{path}?from=2026-02-02&to=2026-02-01", MANAGER)
        assert (422, "from") == (found.status_code, found.json["errors"][0]["parameter"]), path


@pytest.mark.parametrize("query", ["q=%FF", "&".join(f"a{n}=1" for n in range(100))])
def test_refuses_a_malformed_query(query: str) -> None:
    """
    Invalid UTF-8 and too many parameters are 400.
    """
    assert 400 == client().get(f"/inventory?{query}").status_code


def test_refuses_unknown_parameters() -> None:
    """
    An unknown parameter is refused everywhere.
    """
    assert 422 == client().get("/inventory/1?expand=all").status_code
