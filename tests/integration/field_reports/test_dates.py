"""Days and moments, wherever they come in and go out."""

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.integration.apps import ADA, EVE
from tests.integration.field_reports.desk import Desk, problem
from tests.integration.field_reports.documented import readable

MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
LISTS: Final = ("/service_tickets", "/mechanics/leaderboard", "/mechanics/2/worked")


@pytest.fixture(scope="module", autouse=True)
def billed(desk: Desk) -> None:
    """Let there be a first of everything that a path can name."""
    desk.bill_a_ticket()


@pytest.mark.parametrize("day", ["0024-04-01", "1949-12-31", "2206-11-29", "9999-12-31"])
def test_a_service_date_is_of_this_shop(desk: Desk, day: str) -> None:
    """
    Field report F16: a year of two or ten digits too few or many is refused in POST, PUT and PATCH.
    """
    ticket = desk.ticket()
    body = {"description": "Grinds", "service_date": day}

    refused = [
        desk.ask("POST", "/service_tickets", {**body, "customer_id": 1}),
        desk.ask("POST", "/service_tickets", body, by=ADA),
        desk.ask("PUT", ticket, body),
        desk.ask("PATCH", ticket, {"service_date": day}),
    ]

    assert [(422, ["#/service_date"])] * 4 == [problem(one) for one in refused]


@pytest.mark.parametrize("day", ["2026-02-30", "0000-01-01", "26-01-01", "20260101", "2026-W01-1"])
@pytest.mark.parametrize("path", LISTS)
def test_a_day_is_a_day_in_queries(desk: Desk, path: str, day: str) -> None:
    """
    Field report F16: what is no day of the calendar is refused in every query.
    """
    for name in ("from", "to"):
        refused = desk.ask("GET", f"{path}?{name}={day}", by=EVE)
        assert (422, name) == (refused.status_code, refused.json["errors"][0]["parameter"])


@pytest.mark.parametrize("path", LISTS)
def test_any_day_bounds_a_list(desk: Desk, path: str) -> None:
    """
    Field report F16: days far away are bounds that exclude nothing, on both databases.
    """
    desk.ticket()

    bounded, all_ = desk.get(f"{path}?from=0001-01-01&to=9999-12-31", EVE), desk.get(path, EVE)

    assert all_["items"]
    assert all_ == bounded


def moments(tree: Any) -> Iterator[str]:
    """Return every moment in a JSON document."""
    if isinstance(tree, dict | list):
        for one in tree.values() if isinstance(tree, dict) else tree:
            yield from moments(one)
    elif isinstance(tree, str) and re.match(r"\d{4}-\d\d-\d\dT", tree):
        yield tree


def test_every_moment_has_one_form(desk: Desk) -> None:
    """
    Field report F21: six fraction digits and a Z in every answer of every route, old and new.
    """
    assert 200 == desk.ask("PATCH", "/shop", {"name": "Moore Motors"}, EVE).status_code
    link = desk.ask("POST", "/customers/1/password_resets")

    found = {
        path: [*moments(desk.get(path, EVE))]
        for path in (
            *readable(),
            "/events?include=subjects",
            "/inventory/1/movements",
            "/shop/history",
        )
    } | {"a link": [*moments(link.json)]}

    assert [] == [
        (path, one) for path, all_ in found.items() for one in all_ if not MOMENT.fullmatch(one)
    ]
    empty = {path for path, all_ in found.items() if not all_}
    assert not empty & {"/events", "/shop/history", "/inventory/1/movements", "a link"}
    assert not empty & {"/service_tickets/1/history", "/customers", "/vehicles", "/inventory"}
