"""What Prometheus is told of a shop that serves."""

from pathlib import Path
from typing import Any

import pytest

from tests.integration.mornings import TOKEN, a_morning, figures_of, once, page_of, shop_in
from tests.integration.servers import valkey_server


@pytest.mark.parametrize("workers", ["1", "2"])
def test_figures_are_right(tmp_path: Path, workers: str) -> None:
    """
    After known requests each figure is known, whichever of the processes tells them.
    """
    with shop_in(tmp_path, "--workers", workers) as program:
        a_morning(program)
        pages = [figures_of(program) for _ in range(4)]

    def requests(method: str, route: str, status: int, role: str) -> tuple[str, Any]:
        labels = {"method": method, "route": route, "status": str(status), "role": role}
        return "mechanic_shop_http_requests_total", tuple(sorted(labels.items()))

    part = "/inventory/{part_id}"
    lines = "/service_tickets/{ticket_id}/parts"
    seconds = "mechanic_shop_http_request_duration_seconds_count"
    logins = "mechanic_shop_logins_total"
    refusals = "mechanic_shop_refusals_total"
    expected = {
        requests("POST", "/mechanics/login", 401, "none"): 1,
        requests("POST", "/mechanics/login", 200, "none"): 1,
        requests("GET", part, 200, "none"): 6,
        requests("POST", lines, 409, "manager"): 3,
        requests("GET", "none", 404, "none"): 2,
        (seconds, (("method", "GET"), ("route", part))): 6,
        (logins, (("account", "staff"), ("outcome", "accepted"))): 1,
        (logins, (("account", "staff"), ("outcome", "refused"))): 1,
        (refusals, (("code", "insufficient-stock"),)): 3,
        (refusals, (("code", "not-found"),)): 2,
    }
    for page in pages:
        assert expected == {name: page.get(name) for name in expected}
        assert 0 == page["mechanic_shop_database_connections", (("state", "in_use"),)]
        assert 1 <= page["mechanic_shop_database_connections", (("state", "idle"),)]
        looks = [value for (name, _), value in page.items() if "cache_lookups_total" in name]
        assert sum(looks) == 6


def test_figures_are_for_operators(tmp_path: Path) -> None:
    """
    Behind a proxy the page takes the token, as a real server sees it.
    """
    far = {"X-Forwarded-For": "203.0.113.7"}
    with shop_in(tmp_path) as program:
        near, kept = page_of(program)[0], page_of(program, far)[0]
        shown = page_of(program, far | {"Authorization": f"Bearer {TOKEN}"})[0]

    assert (200, 401, 200) == (near, kept, shown)
    assert TOKEN not in (tmp_path / "log").read_text()


def test_fallbacks_are_counted(tmp_path: Path) -> None:
    """
    When the store of limits and cache falls, requests go on, and it shows.
    """
    with valkey_server() as valkey:
        limits = {"GLOBAL_RATE_LIMIT": "1000/minute", "CACHE_REDIS_URL": valkey.url}
        with shop_in(tmp_path, **limits) as program:
            before = once(program, "GET", "/readyz").said
            valkey.kill()
            statuses = {once(program, "GET", "/inventory").status for _ in range(5)}
            after = once(program, "GET", "/readyz")
            page = figures_of(program)

    fallbacks = {
        labels[0][1]: value
        for (name, labels), value in page.items()
        if name == "mechanic_shop_fallbacks_total"
    }
    assert {200} == statuses
    assert ("up", "up") == (before["cache"], before["limits"])
    assert (200, "down", "down") == (after.status, after.said["cache"], after.said["limits"])
    assert {"cache", "limiter"} == fallbacks.keys()
    assert min(fallbacks.values()) >= 5
