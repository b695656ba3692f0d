"""Prometheus metrics, in one process or shared between several."""

import functools
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from importlib.metadata import version
from typing import Final, final

from attrs import asdict, define, field, fields
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, values
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.process_collector import ProcessCollector

from mechanic_adapters.sql.replicas.lagging_reads import LaggingReads, ReadOutcome
from mechanic_core.errors import LostRace, Unavailable
from mechanic_core.mail.use_cases import Deliveries
from mechanic_http.ports import AccessLog, AccessLogEntry
from mechanic_http.problems.handlers import code_of

MULTIPROCESS_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
"""The library's own variable: the folder in which several processes store their metrics."""

ACCOUNTS: Final[Mapping[str | None, str]] = {
    "log_in_customer": "customer",
    "log_in_staff": "staff",
}
"""The kind of account that each log-in operation is about."""

LOGIN_OUTCOMES: Final[Mapping[int, str]] = {200: "accepted", 401: "refused", 429: "limited"}
"""The outcome of a log-in by status; any other status is no attempt on an account."""

STORES: Final = ("cache", "limiter")
"""The side stores that requests can do without."""

SERVER_ERRORS: Final = (
    code_of(HTTPStatus.INTERNAL_SERVER_ERROR),
    *(kind.code for kind in (Unavailable, LostRace)),
)
"""The codes of problems that are no fault of the client."""

_RESTARTS: Final = ("worker_restarts", "Worker processes that ended and were started again.")
_METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@contextmanager
def shared_between_processes() -> Iterator[Callable[[int], None]]:
    """Let the `Metrics` created in this block, and in processes forked in it, be summed up.

    Yields a function to call with the id of each process that has exited, and is then started
    again. A folder that the environment names already is used and not removed.
    """
    configured = os.environ.get(MULTIPROCESS_FOLDER)
    folder = configured or tempfile.mkdtemp(prefix="mechanic-shop-metrics-")
    os.environ[MULTIPROCESS_FOLDER] = folder
    previous = values.ValueClass  # the library chose it when it was imported
    values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call]
    restarts = _counter(CollectorRegistry(), *_RESTARTS)

    def on_exit(pid: int) -> None:
        mark_process_dead(pid, folder)  # type: ignore[no-untyped-call]
        restarts.inc()

    try:
        yield on_exit
    finally:
        values.ValueClass = previous
        if not configured:
            del os.environ[MULTIPROCESS_FOLDER]
            shutil.rmtree(folder, ignore_errors=True)


@final
@define(eq=False)
class Metrics:
    """The shop's metrics. Every method may be called from any thread."""

    _registry: CollectorRegistry = field(factory=CollectorRegistry, init=False)
    _requests: Counter = field(init=False)
    _seconds: Histogram = field(init=False)
    _connections: Gauge = field(init=False)
    _in_use: Gauge = field(init=False)
    _idle: Gauge = field(init=False)
    _lookups: Counter = field(init=False)
    _cached_lookups: Callable[[str, str], Counter] = field(init=False)
    _series: Callable[[str, str, int, str], tuple[Counter, Histogram]] = field(init=False)
    _fallbacks: Counter = field(init=False)
    _logins: Counter = field(init=False)
    _refusals: Counter = field(init=False)
    _mails: Counter = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Register the metrics."""
        self._requests = self._counter(
            "http_requests", "Completed requests.", "method", "route", "status", "role"
        )
        self._seconds = Histogram(
            "mechanic_shop_http_request_duration_seconds",
            "Time from a request's arrival to its response.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._connections = Gauge(
            "mechanic_shop_database_connections",
            "Connections of the database's pools, by state.",
            ("state",),
            multiprocess_mode="livesum",
            registry=self._registry,
        )
        self._in_use = self._connections.labels("in_use")
        self._idle = self._connections.labels("idle")
        self._series = functools.cache(self._series_of)
        self._lookups = self._counter("cache_lookups", "Cache lookups.", "cache", "outcome")
        self._cached_lookups = functools.cache(self._lookups.labels)
        self._fallbacks = self._counter(
            "fallbacks", "Fallbacks while a side store such as Redis was unavailable.", "store"
        )
        self._logins = self._counter("logins", "Log-in attempts.", "account", "outcome")
        self._refusals = self._counter("refusals", "Refused requests, by problem code.", "code")
        self._mails = self._counter("mails", "Attempts to send a mail, by outcome.", "outcome")
        self._counter(*_RESTARTS)  # counted by the supervisor, see `shared_between_processes`
        self._describe_build()
        self._begin_series()
        if MULTIPROCESS_FOLDER not in os.environ:
            ProcessCollector(registry=self._registry)

    def _describe_build(self) -> None:
        build = Gauge(
            "mechanic_shop_build_info",
            "The versions of the shop and of Python, with the value 1.",
            ("version", "python"),
            multiprocess_mode="max",
            registry=self._registry,
        )
        build.labels(version("mechanic-shop"), platform.python_version()).set(1)

    def _begin_series(self) -> None:
        """Begin at 0 what alerts are about: the rise of a series cannot be seen in its first value."""
        for code in SERVER_ERRORS:
            self._refusals.labels(code)
        for store in STORES:
            self._fallbacks.labels(store)
        for account in ACCOUNTS.values():
            for outcome in LOGIN_OUTCOMES.values():
                self._logins.labels(account, outcome)
        for deliveries in fields(Deliveries):
            self._mails.labels(deliveries.name)

    def record_requests(
        self, count_connections: Callable[[], tuple[int, int]], log: AccessLog | None
    ) -> AccessLog:
        """Return an access log that counts each request before it is passed on to *log*.

        *count_connections* returns how many database connections are in use and idle.
        """

        def record(line: AccessLogEntry) -> None:
            self.count_request(line)
            if line.statements:
                self.set_connections(*count_connections())
            if log:
                log(line)

        return record

    def count_request(self, line: AccessLogEntry) -> None:
        """Count one request, and its refusal or log-in attempt."""
        method = line.method if line.method in _METHODS else "OTHER"
        # The route is a template such as /inventory/{id}: ids would make endless time series.
        requests, durations = self._series(
            method, line.route or "none", line.status, line.role or "none"
        )
        requests.inc()
        durations.observe(line.milliseconds / 1000)
        if line.problem:
            self._refusals.labels(line.problem).inc()
        account, outcome = ACCOUNTS.get(line.operation_id), LOGIN_OUTCOMES.get(line.status)
        if account and outcome:
            self._logins.labels(account, outcome).inc()

    def count_lookup(self, cache: str, *, hit: bool) -> None:
        """Count one lookup in *cache*."""
        self._cached_lookups(cache, "hit" if hit else "miss").inc()

    def count_fallback(self, store: str) -> None:
        """Count one fallback while the side store of the ``limiter`` or ``cache`` was away."""
        self._fallbacks.labels(store).inc()

    def count_mails(self, deliveries: Deliveries) -> None:
        """Count the mails of one look at the outbox."""
        for outcome, number in asdict(deliveries).items():
            self._mails.labels(outcome).inc(number)

    def follow_replica(self, reads: LaggingReads) -> None:
        """Count *reads*, and after each probe of the replica set how old its data may be."""
        outcomes = self._counter(
            "replica_reads", "Reads that may lag, by where they went.", "outcome"
        )
        for outcome in ReadOutcome:
            outcomes.labels(outcome)
        reads.on_read = lambda outcome: outcomes.labels(outcome).inc()
        age = Gauge(
            "mechanic_shop_replica_age_seconds",
            "How old the data of the replica may be; infinite while it is away.",
            multiprocess_mode="livemax",
            registry=self._registry,
        )
        reads.replica.on_probe = age.set

    def set_connections(self, in_use: int, idle: int) -> None:
        """Set the number of database connections of this process."""
        self._in_use.set(in_use)
        self._idle.set(idle)

    def render(self) -> tuple[bytes, str]:
        """Return the page that Prometheus scrapes, and its content type."""
        registry = self._registry
        if MULTIPROCESS_FOLDER in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry), CONTENT_TYPE_LATEST

    def _series_of(
        self, method: str, route: str, status: int, role: str
    ) -> tuple[Counter, Histogram]:
        """Return the time series of one kind of request; cached, as the lookup is costly."""
        requests = self._requests.labels(method, route, str(status), role)
        return requests, self._seconds.labels(method, route)

    def _counter(self, name: str, help_text: str, *labels: str) -> Counter:
        return _counter(self._registry, name, help_text, *labels)


def _counter(registry: CollectorRegistry, name: str, help_text: str, *labels: str) -> Counter:
    return Counter(f"mechanic_shop_{name}", help_text, labels, registry=registry)
