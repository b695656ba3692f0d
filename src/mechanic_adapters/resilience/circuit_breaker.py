"""What keeps a side store that does not answer from slowing requests down."""

import logging
import time
from collections.abc import Callable
from functools import cache
from importlib import import_module
from threading import Lock
from typing import Final, TypeVar, final

from attrs import define, field, frozen

T = TypeVar("T")

RETRY_S: Final = 1.0
"""How long a store that did not answer is left alone before one request tries it again."""

_log = logging.getLogger(__name__)


class CircuitOpen(Exception):
    """The store does not answer: go on without it."""


@final
@frozen
class Health:
    """How a side store does, and how often it was done without."""

    store: str
    up: bool
    outages: int
    bypassed: int


def uncounted(_: str) -> None:
    """Count nothing."""


@final
@define(eq=False)
class CircuitBreaker:
    """Lets calls through to a store until one fails, then one a second until one succeeds.

    An outage is logged when it begins and when it ends, and not between. *fell_back* is told
    the store's name each time it was done without.
    """

    _store: str
    _fell_back: Callable[[str], None] = uncounted
    _ticks: Callable[[], float] = time.monotonic

    _up: bool = field(init=False, default=True)
    _turn: int = field(init=False, default=0)  # a call from before the last one tells nothing
    _retry_at: float = field(init=False, default=0.0)
    _outages: int = field(init=False, default=0)
    _bypassed: int = field(init=False, default=0)
    _lock: Lock = field(init=False, factory=Lock)

    def __call__(self, call: Callable[[], T]) -> T:
        """Return what *call* does. Raises `CircuitOpen` when the store fails or is left alone."""
        turn = self._turn
        trying = not self._up
        if trying and not self._may_try():
            raise self._bypassing()
        try:
            answer = call()
        except _outages() as error:  # asked for only once something was raised
            self._failed(turn, error)
            raise self._bypassing() from None
        if trying:
            self._recovered(turn)
        return answer

    @property
    def health(self) -> Health:
        """How the store does."""
        return Health(self._store, self._up, self._outages, self._bypassed)

    def _bypassing(self) -> CircuitOpen:
        with self._lock:
            self._bypassed += 1
        self._fell_back(self._store)
        return CircuitOpen()

    def _may_try(self) -> bool:
        with self._lock:
            now = self._ticks()
            if now < self._retry_at:
                return self._up
            self._retry_at = now + RETRY_S  # the others go on without meanwhile
            return True

    def _failed(self, turn: int, error: Exception) -> None:
        with self._lock:
            self._retry_at = self._ticks() + RETRY_S
            begins = self._up and turn == self._turn
            if begins:
                self._up, self._turn, self._outages = False, turn + 1, self._outages + 1
        if begins:  # the error's text is not logged: it may hold the store's address
            _log.warning("store away", extra={"store": self._store, "error": type(error).__name__})

    def _recovered(self, turn: int) -> None:
        with self._lock:
            ends = not self._up and turn == self._turn
            if ends:
                self._up, self._turn = True, turn + 1
        if ends:
            _log.warning("store back", extra={"store": self._store})


@cache
def _outages() -> tuple[type[Exception], ...]:
    """Return what tells that a store is away; without a store the client is never imported."""
    return import_module("redis.exceptions").RedisError, OSError
