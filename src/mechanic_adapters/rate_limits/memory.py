"""Moving windows in this process: who came when, as far back as a limit looks."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from threading import Lock
from typing import Final, Protocol, final

from attrs import define, field, frozen

MOST_KEYS: Final = 100_000
MOST_STAMPS: Final = 1_000_000

MICROSECONDS: Final = 1_000_000


@final
@frozen
class Taken:
    """What came of asking for a place in a window: whether there was one, and how it stands.

    *held* places are taken now; the one taken first comes free in *free_in* microseconds.
    """

    allowed: bool
    held: int
    free_in: int


class SlidingWindows(Protocol):
    """Counts who came in the last so many microseconds, for any number of keys."""

    def take(self, key: str, limit: int, window: int) -> Taken:
        """Take a place under *key* if fewer than *limit* are held."""
        ...

    def close(self) -> None:
        """Let go of what is held open."""
        ...


def monotonic() -> int:
    """Return microseconds that never go back."""
    return time.monotonic_ns() // 1000


@final
@define(eq=False)
class MemorySlidingWindows:
    """Sliding windows in memory: exact, and bounded in keys and in stamps.

    Where there are too many, the keys that were quiet longest go first.
    """

    _now: Callable[[], int] = monotonic
    _most_keys: int = MOST_KEYS
    _most_stamps: int = MOST_STAMPS

    _windows: OrderedDict[str, deque[int]] = field(init=False, factory=OrderedDict)
    _stamps: int = field(init=False, default=0)
    _lock: Lock = field(init=False, factory=Lock)

    def take(self, key: str, limit: int, window: int) -> Taken:
        """Take a place under *key* if fewer than *limit* are held."""
        with self._lock:
            now = self._now()
            stamps = self._of(key)
            while stamps and stamps[0] <= now - window:
                stamps.popleft()
                self._stamps -= 1
            allowed = len(stamps) < limit
            if allowed:
                stamps.append(now)
                self._stamps += 1
                self._forget()
            return Taken(allowed, len(stamps), stamps[0] + window - now if stamps else 0)

    def close(self) -> None:
        """Do nothing: memory needs no closing."""

    def __len__(self) -> int:
        """Return how many keys are kept."""
        return len(self._windows)

    def _of(self, key: str) -> deque[int]:
        stamps = self._windows.get(key)
        if stamps is None:
            stamps = self._windows[key] = deque()
        else:
            self._windows.move_to_end(key)
        return stamps

    def _forget(self) -> None:
        """Drop the keys that were quiet longest, but never the last one used."""
        while len(self._windows) > 1 and (
            len(self._windows) > self._most_keys or self._stamps > self._most_stamps
        ):
            _, stamps = self._windows.popitem(last=False)
            self._stamps -= len(stamps)
