"""A cache storage in a Redis or Valkey server, shared by all processes that use it."""

import secrets
import time
from collections.abc import Callable, Collection, Hashable
from contextlib import suppress
from hashlib import blake2b
from threading import Lock
from typing import Final, Self, cast, final

from attrs import define, field

from mechanic_adapters.caching.storage import (
    CacheRegion,
    CacheStorage,
    Generations,
    Lookup,
    Nouns,
)
from mechanic_adapters.resilience.circuit_breaker import CircuitBreaker, CircuitOpen, Health
from mechanic_adapters.resilience.redis_connections import RedisClient, hash_tagged, open_redis

PREFIX: Final = "mechanic-shop:cache"
GENERATION_BYTES: Final = 16


@final
@define(eq=False)
class RedisCache(CacheStorage):
    """Stores each entry behind the generations that it was made from.

    A generation is a random value, not a count: if the server evicts one, the next one is never
    equal to it. Invalidations during an outage are pending; they are sent before the next lookup.
    """

    _redis: RedisClient
    _ttl_s: float
    _breaker: CircuitBreaker = field(factory=lambda: CircuitBreaker("cache"))
    _prefix: str = PREFIX
    _clock: Callable[[], float] = time.monotonic

    _pending: dict[str, object] = field(init=False, factory=dict)
    _lock: Lock = field(init=False, factory=Lock)

    @classmethod
    def open(cls, url: str, ttl_s: float, on_fallback: Callable[[str], None]) -> Self:
        """Return the storage at *url*. Raises `ValueError`; see `open_redis`."""
        breaker = CircuitBreaker("cache", on_fallback)
        return cls(open_redis(url), ttl_s, breaker, hash_tagged(PREFIX, url))

    def get(self, region: CacheRegion, key: Hashable) -> Lookup:
        at = self._clock()
        try:
            present, stored = self._breaker(
                lambda: self._read(region.nouns, self._name(region, key))
            )
        except CircuitOpen:
            return Lookup()
        if stored is not None and stored.startswith(present):
            return Lookup(stored[len(present) :])
        return Lookup(generations=Generations(present, at))

    def put(
        self, region: CacheRegion, key: Hashable, generations: Generations, entry: bytes
    ) -> None:
        left_ms = int(1000 * (generations.at + self._ttl_s - self._clock()))
        if left_ms > 0 and isinstance(generations.values, bytes):
            value = generations.values + entry
            with suppress(CircuitOpen):
                self._breaker(lambda: self._redis.set(self._name(region, key), value, px=left_ms))

    def invalidate(self, nouns: Collection[str]) -> None:
        with self._lock:
            self._pending |= dict.fromkeys(nouns, object())
        with suppress(CircuitOpen):
            self._breaker(self._send_pending)

    @property
    def health(self) -> Health:
        return self._breaker.health

    def close(self) -> None:
        self._redis.close()

    def _read(self, nouns: Nouns, name: str) -> tuple[bytes, bytes | None]:
        """Return the present generations of *nouns*, joined, and the value of *name*."""
        if self._pending:
            self._send_pending()
        keys = [self._generation_key(noun) for noun in nouns]
        *generations, value = self._values([*keys, name])
        if None in generations:
            for key in keys:
                self._redis.set(key, _new_generation(), nx=True)
            *generations, value = self._values([*keys, name])
        # If one was evicted again, the random value makes sure that nothing is read under it.
        return b"".join(one or _new_generation() for one in generations), value

    def _send_pending(self) -> None:
        with self._lock:
            pending = dict(self._pending)
        if pending:
            self._redis.mset({self._generation_key(noun): _new_generation() for noun in pending})
        with self._lock:  # without those that were added meanwhile
            self._pending = {
                noun: mark for noun, mark in self._pending.items() if pending.get(noun) is not mark
            }

    def _values(self, keys: list[str]) -> list[bytes | None]:
        return cast("list[bytes | None]", self._redis.mget(keys))

    def _generation_key(self, noun: str) -> str:
        return f"{self._prefix}:generation:{noun}"

    def _name(self, region: CacheRegion, key: Hashable) -> str:
        digest = blake2b(repr(key).encode(), digest_size=16).hexdigest()
        return f"{self._prefix}:{region.name}-{region.version}:{digest}"


def _new_generation() -> bytes:
    return secrets.token_bytes(GENERATION_BYTES)
