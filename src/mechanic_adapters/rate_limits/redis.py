"""Rate limits in a Redis or Valkey server, shared by all processes that use it."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final, Self, final

from attrs import define, field

from mechanic_adapters.rate_limits.memory import MemoryRateLimiter, fits, quotas_of
from mechanic_adapters.rate_limits.quota import (
    Hit,
    Limits,
    Window,
    WindowsOf,
    remember_windows,
)
from mechanic_adapters.resilience.circuit_breaker import (
    CircuitBreaker,
    CircuitOpen,
    Health,
    ignore_fallback,
)
from mechanic_adapters.resilience.redis_connections import (
    BUDGET_S,
    RedisClient,
    RunScript,
    hash_tagged,
    open_redis,
)

PREFIX: Final = "mechanic-shop:limits"

# Lists of moments, the newest first. The server's clock counts unless a test passes another.
# Returns the moment, and for each list its length before and the time until its oldest leaves.
HIT: Final = """
local now = tonumber(ARGV[1])
if not now then
    local time = redis.call('TIME')
    now = time[1] * 1000000 + time[2]
end
local found, allowed = {now}, true
for i, key in ipairs(KEYS) do
    local limit, window = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
    local oldest = redis.call('LINDEX', key, -1)
    while oldest and tonumber(oldest) <= now - window do
        redis.call('RPOP', key)
        oldest = redis.call('LINDEX', key, -1)
    end
    local count = redis.call('LLEN', key)
    allowed = allowed and count < limit
    found[2 * i] = count
    found[2 * i + 1] = oldest and tonumber(oldest) + window - now or window
end
if allowed then
    for i, key in ipairs(KEYS) do
        redis.call('LPUSH', key, string.format('%.0f', now))
        redis.call('PEXPIRE', key, math.ceil(tonumber(ARGV[2 * i + 1]) / 1000))
    end
end
return found
"""

GIVE_BACK: Final = """
for _, key in ipairs(KEYS) do
    redis.call('LREM', key, 1, ARGV[1])
end
"""


@final
@define(eq=False)
class RedisRateLimiter:
    """Counts requests in exact sliding windows, with one round trip for all windows of a request.

    During an outage each process counts in memory: no request fails, and none is unlimited.
    """

    _limits: Limits
    _redis: RedisClient
    _fallback: MemoryRateLimiter
    _breaker: CircuitBreaker = field(factory=lambda: CircuitBreaker("limiter"))
    _clock: Callable[[], int] | None = None
    _prefix: str = PREFIX

    _hit_script: RunScript = field(init=False)
    _give_back_script: RunScript = field(init=False)
    _windows_of: WindowsOf = field(init=False)

    @_windows_of.default
    def _remember_windows(self) -> WindowsOf:
        return remember_windows(self._limits)

    @_hit_script.default
    def _register_hit(self) -> RunScript:
        return self._redis.register_script(HIT)

    @_give_back_script.default
    def _register_give_back(self) -> RunScript:
        return self._redis.register_script(GIVE_BACK)

    @classmethod
    def open(
        cls,
        limits: Limits,
        url: str,
        on_fallback: Callable[[str], None] = ignore_fallback,
        budget_s: float = BUDGET_S,
    ) -> Self:
        """Return a limiter that counts at *url*. Raises `ValueError`; see `open_redis`."""
        return cls(
            limits,
            open_redis(url, budget_s),
            MemoryRateLimiter(limits),
            CircuitBreaker("limiter", on_fallback),
            prefix=hash_tagged(PREFIX, url),
        )

    def hit(self, policies: tuple[str, ...], keys: tuple[str, ...]) -> Hit:
        """Count a request of *keys* under all *policies*, or under none if one refuses it.

        Each key has ten times the limit of the key before it.
        """
        windows = self._windows_of(policies, keys)
        if not windows:
            return Hit()
        try:
            moment, *found = self._breaker(lambda: self._count(windows))
        except CircuitOpen:
            return self._fallback.hit(policies, keys)
        counts = found[::2]
        counted = fits(windows, counts)
        quotas = quotas_of(windows, counts, found[1::2], counted)
        return Hit(quotas, counted, partial(self._give_back, windows, moment))

    @property
    def health(self) -> Health:
        """The state of the server."""
        return self._breaker.health

    def close(self) -> None:
        """Close all connections."""
        self._redis.close()

    def _count(self, windows: tuple[Window, ...]) -> list[int]:
        """Return the moment, and for each window its requests and when the oldest leaves it."""
        args: list[int | str] = [self._clock() if self._clock else ""]
        for window in windows:
            args += (window.limit, window.length)
        counts: list[int] = self._hit_script(self._keys_of(windows), args)
        return counts

    def _give_back(self, windows: tuple[Window, ...], moment: int) -> None:
        """Uncount a request; during an outage it stays counted until its window has passed."""
        with suppress(CircuitOpen):
            self._breaker(lambda: self._give_back_script(self._keys_of(windows), [moment]))

    def _keys_of(self, windows: tuple[Window, ...]) -> list[str]:
        return [f"{self._prefix}:{window.name}" for window in windows]
