"""Readiness: the checks that `/readyz` reports."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from mechanic_adapters.caching.cache import ResponseCache
from mechanic_adapters.rate_limits.limiter import RateLimiter
from mechanic_adapters.resilience.circuit_breaker import Health
from mechanic_adapters.sql.migrations.version import is_supported
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.errors import Unavailable
from mechanic_http.ports import Readiness, Ready

Stopping: TypeAlias = Callable[[], bool]
"""Returns whether a graceful shutdown has begun."""


def never_stopping() -> bool:
    """Return False, for a server that reports no shutdown."""
    return False


def readiness_check(
    store: SqlStore, cache: ResponseCache | None, limiter: RateLimiter, stopping: Stopping
) -> Ready:
    """Return the function that checks everything requests need.

    The side stores of cache and rate limits are reported, but requests can do without them.
    """

    def check() -> Readiness:
        running = not stopping()
        database = _database(store)
        checks = {
            "server": "running" if running else "stopping",
            **database,
            "cache": _side_store(cache.health) if cache else "off",
            "limits": _side_store(limiter.health),
        }
        # A newer schema is accepted: the previous release keeps running during a deployment.
        return Readiness(running and is_supported(database.get("schema")), checks)

    return check


def _database(store: SqlStore) -> Mapping[str, str]:
    """Return the database's state and, if it is up, the version of its schema."""
    try:
        return {"database": "up", "schema": store.schema_version() or ""}
    except Unavailable:
        return {"database": "down"}


def _side_store(health: Health | None) -> str:
    if health is None:
        return "memory"
    return "up" if health.up else "down"
