"""Query parameters are parsed as strictly as bodies."""

import pytest

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
        ("per_page=", "per_page", "must be an integer"),
        ("page=0", "page", "must be from 1 to 10000"),
        ("page=01", "page", "must be an integer"),
        ("page=-" + "9" * 30, "page", "must be from 1 to 10000"),
        ("page=2&page=3", "page", "must not be given more than once"),
        ("include_total=yes", "include_total", "must be true or false"),
        ("sort=name", "sort", "is not a known parameter"),
        ("PAGE=1", "PAGE", "is not a known parameter"),
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
