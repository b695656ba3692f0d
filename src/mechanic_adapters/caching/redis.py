"""Answers kept in Redis or Valkey, for every process that asks there."""

import hashlib
import secrets
import time
from collections.abc import Callable, Collection, Hashable
from contextlib import suppress
from threading import Lock
from typing import Final, TypeVar, cast, final

from attrs import define, field
from redis import Redis

from mechanic_adapters.caching.ports import Answers, Kind, Nouns, Recalled, Stamp
from mechanic_adapters.resilience.circuit_breaker import CircuitBreaker, CircuitOpen, Health
from mechanic_adapters.resilience.redis_connections import redis_pool

T = TypeVar("T")

PREFIX: Final = "mechanic-shop:cache"
GENERATION_BYTES: Final = 16


@final
@define(eq=False)
class RedisAnswers(Answers):
    """Answers as bytes, each behind the generations it was made of.

    A generation is a random value, not a count: should the store forget one, no new one will
    ever be equal to it. What could not be moved on while the store was away is owed, and paid
    before the next answer is read.
    """

    _redis: Redis
    _ttl_s: float
    _breaker: CircuitBreaker = field(factory=lambda: CircuitBreaker("cache"))
    _prefix: str = PREFIX
    _ticks: Callable[[], float] = time.monotonic

    _owed: dict[str, object] = field(init=False, factory=dict)
    _lock: Lock = field(init=False, factory=Lock)

    def recall(self, kind: Kind[T], key: Hashable) -> Recalled[T]:
        """Return the answer of the present generations, or the stamp for a new one."""
        at = self._ticks()
        try:
            present, kept = self._breaker(lambda: self._ask(kind.nouns, self._name(kind, key)))
        except CircuitOpen:
            return Recalled()
        if kept is not None and kept.startswith(present):
            try:
                return Recalled(kind.read(kept[len(present) :]))
            except ValueError:  # not what we would write: it is written over
                pass
        return Recalled(stamp=Stamp(present, at))

    def keep(self, kind: Kind[T], key: Hashable, stamp: Stamp, answer: T) -> None:
        """Keep *answer* for what is left of its time, if the store can be reached."""
        left_ms = int(1000 * (stamp.at + self._ttl_s - self._ticks()))
        if left_ms > 0 and isinstance(stamp.generations, bytes):
            value = stamp.generations + kind.write(answer)
            with suppress(CircuitOpen):
                self._breaker(lambda: self._redis.set(self._name(kind, key), value, px=left_ms))

    def touched(self, nouns: Collection[str]) -> None:
        """Move the generations of *nouns* on, or owe it."""
        with self._lock:
            self._owed |= dict.fromkeys(nouns, object())
        with suppress(CircuitOpen):
            self._breaker(self._pay)

    @property
    def health(self) -> Health:
        """How the store does."""
        return self._breaker.health

    def close(self) -> None:
        """Close the connections."""
        self._redis.connection_pool.disconnect()

    def _ask(self, nouns: Nouns, name: str) -> tuple[bytes, bytes | None]:
        """Return the present generations of *nouns* as one, and what is kept under *name*."""
        if self._owed:
            self._pay()
        keys = [self._generation(noun) for noun in nouns]
        *found, kept = self._values([*keys, name])
        if None in found:
            for key in keys:
                self._redis.set(key, _new(), nx=True)
            *found, kept = self._values([*keys, name])
        # One that is gone again makes a stamp that nothing is ever found under.
        return b"".join(generation or _new() for generation in found), kept

    def _pay(self) -> None:
        with self._lock:
            owed = dict(self._owed)
        if owed:
            self._redis.mset({self._generation(noun): _new() for noun in owed})
        with self._lock:  # but not what has come to be owed meanwhile
            self._owed = {n: debt for n, debt in self._owed.items() if owed.get(n) is not debt}

    def _values(self, keys: list[str]) -> list[bytes | None]:
        return cast("list[bytes | None]", self._redis.mget(keys))

    def _generation(self, noun: str) -> str:
        return f"{self._prefix}:generation:{noun}"

    def _name(self, kind: Kind[T], key: Hashable) -> str:
        digest = hashlib.blake2b(repr(key).encode(), digest_size=16).hexdigest()
        return f"{self._prefix}:{kind.name}-{kind.form}:{digest}"


def redis_answers(url: str, ttl_s: float, fell_back: Callable[[str], None]) -> RedisAnswers:
    """Return the answers at *url*; raises `ValueError` when that is no address of a store."""
    return RedisAnswers(
        Redis(connection_pool=redis_pool(url)), ttl_s, CircuitBreaker("cache", fell_back)
    )


def _new() -> bytes:
    return secrets.token_bytes(GENERATION_BYTES)
