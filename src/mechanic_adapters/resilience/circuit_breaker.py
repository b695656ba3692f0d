"""A circuit breaker: a side store that is down must not slow requests down."""

import logging
import time
from collections.abc import Callable
from functools import cache
from threading import Lock
from typing import Final, TypeVar, final

from attrs import define, field, frozen

T = TypeVar("T")

RETRY_S: Final = 1.0
"""Seconds for which an open circuit refuses all calls before it lets one probe through."""

_log = logging.getLogger(__name__)


class CircuitOpen(Exception):
    """The call failed, or was not made because the circuit is open: use a fallback."""


@final
@frozen
class Health:
    """The state of a side store: *up* while its circuit is closed, and counts since the start."""

    store: str
    up: bool
    outages: int
    fallbacks: int


def ignore_fallback(_: str) -> None:
    """Count nothing."""


@final
@define(eq=False)
class CircuitBreaker:
    """Guards the calls to one side store, named *store*.

    Closed, it makes each call. A call that fails opens it: calls raise `CircuitOpen` at once,
    except for one half-open probe every `RETRY_S` seconds. A probe that succeeds closes it.

    An outage is logged when it begins and when it ends. *on_fallback* is called with the name of
    the store each time `CircuitOpen` is raised.
    """

    _store: str
    _on_fallback: Callable[[str], None] = ignore_fallback
    _clock: Callable[[], float] = time.monotonic

    _closed: bool = field(init=False, default=True)
    _changes: int = field(init=False, default=0)
    """How often the circuit opened or closed: calls from before the last change do not count."""

    _probe_at: float = field(init=False, default=0.0)
    _outages: int = field(init=False, default=0)
    _fallbacks: int = field(init=False, default=0)
    _lock: Lock = field(init=False, factory=Lock)

    def __call__(self, call: Callable[[], T]) -> T:
        """Return the result of *call*. Raises `CircuitOpen` when it fails or is not made."""
        changes = self._changes
        is_probe = not self._closed
        if is_probe and not self._may_probe():
            raise self._fall_back()
        try:
            result = call()
        except _failures() as error:  # evaluated only after something was raised
            self._open(changes, error)
            raise self._fall_back() from None
        if is_probe:
            self._close(changes)
        return result

    @property
    def health(self) -> Health:
        """The present state."""
        return Health(self._store, self._closed, self._outages, self._fallbacks)

    def _fall_back(self) -> CircuitOpen:
        with self._lock:
            self._fallbacks += 1
        self._on_fallback(self._store)
        return CircuitOpen()

    def _may_probe(self) -> bool:
        with self._lock:
            now = self._clock()
            if now < self._probe_at:
                return self._closed
            self._probe_at = now + RETRY_S  # other threads fall back meanwhile
            return True

    def _open(self, changes: int, error: Exception) -> None:
        with self._lock:
            self._probe_at = self._clock() + RETRY_S
            begins = self._closed and changes == self._changes
            if begins:
                self._closed, self._changes = False, changes + 1
                self._outages += 1
        if begins:  # without the text of the error, which may contain the store's address
            _log.warning("store away", extra={"store": self._store, "error": type(error).__name__})

    def _close(self, changes: int) -> None:
        with self._lock:
            ends = not self._closed and changes == self._changes
            if ends:
                self._closed, self._changes = True, changes + 1
        if ends:
            _log.warning("store back", extra={"store": self._store})


@cache
def _failures() -> tuple[type[Exception], ...]:
    from redis.exceptions import (  # noqa: PLC0415 - not without a Redis server
        RedisClusterException,
        RedisError,
    )

    return RedisError, RedisClusterException, OSError
