"""Rate limits in this process: the moments of each caller's requests, in memory."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from functools import partial
from threading import Lock
from typing import Final, final

from attrs import define, field

from mechanic_adapters.rate_limits.quota import (
    MICROSECONDS,
    Hit,
    Limits,
    Quota,
    Window,
    WindowsOf,
    remember_windows,
)

MAX_KEYS: Final = 100_000
MAX_REQUESTS: Final = 1_000_000


def monotonic_microseconds() -> int:
    """Return the time of a clock that never goes back."""
    return time.monotonic_ns() // 1000


@final
@define(eq=False)
class MemoryRateLimiter:
    """Counts requests in exact sliding windows.

    Memory is bounded in keys and in requests: the least recently used keys are evicted.
    """

    _limits: Limits
    _clock: Callable[[], int] = monotonic_microseconds
    _max_keys: int = MAX_KEYS
    _max_requests: int = MAX_REQUESTS

    _windows: OrderedDict[str, deque[int]] = field(init=False, factory=OrderedDict)
    _requests: int = field(init=False, default=0)
    _lock: Lock = field(init=False, factory=Lock)
    _windows_of: WindowsOf = field(init=False)

    @_windows_of.default
    def _remember_windows(self) -> WindowsOf:
        return remember_windows(self._limits)

    def hit(self, policies: tuple[str, ...], keys: tuple[str, ...]) -> Hit:
        """Count a request of *keys* under all *policies*, or under none if one refuses it.

        Each key has ten times the limit of the key before it.
        """
        windows = self._windows_of(policies, keys)
        counts, free_in = [], []
        with self._lock:
            now = self._clock()
            opened = [self._open(window, now - window.length) for window in windows]
            for window, moments in zip(windows, opened, strict=True):
                counts.append(len(moments))
                free_in.append(moments[0] - now + window.length if moments else window.length)
            counted = fits(windows, counts)
            if counted:
                for moments in opened:
                    moments.append(now)
                self._requests += len(opened)
                self._evict(but=len(opened))
        quotas = quotas_of(windows, counts, free_in, counted)
        return Hit(quotas, counted, partial(self._give_back, windows, now))

    @property
    def health(self) -> None:
        """None: memory has no outages."""

    def close(self) -> None:
        """Do nothing."""

    def _open(self, window: Window, start: int) -> deque[int]:
        """Return the moments of *window* after *start*; it becomes the last used."""
        moments = self._windows.setdefault(window.name, deque())
        self._windows.move_to_end(window.name)
        while moments and moments[0] <= start:
            moments.popleft()
            self._requests -= 1
        return moments

    def _give_back(self, windows: tuple[Window, ...], moment: int) -> None:
        with self._lock:
            for window in windows:
                moments = self._windows.get(window.name, ())
                if moments and moment in moments:
                    moments.remove(moment)
                    self._requests -= 1

    def _evict(self, but: int) -> None:
        """Evict the least recently used keys, but never the last *but* of them."""
        while len(self._windows) > but and (
            self._requests > self._max_requests or len(self._windows) > self._max_keys
        ):
            _, moments = self._windows.popitem(last=False)
            self._requests -= len(moments)


def fits(windows: Sequence[Window], counts: Sequence[int]) -> bool:
    """Return whether no window is full; *counts* are the requests in each."""
    for window, count in zip(windows, counts, strict=True):  # noqa: SIM110 - half the time of all()
        if count >= window.limit:
            return False
    return True


def quotas_of(
    windows: Sequence[Window], counts: Sequence[int], free_in: Sequence[int], counted: int
) -> tuple[Quota, ...]:
    """Return the quota of each policy: that of its tightest window.

    *counts* are the requests in each window before this one, which was *counted* once or not at
    all; *free_in* are the microseconds until the oldest leaves.
    """
    quotas: dict[str, Quota] = {}
    for window, count, free in zip(windows, counts, free_in, strict=True):
        remaining = window.limit - count - counted
        known = quotas.get(window.policy)
        if known and known.remaining < remaining:
            continue
        quota = Quota(
            policy=window.policy,
            limit=window.limit,
            window=window.length // MICROSECONDS,
            remaining=max(0, remaining),
            resets_in=-(-free // MICROSECONDS),
            allowed=bool(counted) or remaining > 0,
        )
        if not known or (quota.remaining, -quota.resets_in) < (known.remaining, -known.resets_in):
            quotas[window.policy] = quota
    return tuple(quotas.values())
