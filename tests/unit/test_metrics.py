"""MetricsPage for Prometheus: named well, bounded in number, and one page for several processes."""

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


def figures(metrics: Metrics) -> Mapping[tuple[str, frozenset[tuple[str, str]]], float]:
    """Return what the page says, read by Prometheus' own parser."""
    page, kind = metrics.render()
    assert kind.startswith("text/plain")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
    }


def figure(metrics: Metrics, name: str, **labels: str) -> float:
    """Return one of them."""
    return figures(metrics)[f"mechanic_shop_{name}", frozenset(labels.items())]


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
    assert 2 == figure(metrics, "http_requests_total", **which, status="200", role="customer")
    assert 1 == figure(metrics, f"{seconds}_bucket", **which, le="0.005")
    assert 2 == figure(metrics, f"{seconds}_bucket", **which, le="+Inf")
    assert 0.024 == figure(metrics, f"{seconds}_sum", **which)


def test_made_up_methods_make_no_series() -> None:
    """
    Whatever a client calls its method, there is one name for all that nobody knows.
    """
    metrics = Metrics()

    for number in range(100):
        metrics.count_request(request(method=f"X{number}", status=405))

    series = [name for name, _ in figures(metrics) if name == "mechanic_shop_http_requests_total"]
    assert ["mechanic_shop_http_requests_total"] == series


def test_counts_all_the_rest() -> None:
    """
    Refusals, logins, caches, fallbacks and connections each have their figure.
    """
    metrics = Metrics()

    metrics.count_request(request(status=409, problem="insufficient-stock"))
    metrics.count_request(request(status=401, operation_id="log_in_staff"))
    metrics.count_lookup("leaderboard", hit=True)
    metrics.count_lookup("leaderboard", hit=False)
    metrics.count_fallback("limiter")
    metrics.set_connections(in_use=3, idle=5)

    assert [1, 1, 1, 1, 1, 3, 5] == [
        figure(metrics, "refusals_total", code="insufficient-stock"),
        figure(metrics, "logins_total", account="staff", outcome="refused"),
        figure(metrics, "cache_lookups_total", cache="leaderboard", outcome="hit"),
        figure(metrics, "cache_lookups_total", cache="leaderboard", outcome="miss"),
        figure(metrics, "fallbacks_total", store="limiter"),
        figure(metrics, "database_connections", state="in_use"),
        figure(metrics, "database_connections", state="idle"),
    ]


def test_nothing_is_lost_between_threads() -> None:
    """
    Eight threads count a thousand each, and eight thousand are told.
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

    assert 8000 == figure(metrics, "refusals_total", code="email-taken")


def test_several_processes_have_one_page() -> None:
    """
    What a fork counted is told by its parent; its open connections are forgotten when it ends.
    """
    with shared_between_processes() as forget:
        metrics = Metrics()
        metrics.count_request(request(status=409, problem="email-taken"))
        metrics.set_connections(in_use=1, idle=0)
        child = os.fork()
        if not child:
            metrics.count_request(request(status=409, problem="email-taken"))
            metrics.set_connections(in_use=2, idle=0)
            os._exit(0)
        os.waitpid(child, 0)

        before = figure(metrics, "database_connections", state="in_use")
        forget(child)
        after = figure(metrics, "database_connections", state="in_use")
        refused = figure(metrics, "refusals_total", code="email-taken")
        folder = os.environ[MULTIPROCESS_FOLDER]

    assert [3, 1, 2] == [before, after, refused]
    assert not Path(folder).exists()
    assert MULTIPROCESS_FOLDER not in os.environ
