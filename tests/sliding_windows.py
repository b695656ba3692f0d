"""The definition of a sliding window: the oracle for every rate limiter."""

from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from typing import Final

from attrs import define, frozen
from hypothesis import strategies as st

from mechanic_adapters.rate_limits.limiter import RateLimiter
from mechanic_adapters.rate_limits.quota import MICROSECONDS, WIDER, Hit, Quota

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
    return limiter.hit((policy,), (key,)).allowed


def quota_of(limiter: RateLimiter, key: str, policy: str = POLICY) -> Quota:
    """Hit a limit, and return the quota."""
    (quota,) = limiter.hit((policy,), (key,)).quotas
    return quota


def play(
    hit: Callable[[], Quota], clock: ManualClock, pauses: Sequence[int]
) -> list[tuple[int, Quota]]:
    """Return the moment and the quota of each request."""
    played = []
    for at in accumulate(pauses, initial=clock.at):
        clock.at = at
        played.append((at, hit()))
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
    played = play(lambda: quota_of(limiter, key), clock, pauses)
    times, quotas = [at for at, _ in played], [quota for _, quota in played]

    assert expected(times, limit) == quotas
    accepted = [at for at, quota in played if quota.allowed]
    assert all(sum(at - HOUR < other <= at for other in accepted) <= limit for at in accepted)
    for (before, earlier), (at, later) in pairwise(played):
        reset = before + (earlier.resets_in - 1) * MICROSECONDS < at
        assert reset or later.remaining <= earlier.remaining


@frozen
class Attempt:
    """An attempt of one of a few callers in one of a few networks, after a pause.

    It is given back after another pause, or never.
    """

    pause: int
    caller: str
    network: str
    given_back_after: int | None

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that it counts for."""
        return (f"{self.caller}@{self.network}", self.network, "the site")


ATTEMPTS: Final = st.lists(
    st.builds(
        Attempt,
        st.sampled_from([0, 0, 1, HOUR // 30, HOUR // 3, HOUR]),
        st.sampled_from("ab"),
        st.sampled_from("xy"),
        st.none() | st.sampled_from([0, 1, HOUR // 50, HOUR // 2]),
    ),
    min_size=20,
    max_size=80,
)


def check_attempts(
    limiter: RateLimiter, clock: ManualClock, prefix: str, attempts: Sequence[Attempt]
) -> None:
    """Compare *limiter*, with one request per hour, to the definition for some attempts."""
    counted: list[tuple[int, tuple[str, ...]]] = []
    pending: list[tuple[int, Hit, tuple[int, tuple[str, ...]]]] = []
    for attempt in attempts:
        clock.at += attempt.pause
        for due, hit, entry in [one for one in pending if one[0] <= clock.at]:
            hit.give_back()
            counted.remove(entry)
            pending.remove((due, hit, entry))
        keys = tuple(f"{prefix} {key}" for key in attempt.keys)
        used = [sum(key in held and at > clock.at - HOUR for at, held in counted) for key in keys]
        left = [WIDER**tier - count for tier, count in enumerate(used)]

        hit = limiter.hit((POLICY,), keys)

        assert (min(left) > 0) == hit.allowed
        assert min(left) - hit.allowed == hit.quotas[0].remaining
        if hit.allowed:
            entry = (clock.at, keys)
            counted.append(entry)
            if attempt.given_back_after is not None:
                pending.append((clock.at + attempt.given_back_after, hit, entry))
