"""Whether requests can be served: what `/readyz` tells."""

from collections.abc import Callable
from typing import TypeAlias

from mechanic_adapters.caching.store import Store
from mechanic_adapters.limits import RateLimits
from mechanic_core.errors import Unavailable
from mechanic_http.ports import Readiness, Ready

Stopping: TypeAlias = Callable[[], bool]
"""Tells whether the server has been asked to stop."""


def never() -> bool:
    """Go on for ever."""
    return False


def readiness(store: Store, limits: RateLimits, stopping: Stopping) -> Ready:
    """Return what looks at everything that requests need.

    Limits have something to fall back to: that their store is away is told, and is no reason to
    send requests elsewhere.
    """

    def look() -> Readiness:
        database = _state_of(store)
        health = limits.health
        checks = {
            "server": "stopping" if stopping() else "running",
            "database": database,
            "limits": "memory" if health is None else "up" if health.up else "down",
        }
        return Readiness(database == "up" and not stopping(), checks)

    return look


def _state_of(store: Store) -> str:
    try:
        store.ping()
    except Unavailable:
        return "down"
    return "up"
