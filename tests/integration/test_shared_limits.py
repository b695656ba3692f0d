"""Limits shared in Valkey: counted together, exact, and done without when it is away."""

import secrets
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanic_adapters.rate_limits.limiter import RateLimiter
from mechanic_adapters.rate_limits.redis import PREFIX, RedisSlidingWindows
from mechanic_adapters.resilience.circuit_breaker import RETRY_S
from tests.integration.servers import LOOPBACK, RunningValkey, valkey_server
from tests.moving_windows import PAUSES, Hands, check
from tests.strategies import FEWER

PATIENT_S = 30.0
"""A budget for tests that are not about it: the machine may be busy."""

KNOCK = """
import sys
from mechanic_adapters.rate_limits.limiter import RateLimiter
from mechanic_adapters.rate_limits.redis import RedisSlidingWindows
from mechanic_adapters.rate_limits.limiter import limit_of
limits = RateLimiter({"login": limit_of("50/hour")}, RedisSlidingWindows(sys.argv[1], budget_s=30.0))
sys.stdin.read()
print(sum(limits.hit("login", sys.argv[2]).allowed for _ in range(40)))
"""


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a store that takes connections and never answers."""
    with socket.create_server((LOOPBACK, 0)) as listener:
        yield f"redis://{LOOPBACK}:{listener.getsockname()[1]}/0"


@given(pauses=PAUSES, limit=st.integers(1, 7))
@FEWER
def test_no_more_than_the_quota_in_any_window(
    valkey: RunningValkey, pauses: list[int], limit: int
) -> None:
    """
    Whenever requests come, exactly those are let through that the moving window allows.
    """
    hands = Hands()
    windows = RedisSlidingWindows(valkey.url, budget_s=PATIENT_S, now=hands)

    check(windows, hands, secrets.token_hex(), pauses, limit)
    windows.close()


def test_two_processes_share_the_quota(valkey: RunningValkey) -> None:
    """
    Two processes that let each caller try fifty times let one try fifty times together.
    """
    key = secrets.token_hex()
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", KNOCK, valkey.url, key],
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


def test_places_come_free_by_the_stores_clock(valkey: RunningValkey) -> None:
    """
    Without a clock of its own the window moves with real time, and waiting as told is enough.
    """
    windows = RedisSlidingWindows(valkey.url, budget_s=PATIENT_S)
    key = secrets.token_hex()
    taken = [windows.take(key, 2, 300_000) for _ in range(3)]
    time.sleep(taken[-1].free_in / 1_000_000)

    assert [True, True, False] == [one.allowed for one in taken]
    assert windows.take(key, 2, 300_000).allowed
    windows.close()


def test_nothing_is_left_and_nobody_is_named(valkey: RunningValkey) -> None:
    """
    The store holds no address or account, and forgets every key when its window has passed.
    """
    limits = RateLimiter.open({"login": "5/minute"}, valkey.patient_url)
    windows = RedisSlidingWindows(valkey.url, budget_s=PATIENT_S)
    storage = windows.storage
    before = set(storage.scan_iter(f"{PREFIX}:*"))
    limits.hit("login", "ada@example.com")
    (key,) = set(storage.scan_iter(f"{PREFIX}:*")) - before

    assert b"ada@" not in key
    assert b"example" not in key
    assert 0 < storage.pttl(key) <= 60_000
    windows.close()
    limits.close()


@pytest.mark.parametrize("kind", ["refusing", "silent"])
def test_a_dead_store_costs_a_tenth_of_a_second(kind: str, silent: str) -> None:
    """
    The first request falls back within 100 ms, the next ones lose nothing.

    Each time is the best of five: a busy machine adds to them, and what we wait for stays.
    """
    with socket.create_server((LOOPBACK, 0)) as gone:
        refusing = f"redis://{LOOPBACK}:{gone.getsockname()[1]}/0"
    url = silent if kind == "silent" else refusing

    rounds = [_three_hits(RateLimiter.open({"login": "2/hour"}, url)) for _ in range(5)]
    first, *others = (min(times) for times in zip(*rounds, strict=True))

    assert first < 0.1
    assert max(others) < 0.02


def test_a_store_killed_under_load_fails_no_request() -> None:
    """
    Requests go on when Valkey is killed; restarted, it counts for all processes again.
    """
    stop = Event()
    with valkey_server() as valkey, ThreadPoolExecutor(4) as threads:
        limits = RateLimiter.open({"default": "1000000/minute"}, valkey.patient_url)
        other = RateLimiter.open({"default": "1000000/minute"}, valkey.patient_url)

        def ask(_: int) -> Counter[str]:
            seen: Counter[str] = Counter()
            while not stop.is_set():
                begun = time.perf_counter()
                quota = limits.hit("default", "ada")
                seen["answered"] += quota is not None and quota.allowed
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
        limits.close()
        other.close()

    assert seen["asked"] == seen["answered"]
    assert seen["slow"] == 0
    assert limits.health.outages == 1
    assert [shared[0], shared[0] - 1, shared[0] - 2] == shared


def _three_hits(limits: RateLimiter) -> list[float]:
    """Hit a limit of two, and return how long each took."""
    took, allowed = [], []
    for _ in range(3):
        begun = time.perf_counter()
        quota = limits.hit("login", "ada")
        took.append(time.perf_counter() - begun)
        allowed.append(quota is not None and quota.allowed)
    limits.close()

    assert [True, True, False] == allowed
    return took


def _until_up(limits: RateLimiter) -> None:
    deadline = time.monotonic() + 20 * RETRY_S
    while time.monotonic() < deadline and limits.health and not limits.health.up:
        time.sleep(0.05)


def _remaining(limits: RateLimiter) -> int:
    quota = limits.hit("default", "bo")
    assert quota
    return quota.remaining
