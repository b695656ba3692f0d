"""The rate limiter that the settings describe: in memory, or shared in a Redis server."""

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from mechanic_adapters.rate_limits.memory import MemoryRateLimiter
from mechanic_adapters.rate_limits.quota import Hit, RateLimit
from mechanic_adapters.resilience.circuit_breaker import Health, ignore_fallback

MEMORY: Final = "memory://"


class RateLimiter(Protocol):
    """Counts requests by policies and keys."""

    def hit(self, policies: tuple[str, ...], keys: tuple[str, ...]) -> Hit:
        """Count a request of *keys* under all *policies*, or under none if one refuses it.

        Each key has ten times the limit of the key before it. Raises `KeyError` for an unknown
        policy.
        """
        ...

    @property
    def health(self) -> Health | None:
        """The state of the Redis server; None without one."""
        ...

    def close(self) -> None:
        """Close all connections."""
        ...


def open_rate_limiter(
    policies: Mapping[str, str],
    storage_url: str = MEMORY,
    on_fallback: Callable[[str], None] = ignore_fallback,
) -> RateLimiter:
    """Return a limiter for *policies*, such as ``{"login": "10/minute"}``; empty means off.

    *on_fallback* is called with ``limiter`` each time the Redis server was not available.
    Raises `ValueError` for what is no rate or no address of a server.
    """
    limits = {policy: RateLimit.parse(text) for policy, text in policies.items()}
    if storage_url == MEMORY:
        return MemoryRateLimiter(limits)
    from mechanic_adapters.rate_limits.redis import RedisRateLimiter  # noqa: PLC0415 - slow import

    return RedisRateLimiter.open(limits, storage_url, on_fallback)
