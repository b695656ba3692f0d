"""Rate limits shared in Valkey: counted together, exact, with a fallback during an outage."""

import secrets
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanic_adapters.rate_limits.limiter import RateLimiter, open_rate_limiter
from mechanic_adapters.rate_limits.memory import MemoryRateLimiter
from mechanic_adapters.rate_limits.quota import RateLimit
from mechanic_adapters.rate_limits.redis import PREFIX, RedisRateLimiter
from mechanic_adapters.resilience.circuit_breaker import RETRY_S
from mechanic_adapters.resilience.redis_connections import open_redis
from tests.integration.servers import LOOPBACK, RunningValkey, valkey_server
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
from tests.strategies import FEWER

PATIENT_S = 30.0
"""A generous budget, for tests that are not about it."""

CLIENT = """
import sys
from mechanic_adapters.rate_limits.quota import RateLimit
from mechanic_adapters.rate_limits.redis import RedisRateLimiter
limits = {"login": RateLimit(50, 3600)}
limiter = RedisRateLimiter.open(limits, sys.argv[1], budget_s=30.0)
sys.stdin.read()
print(sum(limiter.hit(("login",), (sys.argv[2],)).allowed for _ in range(40)))
"""


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that accepts connections and never answers."""
    with socket.create_server((LOOPBACK, 0)) as listener:
        yield f"redis://{LOOPBACK}:{listener.getsockname()[1]}/0"


@given(pauses=PAUSES, limit=st.integers(1, 7))
@FEWER
def test_no_more_than_the_quota_in_any_window(
    valkey: RunningValkey, pauses: list[int], limit: int
) -> None:
    """
    Whenever requests come, exactly those are allowed that the sliding window allows.
    """
    clock, limits = ManualClock(), {POLICY: RateLimit(limit, HOUR_S)}
    redis = open_redis(valkey.url, PATIENT_S)
    limiter = RedisRateLimiter(limits, redis, MemoryRateLimiter(limits), clock=clock)

    check(limiter, clock, secrets.token_hex(), pauses, limit)
    limiter.close()


@given(attempts=ATTEMPTS)
@FEWER
def test_an_attempt_counts_in_all_windows_until_it_is_given_back(
    valkey: RunningValkey, attempts: list[Attempt]
) -> None:
    """
    A request counts for its caller, network and site or for none; given back, it never was.
    """
    clock, limits = ManualClock(), {POLICY: RateLimit(1, HOUR_S)}
    redis = open_redis(valkey.url, PATIENT_S)
    limiter = RedisRateLimiter(limits, redis, MemoryRateLimiter(limits), clock=clock)

    check_attempts(limiter, clock, secrets.token_hex(), attempts)
    limiter.close()


def test_a_request_costs_one_round_trip(valkey: RunningValkey) -> None:
    """
    However many policies and keys a request counts under, the server runs one script.
    """
    limiter = open_rate_limiter({"default": "9/hour", "write": "9/hour"}, valkey.patient_url)
    keys = ("customer:1", "2001:db8::/64", "2001:db8::/48")
    limiter.hit(("default", "write"), keys)
    redis: Any = open_redis(valkey.url, PATIENT_S)

    def scripts() -> int:
        calls: int = redis.info("commandstats")["cmdstat_evalsha"]["calls"]
        return calls

    before = scripts()
    for _ in range(5):
        limiter.hit(("default", "write"), keys)

    assert 5 == scripts() - before
    redis.close()
    limiter.close()


def test_two_processes_share_the_quota(valkey: RunningValkey) -> None:
    """
    Two processes with a limit of fifty allow fifty requests of one caller together.
    """
    key = secrets.token_hex()
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", CLIENT, valkey.url, key],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    with processes[0], processes[1]:
        for process in processes:
            assert process.stdin
            process.stdin.close()
        let_in = [int(process.stdout.read()) for process in processes if process.stdout]

    assert sum(let_in) == 50
    assert min(let_in) >= 10


def test_the_servers_clock_counts(valkey: RunningValkey) -> None:
    """
    By default the window moves with the server's clock, and waiting as long as the quota says helps.
    """
    limits = {POLICY: RateLimit(2, 1)}
    limiter = RedisRateLimiter.open(limits, valkey.url, budget_s=PATIENT_S)
    key = secrets.token_hex()
    quotas = [quota_of(limiter, key) for _ in range(3)]
    time.sleep(quotas[-1].resets_in)

    assert [True, True, False] == [quota.allowed for quota in quotas]
    assert allowed(limiter, key)
    limiter.close()


def test_nothing_is_left_and_nobody_is_named(valkey: RunningValkey) -> None:
    """
    The server has no address or account in its keys, and each key expires after its window.
    """
    limiter = open_rate_limiter({"login": "5/minute"}, valkey.patient_url)
    redis: Any = open_redis(valkey.url, PATIENT_S)
    before = set(redis.scan_iter(f"{PREFIX}:*"))
    limiter.hit(("login",), ("ada@example.com", "192.0.2.1"))
    keys = set(redis.scan_iter(f"{PREFIX}:*")) - before

    assert 2 == len(keys)
    assert not any(part in key for key in keys for part in (b"ada@", b"example", b"192.0.2"))
    assert all(0 < redis.pttl(key) <= 60_000 for key in keys)
    redis.close()
    limiter.close()


@pytest.mark.parametrize("kind", ["refusing", "silent"])
def test_an_outage_costs_a_tenth_of_a_second(kind: str, silent: str) -> None:
    """
    The first request falls back within 100 ms, the next ones do not wait.

    Each time is the best of five, since a busy machine makes some slower.
    """
    with socket.create_server((LOOPBACK, 0)) as gone:
        refusing = f"redis://{LOOPBACK}:{gone.getsockname()[1]}/0"
    url = silent if kind == "silent" else refusing

    rounds = [_three_hits(open_rate_limiter({"login": "2/hour"}, url)) for _ in range(5)]
    first, *others = (min(times) for times in zip(*rounds, strict=True))

    assert first < 0.1
    assert max(others) < 0.02


def test_a_server_killed_under_load_fails_no_request() -> None:
    """
    Requests go on when Valkey is killed; restarted, it counts for all processes again.
    """
    stop = Event()
    with valkey_server() as valkey, ThreadPoolExecutor(4) as threads:
        limits = open_rate_limiter({"default": "1000000/minute"}, valkey.patient_url)
        other = open_rate_limiter({"default": "1000000/minute"}, valkey.patient_url)

        def ask(_: int) -> Counter[str]:
            seen: Counter[str] = Counter()
            while not stop.is_set():
                begun = time.perf_counter()
                seen["answered"] += limits.hit(("default",), ("ada", "192.0.2.1")).allowed
                seen["slow"] += time.perf_counter() - begun > 5
                seen["asked"] += 1
            return seen

        asking = [threads.submit(ask, n) for n in range(4)]
        try:
            time.sleep(0.3)
            valkey.kill()
            time.sleep(0.5)
            assert limits.health
            assert not limits.health.up
            valkey.restart()
            _until_up(limits)
        finally:
            stop.set()
        seen = sum((one.result() for one in asking), Counter())
        shared = [_remaining(one) for one in (limits, other, limits)]
        health = limits.health
        limits.close()
        other.close()

    assert seen["asked"] == seen["answered"]
    assert seen["slow"] == 0
    assert health.outages == 1
    assert [shared[0], shared[0] - 1, shared[0] - 2] == shared


def _three_hits(limits: RateLimiter) -> list[float]:
    """Hit a limit of two, and return how long each took."""
    took, accepted = [], []
    for _ in range(3):
        begun = time.perf_counter()
        accepted.append(allowed(limits, "ada", "login"))
        took.append(time.perf_counter() - begun)
    limits.close()

    assert [True, True, False] == accepted
    return took


def _until_up(limits: RateLimiter) -> None:
    deadline = time.monotonic() + 20 * RETRY_S
    while time.monotonic() < deadline and limits.health and not limits.health.up:
        time.sleep(0.05)


def _remaining(limits: RateLimiter) -> int:
    return quota_of(limits, "bo", "default").remaining
