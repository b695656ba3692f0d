"""Limits: never more than the quota in any window, and never a request lost for them."""

import logging
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from attrs import define, evolve, field
from hypothesis import given
from hypothesis import strategies as st
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from mechanic_adapters.rate_limits.limiter import Quota, RateLimiter, limit_of
from mechanic_adapters.rate_limits.memory import (
    MICROSECONDS,
    MemorySlidingWindows,
    SlidingWindows,
    Taken,
)
from mechanic_adapters.resilience.circuit_breaker import RETRY_S, CircuitBreaker, CircuitOpen
from tests.moving_windows import HOUR, PAUSES, Hands, check
from tests.shops import Seconds

POLICIES = {"default": "3/minute", "login": "1/second", "write": ""}


@define
class Store(SlidingWindows):
    """A shared store that is away when it is told to be."""

    error: Exception | None = None
    asked: int = 0
    _windows: SlidingWindows = field(factory=MemorySlidingWindows)

    def take(self, key: str, limit: int, window: int) -> Taken:
        """Take a place, or fail."""
        self.asked += 1
        if self.error:
            raise self.error
        return self._windows.take(key, limit, window)

    def close(self) -> None:
        """Do nothing: it is never open."""


@pytest.fixture
def hands() -> Hands:
    """The clock of the limits."""
    return Hands()


@pytest.fixture
def limits(hands: Hands) -> RateLimiter:
    """Limits in memory."""
    return evolve(RateLimiter.open(POLICIES), own=MemorySlidingWindows(hands))


@given(pauses=PAUSES, limit=st.integers(1, 7))
def test_no_more_than_the_quota_in_any_window(pauses: list[int], limit: int) -> None:
    """
    Whenever requests come, exactly those are let through that the moving window allows.
    """
    hands = Hands()

    check(MemorySlidingWindows(hands), hands, "ada", pauses, limit)


@given(keys=st.lists(st.sampled_from("abc"), max_size=40))
def test_keys_are_counted_apart(keys: list[str]) -> None:
    """
    What one caller does takes nothing from another.
    """
    windows = MemorySlidingWindows(Hands())

    let_in = [key for key in keys if windows.take(key, 5, HOUR).allowed]

    assert {key: min(5, keys.count(key)) for key in keys} == {k: let_in.count(k) for k in keys}


def test_a_quota_tells_how_one_stands(limits: RateLimiter, hands: Hands) -> None:
    """
    Each answer tells what is left, and in how many seconds the first place comes free.
    """
    told = []
    for pause in (0, 20, 20, 10, 9, 1):
        hands.at += pause * MICROSECONDS
        told.append(limits.hit("default", "ada"))

    assert [
        Quota("default", 3, 60, 2, 60, True),
        Quota("default", 3, 60, 1, 40, True),
        Quota("default", 3, 60, 0, 20, True),
        Quota("default", 3, 60, 0, 10, False),
        Quota("default", 3, 60, 0, 1, False),
        Quota("default", 3, 60, 0, 20, True),
    ] == told


def test_policies_are_counted_apart(limits: RateLimiter) -> None:
    """
    One policy's requests take nothing from another's, and one that is off counts nothing.
    """
    login = [limits.hit("login", "ada") for _ in range(2)]
    default = limits.hit("default", "ada")

    assert [True, False] == [quota.allowed for quota in login if quota]
    assert default
    assert default.remaining == 2
    assert limits.hit("write", "ada") is None


def test_an_unknown_policy_is_a_mistake(limits: RateLimiter) -> None:
    """
    A route that names a policy which is not there is no route without a limit.
    """
    with pytest.raises(KeyError):
        limits.hit("logon", "ada")


@pytest.mark.parametrize(
    "key", ["", "\x00", "\ud800", "a" * 100_000, "customer:7", "2001:db8::/64"]
)
def test_any_key_is_counted(limits: RateLimiter, key: str) -> None:
    """
    Whatever a caller is known by, it is counted.
    """
    assert [True] * 3 + [False] == [
        q.allowed for _ in range(4) if (q := limits.hit("default", key))
    ]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("300/minute", 60), ("1/second", 1), ("10 per 2 hour", 7200), (" 5/day ", 86400)],
)
def test_limits_are_read(text: str, seconds: int) -> None:
    """
    A limit is written as the library's are.
    """
    limit = limit_of(text)

    assert limit
    assert seconds == limit.get_expiry()


@pytest.mark.parametrize("text", ["many", "10", "-1/minute", "0/minute", "1/eon", "1/second;9/day"])
def test_what_is_no_limit_is_refused(text: str) -> None:
    """
    A setting that says no limit stops the start instead of limiting nothing.
    """
    with pytest.raises(ValueError, match="100/minute"):
        RateLimiter.open({"default": text})


@pytest.mark.parametrize("url", ["", "memcached://x", "http://localhost", "redis"])
def test_what_is_no_store_is_refused(url: str) -> None:
    """
    A setting that names no store stops the start.
    """
    with pytest.raises(ValueError, match="redis://"):
        RateLimiter.open(POLICIES, url)


def test_memory_is_bounded() -> None:
    """
    However many callers come, no more keys and stamps are kept than allowed; old ones go first.
    """
    windows = MemorySlidingWindows(Hands(), most_keys=100, most_stamps=150)
    windows.take("ada", 1, HOUR)
    for n in range(1000):
        windows.take(f"stranger {n % 200}", 10, HOUR)
        windows.take("bo", 500, HOUR)

    assert len(windows) <= 100
    assert windows._stamps == sum(map(len, windows._windows.values())) <= 150
    assert "bo" in windows._windows
    assert windows.take("ada", 1, HOUR).allowed


def test_threads_share_a_quota() -> None:
    """
    However many threads ask at once, no more are let through.
    """
    windows = MemorySlidingWindows()
    former = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as threads:
            taken = list(threads.map(lambda _: windows.take("ada", 100, HOUR), range(2000)))
    finally:
        sys.setswitchinterval(former)

    assert sum(one.allowed for one in taken) == 100


ERRORS = [RedisConnectionError("away"), ResponseError("OOM"), TimeoutError(), OSError()]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_dead_store_is_done_without(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    """
    While the store is away requests are counted here; each outage is logged once, and counted.
    """
    store, seconds = Store(), Seconds()
    bypassed: list[str] = []
    breaker = CircuitBreaker("limiter", bypassed.append, seconds)
    items = {"default": limit_of("3/minute")}
    limits = RateLimiter(items, store, MemorySlidingWindows(Hands()), breaker)

    def allowed() -> bool:
        quota = limits.hit("default", "ada")
        return quota is not None and quota.allowed

    before = [allowed() for _ in range(4)]
    store.error = error
    during = [allowed() for _ in range(4)]
    asked = store.asked
    store.error = None
    still = allowed()
    seconds.at += RETRY_S
    after = allowed()

    assert [True] * 3 + [False] == before == during
    assert (5, 6) == (asked, store.asked)
    assert (False, False) == (still, after)
    assert limits.health
    assert (True, 1, 5) == (limits.health.up, limits.health.outages, limits.health.bypassed)
    assert ["limiter"] * 5 == bypassed
    assert ["store away", "store back"] == [record.message for record in caplog.records]
    assert {logging.WARNING} == {record.levelno for record in caplog.records}


def test_a_dead_store_is_tried_once_a_second() -> None:
    """
    Of many requests in an outage only one a second loses time to it.
    """
    store, seconds = Store(error=RedisConnectionError()), Seconds()
    breaker = CircuitBreaker("limiter", ticks=seconds)
    for _ in range(100):
        seconds.at += 0.1
        with pytest.raises(CircuitOpen):
            breaker(lambda: store.take("ada", 1, HOUR))

    assert store.asked == 10
    assert breaker.health.outages == 1


def test_other_errors_are_not_hidden() -> None:
    """
    A mistake of ours is no outage.
    """
    with pytest.raises(ZeroDivisionError):
        CircuitBreaker("limiter")(lambda: 1 // 0)
