"""Whether requests can be served: what `/readyz` tells."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from mechanic_adapters.caching.cache import ResponseCache
from mechanic_adapters.rate_limits.limiter import RateLimiter
from mechanic_adapters.resilience.circuit_breaker import Health
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.errors import Unavailable
from mechanic_http.ports import Readiness, Ready
from mechanic_shop.wiring.database import is_new_enough

Stopping: TypeAlias = Callable[[], bool]
"""Tells whether the server has been asked to stop."""


def never() -> bool:
    """Go on for ever."""
    return False


def readiness(
    sql: SqlStore, cache: ResponseCache | None, limits: RateLimiter, stopping: Stopping
) -> Ready:
    """Return what looks at everything that requests need.

    Cache and limits can be done without: how they are is told, and is no reason to send
    requests elsewhere.
    """

    def look() -> Readiness:
        going = not stopping()
        database = _database(sql)
        checks = {
            "server": "running" if going else "stopping",
            **database,
            "cache": _side_store(cache.health) if cache else "off",
            "limits": _side_store(limits.health),
        }
        return Readiness(going and is_new_enough(database.get("schema")), checks)

    return look


def _database(sql: SqlStore) -> Mapping[str, str]:
    """Return how the database does, and if it answers which version its schema has."""
    try:
        return {"database": "up", "schema": sql.version() or ""}
    except Unavailable:
        return {"database": "down"}


def _side_store(health: Health | None) -> str:
    if health is None:
        return "memory"
    return "up" if health.up else "down"
