"""What is counted for Prometheus, in one process or in several that share their figures."""

import functools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, final

from attrs import define, field
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, values
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.process_collector import ProcessCollector

SHARED_IN: Final = "PROMETHEUS_MULTIPROC_DIR"
"""The library's own variable: the folder in which several processes keep their figures."""

_METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@contextmanager
def shared_between_processes() -> Iterator[Callable[[int], None]]:
    """Have the `Metrics` made in this block, and in forks within it, share their figures.

    Gives what is to be called with the id of a process that has ended. Where the environment
    names a folder already, that one is used and kept.
    """
    given = os.environ.get(SHARED_IN)
    folder = given or tempfile.mkdtemp(prefix="mechanic-shop-metrics-")
    os.environ[SHARED_IN] = folder
    former = values.ValueClass  # the library chose it when it was imported
    values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call]
    try:
        yield lambda pid: mark_process_dead(pid, folder)  # type: ignore[no-untyped-call]
    finally:
        values.ValueClass = former
        if not given:
            del os.environ[SHARED_IN]
            shutil.rmtree(folder, ignore_errors=True)


@final
@define(eq=False)
class Metrics:
    """The shop's figures. Every method may be called from any thread."""

    _registry: CollectorRegistry = field(factory=CollectorRegistry, init=False)
    _requests: Counter = field(init=False)
    _seconds: Histogram = field(init=False)
    _connections: Gauge = field(init=False)
    _in_use: Gauge = field(init=False)
    _idle: Gauge = field(init=False)
    _lookups: Counter = field(init=False)
    _looks: Callable[[str, str], Counter] = field(init=False)
    _series: Callable[[str, str, int, str], tuple[Counter, Histogram]] = field(init=False)
    _fallbacks: Counter = field(init=False)
    _logins: Counter = field(init=False)
    _refusals: Counter = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Name what is counted."""
        self._requests = self._counter(
            "http_requests", "Requests answered.", "method", "route", "status", "role"
        )
        self._seconds = Histogram(
            "mechanic_shop_http_request_duration_seconds",
            "Time from a request's arrival to its answer.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._connections = Gauge(
            "mechanic_shop_database_connections",
            "ConnectionPool in the database pools, by state.",
            ("state",),
            multiprocess_mode="livesum",
            registry=self._registry,
        )
        self._in_use = self._connections.labels("in_use")
        self._idle = self._connections.labels("idle")
        self._series = functools.cache(self._series_of)
        self._lookups = self._counter("cache_lookups", "Looks into a cache.", "cache", "outcome")
        self._looks = functools.cache(self._lookups.labels)
        self._fallbacks = self._counter(
            "fallbacks", "Times a store that may fail was done without.", "store"
        )
        self._logins = self._counter("logins", "Attempts to log in.", "account", "outcome")
        self._refusals = self._counter("refusals", "Requests refused, by the problem.", "code")
        if SHARED_IN not in os.environ:
            ProcessCollector(registry=self._registry)

    def answered(self, method: str, route: str, status: int, role: str, seconds: float) -> None:
        """Count one request; *route* is the template, so that ids make no new series."""
        method = method if method in _METHODS else "OTHER"
        requests, durations = self._series(method, route, status, role)
        requests.inc()
        durations.observe(seconds)

    def refused(self, code: str) -> None:
        """Count one refusal; ``insufficient-stock`` is the one that a storeroom watches."""
        self._refusals.labels(code).inc()

    def logged_in(self, account: str, outcome: str) -> None:
        """Count one attempt to log in to a ``customer`` or ``staff`` account."""
        self._logins.labels(account, outcome).inc()

    def looked_up(self, cache: str, *, hit: bool) -> None:
        """Count one look into *cache*."""
        self._looks(cache, "hit" if hit else "miss").inc()

    def fell_back(self, store: str) -> None:
        """Count that the ``limiter`` or the ``cache`` store was away and done without."""
        self._fallbacks.labels(store).inc()

    def pool(self, in_use: int, idle: int) -> None:
        """Note how many database connections this process has."""
        self._in_use.set(in_use)
        self._idle.set(idle)

    def render(self) -> tuple[bytes, str]:
        """Return the page for Prometheus, and its content type."""
        registry = self._registry
        if SHARED_IN in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry), CONTENT_TYPE_LATEST

    def _series_of(
        self, method: str, route: str, status: int, role: str
    ) -> tuple[Counter, Histogram]:
        """Return what counts one kind of request; looking it up costs more than counting."""
        requests = self._requests.labels(method, route, str(status), role)
        return requests, self._seconds.labels(method, route)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"mechanic_shop_{name}", meaning, labels, registry=self._registry)
