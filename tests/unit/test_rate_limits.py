"""Rate limits: never more than the quota in any window, and no request fails for them."""

import logging
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import pytest
from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from mechanic_adapters.rate_limits.limiter import RateLimiter, open_rate_limiter
from mechanic_adapters.rate_limits.memory import MemoryRateLimiter, monotonic_microseconds
from mechanic_adapters.rate_limits.quota import MICROSECONDS, Hit, Quota, RateLimit
from mechanic_adapters.rate_limits.redis import RedisRateLimiter
from mechanic_adapters.resilience.circuit_breaker import RETRY_S, CircuitBreaker, CircuitOpen
from tests.shops import Seconds
from tests.sliding_windows import (
    ATTEMPTS,
    HOUR_S,
    PAUSES,
    POLICY,
    Attempt,
    ManualClock,
    allowed,
    check,
    check_attempts,
    quota_of,
)

POLICIES = {"default": "3/minute", "login": "1/second", "write": ""}
LIMITS = {name: RateLimit.parse(text) for name, text in POLICIES.items()}


def per_hour(requests: int) -> dict[str, RateLimit | None]:
    """Return one policy."""
    return {POLICY: RateLimit(requests, HOUR_S)}


@define(eq=False)
class Server:
    """A Redis server that runs the script, unless it is down."""

    error: Exception | None = None
    calls: int = 0
    counts: Counter[str] = field(factory=Counter)

    def register_script(self, _: str) -> Self:
        """Return the script."""
        return self

    def ping(self) -> None:
        """Answer, unless the server is down."""
        if self.error:
            raise self.error

    def __call__(self, keys: Sequence[str], args: Sequence[int]) -> list[int]:
        """Run the script that counts, or, with one argument, the one that gives back."""
        self.calls += 1
        if self.error:
            raise self.error
        (key,) = keys
        if len(args) == 1:
            self.counts[key] -= 1
            return []
        _, limit, window = args
        count = self.counts[key]
        self.counts[key] += count < limit
        return [0, count, window]


@pytest.fixture
def clock() -> ManualClock:
    """The clock of the limits."""
    return ManualClock()


@pytest.fixture
def limits(clock: ManualClock) -> RateLimiter:
    """Limits in memory."""
    return MemoryRateLimiter(LIMITS, clock)


@given(pauses=PAUSES, limit=st.integers(1, 7))
def test_no_more_than_the_quota_in_any_window(pauses: list[int], limit: int) -> None:
    """
    Whenever requests come, exactly those are allowed that the sliding window allows.
    """
    clock = ManualClock()

    check(MemoryRateLimiter(per_hour(limit), clock), clock, "ada", pauses, limit)


@given(keys=st.lists(st.sampled_from("abc"), max_size=40))
def test_keys_are_counted_apart(keys: list[str]) -> None:
    """
    The requests of one caller do not count for another.
    """
    limiter = MemoryRateLimiter(per_hour(5), ManualClock())

    accepted = [key for key in keys if allowed(limiter, key)]

    assert {key: min(5, keys.count(key)) for key in keys} == {k: accepted.count(k) for k in keys}


def test_a_quota_says_what_remains(limits: RateLimiter, clock: ManualClock) -> None:
    """
    Each quota has the remaining requests, and the seconds until the next one is available.
    """
    quotas = []
    for pause in (0, 20, 20, 10, 9, 1):
        clock.at += pause * MICROSECONDS
        quotas.append(quota_of(limits, "ada", "default"))

    assert [
        Quota("default", 3, 60, 2, 60, True),
        Quota("default", 3, 60, 1, 40, True),
        Quota("default", 3, 60, 0, 20, True),
        Quota("default", 3, 60, 0, 10, False),
        Quota("default", 3, 60, 0, 1, False),
        Quota("default", 3, 60, 0, 20, True),
    ] == quotas


def test_policies_are_counted_apart(limits: RateLimiter) -> None:
    """
    Requests under one policy do not count under another; a policy that is off counts nothing.
    """
    login = [allowed(limits, "ada", "login") for _ in range(2)]
    default = quota_of(limits, "ada", "default")
    off = limits.hit(("write",), ("ada",))

    assert [True, False] == login
    assert default.remaining == 2
    assert (True, ()) == (off.allowed, off.quotas)


@given(attempts=ATTEMPTS)
def test_an_attempt_counts_in_all_windows_until_it_is_given_back(attempts: list[Attempt]) -> None:
    """
    A request counts for its caller, network and site or for none; given back, it never was.
    """
    clock = ManualClock()

    check_attempts(MemoryRateLimiter(per_hour(1), clock), clock, "", attempts)


def test_each_key_has_ten_times_the_limit_of_the_one_before() -> None:
    """
    Callers share the quota of their network, and networks that of their site.
    """
    limiter = MemoryRateLimiter(per_hour(2), ManualClock())

    allowed_of = Counter(
        network
        for network in range(12)
        for caller in range(15)
        for _ in range(3)
        if limiter.hit((POLICY,), (f"{caller}@{network}", f"{network}", "site")).allowed
    )

    assert [20] * 10 == [allowed_of[network] for network in range(10)]
    assert 200 == allowed_of.total()


def test_a_request_that_one_policy_refuses_counts_under_none(limits: RateLimiter) -> None:
    """
    A refused request costs nothing, and its quotas name the policy that refuses it.
    """
    both = ("default", "login")
    first, second = (limits.hit(both, ("ada",)) for _ in range(2))

    assert (True, False) == (first.allowed, second.allowed)
    assert [("default", 2, True), ("login", 0, False)] == [
        (quota.policy, quota.remaining, quota.allowed) for quota in second.quotas
    ]
    assert 1 == quota_of(limits, "ada", "default").remaining


def test_the_quota_is_that_of_the_tightest_window() -> None:
    """
    The quota shown is the caller's until its network has less left.
    """
    limiter = MemoryRateLimiter(per_hour(3), ManualClock())
    for n in range(9):
        for _ in range(3):
            limiter.hit((POLICY,), (f"{n}", "network"))

    shown = [limiter.hit((POLICY,), (f"{n}", "network")).quotas[0] for n in range(20, 24)]

    assert [(3, 2), (3, 1), (30, 0), (30, 0)][2:] == [(o.limit, o.remaining) for o in shown[2:]]
    assert [True, True, True, False] == [quota.allowed for quota in shown]


def test_an_unknown_policy_is_a_mistake(limits: RateLimiter) -> None:
    """
    A route with the name of a policy that does not exist is not a route without a limit.
    """
    with pytest.raises(KeyError):
        limits.hit(("logon",), ("ada",))


@pytest.mark.parametrize(
    "key", ["", "\x00", "\ud800", "a" * 100_000, "customer:7", "2001:db8::/64"]
)
def test_any_key_is_counted(limits: RateLimiter, key: str) -> None:
    """
    A key may be any text.
    """
    assert [True] * 3 + [False] == [allowed(limits, key, "default") for _ in range(4)]


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("300/minute", RateLimit(300, 60)),
        ("1/second", RateLimit(1, 1)),
        ("10 per 2 Hours", RateLimit(10, 7200)),
        (" 5/day ", RateLimit(5, 86_400)),
        ("  ", None),
    ],
)
def test_limits_are_parsed(text: str, limit: RateLimit | None) -> None:
    """
    A limit is a number of requests per unit of time, or per several units.
    """
    assert limit == RateLimit.parse(text)


@pytest.mark.parametrize("text", ["many", "10", "-1/minute", "0/minute", "1/eon", "1/second;9/day"])
def test_an_invalid_limit_is_refused(text: str) -> None:
    """
    A setting that is no limit stops the start instead of limiting nothing.
    """
    with pytest.raises(ValueError, match="100/minute"):
        open_rate_limiter({"default": text})


@pytest.mark.parametrize("url", ["", "memcached://x", "http://localhost", "redis"])
def test_an_invalid_address_is_refused(url: str) -> None:
    """
    A setting that is no address of a Redis server stops the start.
    """
    with pytest.raises(ValueError, match="redis://"):
        open_rate_limiter(POLICIES, url)


def test_memory_is_bounded() -> None:
    """
    However many callers there are, keys and requests stay within bounds; the oldest are evicted.
    """
    limits = {POLICY: RateLimit(10, HOUR_S), "busy": RateLimit(500, HOUR_S)}
    limiter = MemoryRateLimiter(limits, ManualClock(), max_keys=100, max_requests=150)
    for _ in range(10):
        quota_of(limiter, "ada")
    for n in range(1000):
        quota_of(limiter, f"stranger {n % 200}")
        quota_of(limiter, "bo", "busy")

    assert len(limiter._windows) <= 100
    assert limiter._requests == sum(map(len, limiter._windows.values())) <= 150
    busy = quota_of(limiter, "bo", "busy")
    assert busy.remaining < 450, "a caller who was just seen was evicted"
    assert allowed(limiter, "ada")


def test_threads_share_a_quota() -> None:
    """
    However many threads hit a limit at once, no more requests are allowed.
    """
    limiter = MemoryRateLimiter(per_hour(100), monotonic_microseconds)
    former = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as threads:
            hits = list(threads.map(lambda _: allowed(limiter, "ada"), range(2000)))
    finally:
        sys.setswitchinterval(former)

    assert sum(hits) == 100


ERRORS = [RedisConnectionError("away"), ResponseError("OOM"), TimeoutError(), OSError()]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_outage_falls_back_to_memory(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    """
    During an outage requests are counted in memory; each outage is logged once, and counted.
    """
    seconds, limits = Seconds(), {"default": RateLimit.parse("3/minute")}
    fallbacks: list[str] = []
    server: Any = Server()
    breaker = CircuitBreaker("limiter", fallbacks.append, seconds)
    limiter = RedisRateLimiter(limits, server, MemoryRateLimiter(limits, ManualClock()), breaker)

    def hits(number: int) -> list[bool]:
        return [allowed(limiter, "ada", "default") for _ in range(number)]

    before = hits(4)
    server.error = error
    during = hits(4)
    calls = server.calls
    server.error = None
    still = hits(1)
    seconds.at += RETRY_S
    after = hits(1)

    assert [True] * 3 + [False] == before == during
    assert (5, 6) == (calls, server.calls)
    assert ([False], [False]) == (still, after)
    health = limiter.health
    assert (True, 1, 5) == (health.up, health.outages, health.fallbacks)
    assert ["limiter"] * 5 == fallbacks
    assert ["store away", "store back"] == [record.message for record in caplog.records]
    assert {logging.WARNING} == {record.levelno for record in caplog.records}


def test_health_is_that_of_the_server_now() -> None:
    """
    A server that died since the last request is down, and that it was asked is no fallback.
    """
    seconds, limits = Seconds(), {"default": RateLimit.parse("3/minute")}
    server: Any = Server()
    breaker = CircuitBreaker("limiter", clock=seconds)
    limiter = RedisRateLimiter(limits, server, MemoryRateLimiter(limits, ManualClock()), breaker)

    found = [limiter.health]
    server.error = RedisConnectionError("away")
    found.append(limiter.health)
    server.error = None
    seconds.at += RETRY_S
    found.append(limiter.health)

    assert [True, False, True] == [health.up for health in found]
    assert [0, 0, 0] == [health.fallbacks for health in found]


def test_an_attempt_is_given_back_where_it_was_counted() -> None:
    """
    What was counted in memory is given back there, and an outage then fails no request.
    """
    seconds, limits = Seconds(), {"default": RateLimit.parse("1/minute")}
    server: Any = Server()
    breaker = CircuitBreaker("limiter", clock=seconds)
    limiter = RedisRateLimiter(limits, server, MemoryRateLimiter(limits, ManualClock()), breaker)

    def hit() -> Hit:
        return limiter.hit(("default",), ("ada",))

    hit().give_back()
    shared = hit()
    server.error = RedisConnectionError("away")
    during = [hit(), hit()]
    during[0].give_back()
    during.append(hit())
    shared.give_back()
    server.error = None
    seconds.at += RETRY_S
    after = hit()

    assert (True, [True, False, True]) == (shared.allowed, [one.allowed for one in during])
    assert not after.allowed


def test_an_open_circuit_is_probed_once_a_second() -> None:
    """
    Of many requests during an outage, only one a second waits for the server.
    """
    server, seconds = Server(error=RedisConnectionError()), Seconds()
    breaker = CircuitBreaker("limiter", clock=seconds)
    for _ in range(100):
        seconds.at += 0.1
        with pytest.raises(CircuitOpen):
            breaker(lambda: server([POLICY], [1, 1, 0]))

    assert server.calls == 10
    assert breaker.health.outages == 1


def test_other_errors_are_not_hidden() -> None:
    """
    A mistake in the program is no outage.
    """
    with pytest.raises(ZeroDivisionError):
        CircuitBreaker("limiter")(lambda: 1 // 0)
