"""The definition of a sliding window: the oracle for every rate limiter."""

from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from typing import Final

from attrs import define
from hypothesis import strategies as st

from mechanic_adapters.rate_limits.limiter import RateLimiter
from mechanic_adapters.rate_limits.quota import MICROSECONDS, Quota

POLICY: Final = "login"
HOUR_S: Final = 3600
HOUR: Final = HOUR_S * MICROSECONDS

PAUSES: Final = st.lists(
    st.sampled_from([0, 1, HOUR // 10, HOUR // 3, HOUR - 1, HOUR, HOUR + 1])
    | st.integers(0, 2 * HOUR),
    max_size=60,
)
"""Microseconds between requests: none, just within, just beyond, and any."""


@define
class ManualClock:
    """A clock in microseconds that a test sets."""

    at: int = 1_700_000_000 * MICROSECONDS

    def __call__(self) -> int:
        """Return the present moment."""
        return self.at


def allowed(limiter: RateLimiter, key: str, policy: str = POLICY) -> bool:
    """Hit a limit, and return whether the request is allowed."""
    quota = limiter.hit(policy, key)
    assert quota
    return quota.allowed


def play(
    hit: Callable[[], Quota | None], clock: ManualClock, pauses: Sequence[int]
) -> list[tuple[int, Quota]]:
    """Return the moment and the quota of each request."""
    played = []
    for at in accumulate(pauses, initial=clock.at):
        clock.at = at
        quota = hit()
        assert quota
        played.append((at, quota))
    return played


def expected(times: Sequence[int], limit: int) -> list[Quota]:
    """Return the quota after each request at *times*, by the definition."""
    accepted: list[int] = []
    quotas = []
    for now in times:
        counted = [at for at in accepted if at > now - HOUR]
        is_allowed = len(counted) < limit
        if is_allowed:
            accepted.append(now)
            counted.append(now)
        resets_in = -(-(counted[0] + HOUR - now) // MICROSECONDS)
        quotas.append(Quota(POLICY, limit, HOUR_S, limit - len(counted), resets_in, is_allowed))
    return quotas


def check(
    limiter: RateLimiter, clock: ManualClock, key: str, pauses: Sequence[int], limit: int
) -> None:
    """Compare *limiter*, with *limit* per hour, to the definition for one sequence of requests."""
    played = play(lambda: limiter.hit(POLICY, key), clock, pauses)
    times, quotas = [at for at, _ in played], [quota for _, quota in played]

    assert expected(times, limit) == quotas
    accepted = [at for at, quota in played if quota.allowed]
    assert all(sum(at - HOUR < other <= at for other in accepted) <= limit for at in accepted)
    for (before, earlier), (at, later) in pairwise(played):
        reset = before + (earlier.resets_in - 1) * MICROSECONDS < at
        assert reset or later.remaining <= earlier.remaining
