"""Query parameters: read as strictly as bodies."""

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
        ("q=", "q", "must not be empty"),
        ("q=%00", "q", "must not contain control characters or unpaired surrogates"),
        ("page=1&cursor=x", "cursor", "must not be given together with page"),
        ("page=501", "page", TOO_FAR),
        ("page=20000", "page", TOO_FAR),
        ("page=10001&per_page=1", "page", TOO_FAR),
        ("page=" + "9" * 20, "page", TOO_FAR),
        ("page=" + "9" * 300, "page", TOO_FAR),
        ("page=" + "9" * 5000, "page", "must be an integer"),
    ],
)
def test_refuses_a_parameter(query: str, parameter: str, detail: str) -> None:
    """
    What a parameter says is read as strictly as a body.
    """
    found = client().get(f"/inventory?{query}")

    assert (422, [{"parameter": parameter, "detail": detail}]) == (
        found.status_code,
        found.json["errors"],
    )


def test_goes_by_page_as_far_as_pages_go() -> None:
    """
    The last page that is not too far is answered, and not one behind it.
    """
    line = client()
    pages = ("page=10000&per_page=1", "page=100&per_page=100", "page=101&per_page=100")

    assert [200, 200, 422] == [line.get(f"/inventory?{page}").status_code for page in pages]


def test_tells_every_parameter_at_once() -> None:
    """
    All problems of a query are told at once.
    """
    found = client().get("/service_tickets?page=a&per_page=0&status=done&x=1&from=1", MECHANIC)

    assert {"page", "per_page", "status", "x", "from"} == {
        error["parameter"] for error in found.json["errors"]
    }


def test_refuses_a_period_that_ends_first() -> None:
    """
    A `from` after its `to` is 422.
    """
    paths = ("/service_tickets", "/mechanics/leaderboard", "/mechanics/2/worked")

    for path in paths:
        found = client().get(f"{path}?from=2026-02-02&to=2026-02-01", MANAGER)
        assert (422, "from") == (found.status_code, found.json["errors"][0]["parameter"]), path


@pytest.mark.parametrize("query", ["q=%FF", "&".join(f"a{n}=1" for n in range(100))])
def test_refuses_a_query_that_cannot_be_parsed(query: str) -> None:
    """
    Invalid UTF-8 and a flood of parameters are 400.
    """
    assert 400 == client().get(f"/inventory?{query}").status_code


def test_knows_no_parameters_where_there_are_none() -> None:
    """
    A parameter that means nothing is refused everywhere.
    """
    assert 422 == client().get("/inventory/1?expand=all").status_code
