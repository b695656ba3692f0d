"""Rate limits in a Redis or Valkey server, shared by all processes that use it."""

from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Final, Self, final

from attrs import define, field
from redis import Redis
from redis.commands.core import Script

from mechanic_adapters.rate_limits.memory import MemoryRateLimiter
from mechanic_adapters.rate_limits.quota import MICROSECONDS, Quota, RateLimit
from mechanic_adapters.resilience.circuit_breaker import (
    CircuitBreaker,
    CircuitOpen,
    Health,
    ignore_fallback,
)
from mechanic_adapters.resilience.redis_connections import BUDGET_S, open_redis

PREFIX: Final = "mechanic-shop:limits"

# A list of moments, the newest first. The server's clock counts unless a test passes another.
HIT: Final = """
local limit, window, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if not now then
    local time = redis.call('TIME')
    now = time[1] * 1000000 + time[2]
end
local oldest = redis.call('LINDEX', KEYS[1], -1)
while oldest and tonumber(oldest) <= now - window do
    redis.call('RPOP', KEYS[1])
    oldest = redis.call('LINDEX', KEYS[1], -1)
end
local count = redis.call('LLEN', KEYS[1])
local allowed = count < limit
if allowed then
    redis.call('LPUSH', KEYS[1], string.format('%.0f', now))
    redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000))
    count = count + 1
end
return {allowed and 1 or 0, count, oldest and tonumber(oldest) + window - now or window}
"""


@final
@define(eq=False)
class RedisRateLimiter:
    """Counts requests in exact sliding windows, with one round trip for decision and quota.

    During an outage each process counts in memory: no request fails, and none is unlimited.
    """

    _limits: Mapping[str, RateLimit | None]
    _redis: Redis
    _fallback: MemoryRateLimiter
    _breaker: CircuitBreaker = field(factory=lambda: CircuitBreaker("limiter"))
    _clock: Callable[[], int] | None = None

    _script: Script = field(init=False)

    @_script.default
    def _register(self) -> Script:
        return self._redis.register_script(HIT)

    @classmethod
    def open(
        cls,
        limits: Mapping[str, RateLimit | None],
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
        )

    def hit(self, policy: str, key: str) -> Quota | None:
        """Count one request of *key* if *policy* allows it; return None if the policy is off."""
        limit = self._limits[policy]
        if limit is None:
            return None
        try:
            allowed, count, free_in = self._breaker(lambda: self._count(policy, limit, key))
        except CircuitOpen:
            return self._fallback.hit(policy, key)
        return Quota(
            policy=policy,
            limit=limit.requests,
            window=limit.seconds,
            remaining=max(0, limit.requests - count),
            resets_in=-(-free_in // MICROSECONDS),
            allowed=bool(allowed),
        )

    @property
    def health(self) -> Health:
        """The state of the server."""
        return self._breaker.health

    def close(self) -> None:
        """Close all connections."""
        self._redis.close()

    def _count(self, policy: str, limit: RateLimit, key: str) -> tuple[int, int, int]:
        # Hashed: short whatever the key, and the server learns no address or account.
        whole = f"{policy}/{limit.seconds}\0{key}".encode(errors="replace")
        name = f"{PREFIX}:{blake2b(whole, digest_size=16).hexdigest()}"
        window = limit.seconds * MICROSECONDS
        now = self._clock() if self._clock else ""
        allowed, count, free_in = self._script([name], [limit.requests, window, now])
        return allowed, count, free_in
