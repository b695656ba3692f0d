"""Readiness: the checks that `/readyz` reports."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from mechanic_adapters.caching.cache import ResponseCache
from mechanic_adapters.rate_limits.limiter import RateLimiter
from mechanic_adapters.resilience.circuit_breaker import Health
from mechanic_adapters.sql.migrations.version import is_supported
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.errors import Unavailable
from mechanic_core.unit_of_work import Store
from mechanic_http.ports import Readiness, Ready

Stopping: TypeAlias = Callable[[], bool]
"""Returns whether a graceful shutdown has begun."""


def never_stopping() -> bool:
    """Return False, for a server that reports no shutdown."""
    return False


def readiness_check(
    store: Store, cache: ResponseCache | None, limiter: RateLimiter, stopping: Stopping
) -> Ready:
    """Return the function that checks everything requests need.

    The side stores of cache and rate limits are reported, but requests can do without them.
    """

    def check() -> Readiness:
        running = not stopping()
        is_usable, of_store = _state_of(store)
        checks = {
            "server": "running" if running else "stopping",
            **of_store,
            "cache": _side_store(cache.health) if cache else "off",
            "limits": _side_store(limiter.health),
        }
        return Readiness(running and is_usable, checks)

    return check


def _state_of(store: Store) -> tuple[bool, Mapping[str, str]]:
    """Return whether the store can be used, and the results of its checks by name."""
    try:
        if not isinstance(store, SqlStore):
            store.ping()
            return True, {"store": "up"}
        schema = store.schema_version()
        # A newer schema is accepted: the previous release keeps running during a deployment.
        if not is_supported(schema):
            return False, {"database": "up", "schema": schema or ""}
        failure = store.write_failure()
    except Unavailable:
        return False, {"database" if isinstance(store, SqlStore) else "store": "down"}
    checks = {"database": "up", "schema": schema or "", "writes": "up"}
    if failure:
        checks["writes"] = failure.reason
    if store.lagging_reads:  # requests can do without it
        checks["replica"] = store.lagging_reads.replica.state
    return failure is None, checks


def _side_store(health: Health | None) -> str:
    if health is None:
        return "memory"
    return "up" if health.up else "down"
