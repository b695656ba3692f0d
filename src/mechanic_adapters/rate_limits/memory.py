"""Rate limits in this process: the moments of each caller's requests, in memory."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from hashlib import blake2b
from threading import Lock
from typing import Final, final

from attrs import define, field

from mechanic_adapters.rate_limits.quota import MICROSECONDS, Quota, RateLimit

MAX_KEYS: Final = 100_000
MAX_REQUESTS: Final = 1_000_000


def monotonic_microseconds() -> int:
    """Return the time of a clock that never goes back."""
    return time.monotonic_ns() // 1000


@final
@define(eq=False)
class MemoryRateLimiter:
    """Counts requests in exact sliding windows.

    Memory is bounded in callers and in requests: the least recently used keys are evicted.
    """

    _limits: Mapping[str, RateLimit | None]
    _clock: Callable[[], int] = monotonic_microseconds
    _max_keys: int = MAX_KEYS
    _max_requests: int = MAX_REQUESTS

    _windows: OrderedDict[bytes, deque[int]] = field(init=False, factory=OrderedDict)
    _requests: int = field(init=False, default=0)
    _lock: Lock = field(init=False, factory=Lock)

    def hit(self, policy: str, key: str) -> Quota | None:
        """Count one request of *key* if *policy* allows it; return None if the policy is off."""
        limit = self._limits[policy]
        if limit is None:
            return None
        name = blake2b(f"{policy}\0{key}".encode(errors="replace"), digest_size=16).digest()
        with self._lock:
            now = self._clock()
            window = self._windows.setdefault(name, deque())
            self._windows.move_to_end(name)
            start = now - limit.seconds * MICROSECONDS
            while window and window[0] <= start:
                window.popleft()
                self._requests -= 1
            allowed = len(window) < limit.requests
            if allowed:
                window.append(now)
                self._requests += 1
                self._evict()
            count, free_in = len(window), window[0] - start
        return Quota(
            policy=policy,
            limit=limit.requests,
            window=limit.seconds,
            remaining=limit.requests - count,
            resets_in=-(-free_in // MICROSECONDS),
            allowed=allowed,
        )

    @property
    def health(self) -> None:
        """None: memory has no outages."""

    def close(self) -> None:
        """Do nothing."""

    def _evict(self) -> None:
        """Evict the least recently used keys, but never the last one used."""
        while len(self._windows) > 1 and (
            len(self._windows) > self._max_keys or self._requests > self._max_requests
        ):
            _, window = self._windows.popitem(last=False)
            self._requests -= len(window)
