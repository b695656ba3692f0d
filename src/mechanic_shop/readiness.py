"""Whether requests can be served: what `/readyz` tells."""

from collections.abc import Callable
from typing import TypeAlias

from mechanic_adapters.breaker import Health
from mechanic_adapters.caching.cache import AnswerCache
from mechanic_adapters.caching.store import Store
from mechanic_adapters.limits import RateLimits
from mechanic_core.errors import Unavailable
from mechanic_http.ports import Readiness, Ready

Stopping: TypeAlias = Callable[[], bool]
"""Tells whether the server has been asked to stop."""


def never() -> bool:
    """Go on for ever."""
    return False


def readiness(
    store: Store, cache: AnswerCache | None, limits: RateLimits, stopping: Stopping
) -> Ready:
    """Return what looks at everything that requests need.

    That the schema is new enough was seen at the start. Cache and limits can be done without:
    how they are is told, and is no reason to send requests elsewhere.
    """

    def look() -> Readiness:
        database = _database(store)
        checks = {
            "server": "stopping" if stopping() else "running",
            "database": database,
            "cache": _side_store(cache.health) if cache else "off",
            "limits": _side_store(limits.health),
        }
        return Readiness(database == "up" and not stopping(), checks)

    return look


def _database(store: Store) -> str:
    try:
        store.ping()
    except Unavailable:
        return "down"
    return "up"


def _side_store(health: Health | None) -> str:
    if health is None:
        return "memory"
    return "up" if health.up else "down"
