"""MetricsPage for Prometheus: named well, bounded in number, and one page for several processes."""

import os
import threading
from collections.abc import Mapping
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from mechanic_shop.observability.metrics import SHARED_IN, Metrics, shared_between_processes


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

    metrics.answered("GET", "/inventory/{id}", 200, "customer", 0.004)
    metrics.answered("GET", "/inventory/{id}", 200, "customer", 0.02)

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
        metrics.answered(f"X{number}", "none", 405, "none", 0.001)

    series = [name for name, _ in figures(metrics) if name == "mechanic_shop_http_requests_total"]
    assert ["mechanic_shop_http_requests_total"] == series


def test_counts_all_the_rest() -> None:
    """
    Refusals, logins, caches, fallbacks and connections each have their figure.
    """
    metrics = Metrics()

    metrics.refused("insufficient-stock")
    metrics.logged_in("staff", "refused")
    metrics.looked_up("leaderboard", hit=True)
    metrics.looked_up("leaderboard", hit=False)
    metrics.fell_back("limiter")
    metrics.pool(in_use=3, idle=5)

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
            metrics.refused("email-taken")

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
        metrics.refused("email-taken")
        metrics.pool(in_use=1, idle=0)
        child = os.fork()
        if not child:
            metrics.refused("email-taken")
            metrics.pool(in_use=2, idle=0)
            os._exit(0)
        os.waitpid(child, 0)

        before = figure(metrics, "database_connections", state="in_use")
        forget(child)
        after = figure(metrics, "database_connections", state="in_use")
        refused = figure(metrics, "refusals_total", code="email-taken")
        folder = os.environ[SHARED_IN]

    assert [3, 1, 2] == [before, after, refused]
    assert not Path(folder).exists()
    assert SHARED_IN not in os.environ
