"""The Prometheus metrics of a served shop."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.integration.metrics_page import (
    TOKEN,
    get_metrics,
    read_samples,
    request_once,
    send_known_requests,
    serve_shop,
)
from tests.integration.servers import valkey_server

ENDS: Final = {
    "counter": {"_total", "_created"},
    "gauge": {""},
    "histogram": {"_bucket", "_count", "_sum", "_created"},
}
"""The suffixes of a metric's sample names, by its type."""


@pytest.mark.parametrize("workers", ["1", "2"])
def test_metrics_are_correct(tmp_path: Path, workers: str) -> None:
    """
    After known requests each metric has the expected value, whichever worker process is scraped.
    """
    with serve_shop(tmp_path, "--workers", workers) as program:
        send_known_requests(program)
        pages = [read_samples(program) for _ in range(4)]

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


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_page_follows_the_conventions(tmp_path: Path, workers: str) -> None:
    """
    Each metric appears once, with help and type, and with a name that promtool accepts.
    """
    with serve_shop(tmp_path, "--workers", workers) as program:
        send_known_requests(program)
        _, _, page = get_metrics(program)

    families = [*text_string_to_metric_families(page)]
    ours = [family for family in families if family.name.startswith("mechanic_shop_")]
    assert page.endswith("\n")
    assert len(families) == len({family.name for family in families})
    assert len(families) == page.count("# HELP ") == page.count("# TYPE ")
    assert 6 <= len(ours)
    # Metrics of single processes have no meaningful sum.
    assert len(families) == len(ours) or workers == "1"
    for family in ours:
        assert family.documentation.endswith(".")
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", family.name)
        assert family.type in {"counter", "gauge", "histogram"}
        assert (family.type == "histogram") is family.name.endswith("_seconds")
        for sample in family.samples:
            assert ENDS[family.type] >= {sample.name.removeprefix(family.name)}
            assert not {"pid", "instance", "job", "id"} & sample.labels.keys()
            assert all(re.fullmatch(r"[a-z]+", name) for name in sample.labels)
            assert sample.value >= 0
    _check_histograms(ours)


def _check_histograms(families: Sequence[Metric]) -> None:
    """Check that buckets are cumulative up to the count."""
    for family in families:
        if family.type == "histogram":
            buckets: dict[tuple[tuple[str, str], ...], list[float]] = {}
            counts = {}
            for sample in family.samples:
                series = tuple(sorted((k, v) for k, v in sample.labels.items() if k != "le"))
                if sample.name.endswith("_bucket"):
                    buckets.setdefault(series, []).append(sample.value)
                elif sample.name.endswith("_count"):
                    counts[series] = sample.value
            assert counts == {series: values[-1] for series, values in buckets.items()}
            assert all(values == sorted(values) for values in buckets.values())


def test_metrics_are_for_operators(tmp_path: Path) -> None:
    """
    Behind a proxy the metrics page requires the token.
    """
    far = {"X-Forwarded-For": "203.0.113.7"}
    with serve_shop(tmp_path) as program:
        local, refused = get_metrics(program)[0], get_metrics(program, far)[0]
        shown = get_metrics(program, far | {"Authorization": f"Bearer {TOKEN}"})[0]

    assert (200, 401, 200) == (local, refused, shown)
    assert TOKEN not in (tmp_path / "log").read_text()


def test_fallbacks_are_counted(tmp_path: Path) -> None:
    """
    When the Redis server fails, requests succeed and fallbacks are counted.
    """
    with valkey_server() as valkey:
        limits = {"GLOBAL_RATE_LIMIT": "1000/minute", "CACHE_REDIS_URL": valkey.patient_url}
        with serve_shop(tmp_path, **limits) as program:
            before = request_once(program, "GET", "/readyz").body
            valkey.kill()
            statuses = {request_once(program, "GET", "/inventory").status for _ in range(5)}
            after = request_once(program, "GET", "/readyz")
            page = read_samples(program)

    fallbacks = {
        labels[0][1]: value
        for (name, labels), value in page.items()
        if name == "mechanic_shop_fallbacks_total"
    }
    assert {200} == statuses
    assert ("up", "up") == (before["cache"], before["limits"])
    assert (200, "down", "down") == (after.status, after.body["cache"], after.body["limits"])
    assert {"cache", "limiter"} == fallbacks.keys()
    assert min(fallbacks.values()) >= 5
