"""Prometheus metrics: names, bounded labels, threads and several processes."""

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from mechanic_core.access import Role
from mechanic_http.ports import AccessLogEntry
from mechanic_shop.observability.metrics import (
    MULTIPROCESS_FOLDER,
    Metrics,
    shared_between_processes,
)

BEGUN = {
    "mechanic_shop_refusals_total": 3,
    "mechanic_shop_fallbacks_total": 2,
    "mechanic_shop_logins_total": 6,
    "mechanic_shop_mails_total": 3,
    "mechanic_shop_worker_restarts_total": 1,
    "mechanic_shop_database_connections": 2,
}
"""How many series of each name a new shop has."""


def request(**values: Any) -> AccessLogEntry:
    """Return the record of one request."""
    defaults: dict[str, Any] = {
        "request_id": "1",
        "method": "GET",
        "route": None,
        "operation_id": None,
        "status": 200,
        "role": None,
        "actor_id": 0,
        "milliseconds": 1.0,
    }
    return AccessLogEntry(**defaults | values)


def samples(metrics: Metrics) -> Mapping[tuple[str, frozenset[tuple[str, str]]], float]:
    """Return the samples of the page, parsed by Prometheus' own parser."""
    page, kind = metrics.render()
    assert kind.startswith("text/plain")
    return {
        (one.name, frozenset(one.labels.items())): one.value
        for family in text_string_to_metric_families(page.decode())
        for one in family.samples
    }


def sample(metrics: Metrics, name: str, **labels: str) -> float:
    """Return the value of one sample."""
    return samples(metrics)[f"mechanic_shop_{name}", frozenset(labels.items())]


def test_counts_requests() -> None:
    """
    Requests are counted by method, route, status and role, and timed by method and route.
    """
    metrics = Metrics()

    for milliseconds in (4.0, 20.0):
        line = request(route="/inventory/{id}", role=Role.CUSTOMER, milliseconds=milliseconds)
        metrics.count_request(line)

    which = {"method": "GET", "route": "/inventory/{id}"}
    seconds = "http_request_duration_seconds"
    assert 2 == sample(metrics, "http_requests_total", **which, status="200", role="customer")
    assert 1 == sample(metrics, f"{seconds}_bucket", **which, le="0.005")
    assert 2 == sample(metrics, f"{seconds}_bucket", **which, le="+Inf")
    assert 0.024 == sample(metrics, f"{seconds}_sum", **which)


def test_unknown_methods_share_one_label() -> None:
    """
    Unknown methods share one label, so that clients cannot create time series.
    """
    metrics = Metrics()

    for number in range(100):
        metrics.count_request(request(method=f"X{number}", status=405))

    series = [name for name, _ in samples(metrics) if name == "mechanic_shop_http_requests_total"]
    assert ["mechanic_shop_http_requests_total"] == series


def test_counts_events() -> None:
    """
    Refusals, log-ins, cache lookups, fallbacks and connections are counted.
    """
    metrics = Metrics()

    metrics.count_request(request(status=409, problem="insufficient-stock"))
    metrics.count_request(request(status=401, operation_id="log_in_staff"))
    metrics.count_lookup("leaderboard", hit=True)
    metrics.count_lookup("leaderboard", hit=False)
    metrics.count_fallback("limiter")
    metrics.set_connections(in_use=3, idle=5)

    assert [1, 1, 1, 1, 1, 3, 5] == [
        sample(metrics, "refusals_total", code="insufficient-stock"),
        sample(metrics, "logins_total", account="staff", outcome="refused"),
        sample(metrics, "cache_lookups_total", cache="leaderboard", outcome="hit"),
        sample(metrics, "cache_lookups_total", cache="leaderboard", outcome="miss"),
        sample(metrics, "fallbacks_total", store="limiter"),
        sample(metrics, "database_connections", state="in_use"),
        sample(metrics, "database_connections", state="idle"),
    ]


def test_series_are_there_from_the_start() -> None:
    """
    What alerts are about begins at 0, and the build has its versions.
    """
    found = samples(Metrics())

    ours = {(name, labels): value for (name, labels), value in found.items() if name in BEGUN}
    assert {0.0} == set(ours.values())
    assert BEGUN == {name: sum(one == name for one, _ in ours) for name in BEGUN}
    assert 1 == sum(
        value
        for (name, labels), value in found.items()
        if name == "mechanic_shop_build_info" and {"version", "python"} == {n for n, _ in labels}
    )


def test_counting_is_thread_safe() -> None:
    """
    Eight threads that count a thousand each add up to eight thousand.
    """
    metrics = Metrics()

    def count() -> None:
        for _ in range(1000):
            metrics.count_request(request(status=409, problem="email-taken"))

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 8000 == sample(metrics, "refusals_total", code="email-taken")


def test_processes_share_one_page() -> None:
    """
    A page includes the counts of forked processes, and no connections of exited ones.
    """
    with shared_between_processes() as on_exit:
        metrics = Metrics()
        metrics.count_request(request(status=409, problem="email-taken"))
        metrics.set_connections(in_use=1, idle=0)
        child = os.fork()
        if not child:
            metrics.count_request(request(status=409, problem="email-taken"))
            metrics.set_connections(in_use=2, idle=0)
            os._exit(0)
        os.waitpid(child, 0)

        before = sample(metrics, "database_connections", state="in_use")
        on_exit(child)
        after = sample(metrics, "database_connections", state="in_use")
        refused = sample(metrics, "refusals_total", code="email-taken")
        restarts = sample(metrics, "worker_restarts_total")
        folder = os.environ[MULTIPROCESS_FOLDER]

    assert [3, 1, 2, 1] == [before, after, refused, restarts]
    assert not Path(folder).exists()
    assert MULTIPROCESS_FOLDER not in os.environ
