"""How often somebody may ask: exact moving windows, shared where there is a store for it."""

import hashlib
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Final, Self, final

from attrs import define, field, frozen
from limits import RateLimitItem, parse_many

from mechanic_adapters.rate_limits.memory import (
    MICROSECONDS,
    MemorySlidingWindows,
    SlidingWindows,
    Taken,
)
from mechanic_adapters.resilience.circuit_breaker import (
    CircuitBreaker,
    CircuitOpen,
    Health,
    uncounted,
)

MEMORY: Final = "memory://"


@final
@frozen
class Quota:
    """How a caller stands with one policy: *limit* requests in *window* seconds.

    *remaining* are left now; the next place comes free in *resets_in* seconds.
    """

    policy: str
    limit: int
    window: int
    remaining: int
    resets_in: int
    allowed: bool


@final
@define(eq=False)
class RateLimiter:
    """Counts requests by policy and key.

    With a shared store, processes count together; while it is away each counts for itself,
    so that no request fails for it and none goes unlimited.
    """

    _items: Mapping[str, RateLimitItem | None]
    _shared: SlidingWindows | None = None
    _own: SlidingWindows = field(factory=MemorySlidingWindows)
    _breaker: CircuitBreaker = field(factory=lambda: CircuitBreaker("limiter"))

    @classmethod
    def open(
        cls,
        policies: Mapping[str, str],
        storage_url: str = MEMORY,
        fell_back: Callable[[str], None] = uncounted,
    ) -> Self:
        """Return the limits that *policies* describe, as in ``{"login": "10/minute"}``.

        An empty text turns a policy off. *fell_back* is told ``limiter`` each time the shared
        store was done without. Raises `ValueError` for what is no limit or no store.
        """
        items = {name: limit_of(text) for name, text in policies.items()}
        shared = None if storage_url == MEMORY else _shared(storage_url)
        return cls(items, shared, breaker=CircuitBreaker("limiter", fell_back))

    def hit(self, policy: str, key: str) -> Quota | None:
        """Count one request of *key*, if it is let through; None where the policy is off."""
        item = self._items[policy]
        if item is None:
            return None
        window = item.get_expiry()
        taken = self._take(_name(policy, window, key), item.amount, window * MICROSECONDS)
        return Quota(
            policy=policy,
            limit=item.amount,
            window=window,
            remaining=max(0, item.amount - taken.held),
            resets_in=-(-taken.free_in // MICROSECONDS),
            allowed=taken.allowed,
        )

    @property
    def health(self) -> Health | None:
        """How the shared store does; None without one."""
        return self._breaker.health if self._shared else None

    def close(self) -> None:
        """Close the connections to the shared store."""
        if self._shared:
            self._shared.close()

    def _take(self, name: str, limit: int, window: int) -> Taken:
        if shared := self._shared:
            try:
                return self._breaker(lambda: shared.take(name, limit, window))
            except CircuitOpen:
                pass
        return self._own.take(name, limit, window)


def _shared(storage_url: str) -> SlidingWindows:
    """Return the windows at *storage_url*; without one the client is never imported."""
    windows: SlidingWindows = import_module(
        "mechanic_adapters.rate_limits.redis"
    ).RedisSlidingWindows(storage_url)
    return windows


def limit_of(text: str) -> RateLimitItem | None:
    """Return the limit that *text* describes, as in ``10/minute``; None for no text.

    Raises `ValueError`.
    """
    if not text.strip():
        return None
    try:
        (item,) = parse_many(text)
    except ValueError:  # no limit, or several
        item = None
    if item is None or item.amount < 1:
        raise ValueError("must be one limit, such as 100/minute")
    return item


def _name(policy: str, window: int, key: str) -> str:
    """Return what is counted under: short whatever the key, and telling nobody who it is."""
    whole = f"{policy}/{window}\0{key}".encode(errors="replace")
    return hashlib.blake2b(whole, digest_size=16).hexdigest()
