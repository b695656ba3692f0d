"""The response cache shared in Valkey: never stale, and bypassed during an outage."""

import secrets
import socket
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier, Event

import pytest
from attrs import evolve, frozen
from redis import Redis

from mechanic_adapters.caching.cache import ResponseCache
from mechanic_adapters.caching.redis import RedisCache
from mechanic_adapters.caching.storage import CacheRegion
from mechanic_adapters.conformance.samples.records import add_part
from mechanic_adapters.memory import MemoryStore
from mechanic_adapters.resilience.circuit_breaker import RETRY_S, CircuitBreaker
from mechanic_adapters.resilience.redis_connections import open_redis
from mechanic_core.inventory.part import Part
from mechanic_core.money import Money
from tests.integration.servers import LOOPBACK, RunningValkey, valkey_server
from tests.integration.tcp_proxy import TcpProxy

SHELF = CacheRegion("shelf", ("parts",))
BOARD = CacheRegion("board", ("mechanics", "tickets"))
PRICE = CacheRegion("price", ("parts",))
PATIENT_S = 30.0
"""A generous budget, for tests that are not about it."""


def storage_at(url: str, prefix: str, budget_s: float = PATIENT_S) -> RedisCache:
    """Return the storage at *url*, separate from that of other tests."""
    return RedisCache(open_redis(url, budget_s), 30.0, CircuitBreaker("cache"), prefix)


@frozen
class Prices:
    """The prices of parts in one store, read through a cache."""

    store: MemoryStore
    cache: ResponseCache

    def of(self, part: Part) -> int:
        """Return the price of *part*."""
        return int(self.cache.fetch(PRICE, part.id, lambda: b"%d" % self._stored(part)))

    def _stored(self, part: Part) -> int:
        with self.store.read_only() as work:
            return work.parts.get(part.id).price


@pytest.fixture
def prefix() -> str:
    """A prefix for the keys of this test."""
    return f"test:{secrets.token_hex(8)}"


@pytest.fixture
def caches(valkey: RunningValkey, prefix: str) -> Iterator[tuple[ResponseCache, ResponseCache]]:
    """The cache as two processes see it."""
    one, two = (ResponseCache(storage_at(valkey.url, prefix)) for _ in range(2))
    yield one, two
    one.close()
    two.close()


def test_another_version_is_another_region(caches: tuple[ResponseCache, ResponseCache]) -> None:
    """
    A release that writes entries of another form does not read those of the release before.
    """
    one, two = caches
    old, new = (CacheRegion("shelf", ("parts",), version) for version in ("old", "new"))
    given = [one.fetch(old, 1, lambda: b"1"), two.fetch(new, 1, lambda: b"2")]
    given += [two.fetch(old, 1, lambda: b"3"), one.fetch(new, 1, lambda: b"4")]

    assert [b"1", b"2", b"1", b"2"] == given


def test_an_entry_is_made_once_for_all(caches: tuple[ResponseCache, ResponseCache]) -> None:
    """
    An entry of one process is read by the other, until either writes a noun it is made from.
    """
    one, two = caches
    given = [one.fetch(BOARD, 1, lambda: b"1"), two.fetch(BOARD, 1, lambda: b"2")]
    two.invalidate({"parts"})
    given.append(one.fetch(BOARD, 1, lambda: b"3"))
    two.invalidate({"tickets"})
    given += [one.fetch(BOARD, 1, lambda: b"4"), two.fetch(BOARD, 1, lambda: b"5")]
    one.invalidate({"mechanics"})
    given.append(one.fetch(BOARD, 1, lambda: b"6"))

    assert [b"1", b"1", b"1", b"4", b"4", b"6"] == given


def test_a_fill_that_raced_a_write_is_not_read(caches: tuple[ResponseCache, ResponseCache]) -> None:
    """
    An entry made before a write of another process is never read after it.
    """
    one, two = caches

    def make_late() -> bytes:
        two.invalidate({"parts"})
        return b"old"

    assert one.fetch(SHELF, 1, make_late) == b"old"
    assert two.fetch(SHELF, 1, lambda: b"new") == b"new"
    assert one.fetch(SHELF, 1, lambda: b"newer") == b"new"


def test_a_hundred_misses_are_one_flight(caches: tuple[ResponseCache, ResponseCache]) -> None:
    """
    An entry that a hundred threads miss at once is made once (single-flight).
    """
    made: list[bytes] = []
    together = Barrier(100)

    def make() -> bytes:
        made.append(b"board")
        return b"board"

    def ask(_: int) -> bytes:
        together.wait()
        return caches[0].fetch(BOARD, 1, make)

    with ThreadPoolExecutor(100) as threads:
        given = set(threads.map(ask, range(100)))

    assert (1, {b"board"}) == (len(made), given)


def test_evicted_generations_bring_nothing_back(
    caches: tuple[ResponseCache, ResponseCache], valkey: RunningValkey, prefix: str
) -> None:
    """
    If the server evicts a generation, no former entry is read again.
    """
    one, two = caches
    one.fetch(SHELF, 1, lambda: b"old")
    with Redis.from_url(valkey.url) as redis:
        redis.delete(f"{prefix}:generation:parts")

    assert two.fetch(SHELF, 1, lambda: b"new") == b"new"
    assert one.fetch(SHELF, 1, lambda: b"newer") == b"new"


@pytest.mark.parametrize("poison", [b"", b"x", b"\x80\x04cos\nsystem\n", b"{}" * 99])
def test_a_foreign_value_is_a_miss(valkey: RunningValkey, prefix: str, poison: bytes) -> None:
    """
    A value that does not begin with the generations is overwritten.
    """
    prices = Prices(MemoryStore(), ResponseCache(storage_at(valkey.url, prefix)))
    part = add_part(prices.store)
    read = prices.of(part)
    with Redis.from_url(valkey.url) as redis:
        (name,) = redis.scan_iter(f"{prefix}:price-*")
        stored = redis.get(name) or b""
        redis.set(name, poison)
        assert read == prices.of(part)
        mended, left_ms = redis.get(name), redis.pttl(name)
    prices.cache.close()

    assert stored == mended
    assert stored[16:] == b"1999"
    assert 0 < left_ms <= 30_000


@pytest.mark.parametrize("kind", ["refusing", "silent"])
def test_an_outage_costs_a_tenth_of_a_second(
    kind: str, prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    """
    The first read bypasses the cache within 100 ms, the next ones do not wait; one line is logged.

    Each time is the best of five, since a busy machine makes some slower.
    """
    with socket.create_server((LOOPBACK, 0)) as listener:
        url = f"redis://{LOOPBACK}:{listener.getsockname()[1]}/0"
        if kind == "refusing":
            listener.close()
        rounds = [
            _three_reads(ResponseCache(storage_at(url, prefix, budget_s=0.1))) for _ in range(5)
        ]
    first, *others = (min(times) for times in zip(*rounds, strict=True))

    assert first < 0.1
    assert max(others) < 0.02
    assert ["store away"] * 5 == [record.message for record in caplog.records]


def test_an_invalidation_during_an_outage_is_sent_later(valkey: RunningValkey, prefix: str) -> None:
    """
    Invalidations that a process could not send are sent before its next lookup.
    """
    store = MemoryStore()
    with TcpProxy(valkey.url) as proxy:
        here = Prices(store, ResponseCache(storage_at(proxy.url, prefix)))
        there = Prices(store, ResponseCache(storage_at(valkey.url, prefix)))
        store.subscribe(here.cache.invalidate)  # but not that of the other process
        part = add_part(store)
        before = [prices.of(part) for prices in (here, there)]
        proxy.disconnect()
        with store.begin() as work:
            (part,) = work.parts.save([evolve(part, price=Money(1))])
        during = here.of(part)
        proxy.reconnect()
        time.sleep(RETRY_S)
        after = [prices.of(part) for prices in (here, there)]
        here.cache.close()
        there.cache.close()

    assert [1999, 1999] == before
    assert [1, 1, 1] == [during, *after]


def test_a_cache_killed_under_load_fails_no_read(prefix: str) -> None:
    """
    Reads and writes go on, and are never stale, while Valkey is killed and restarted.
    """
    stop, store = Event(), MemoryStore()
    with valkey_server() as valkey, ThreadPoolExecutor(4) as threads:
        cache = ResponseCache(storage_at(valkey.url, prefix))
        store.subscribe(cache.invalidate)
        prices = Prices(store, cache)
        part = add_part(store)

        def work_on(_: int) -> Counter[str]:
            seen: Counter[str] = Counter()
            own = add_part(store)
            while not stop.is_set():
                with store.begin() as work:
                    (own,) = work.parts.save([evolve(own, price=Money(seen["asked"]))])
                seen["right"] += prices.of(own) == seen["asked"]
                seen["right too"] += prices.of(part) == 1999
                seen["asked"] += 1
            return seen

        working = [threads.submit(work_on, n) for n in range(4)]
        try:
            time.sleep(0.3)
            valkey.kill()
            time.sleep(0.5)
            away = cache.health
            valkey.restart()
            deadline = time.monotonic() + 20 * RETRY_S
            while time.monotonic() < deadline and not (cache.health and cache.health.up):
                time.sleep(0.05)
        finally:
            stop.set()
        seen = sum((one.result() for one in working), Counter[str]())
        back = cache.health
        cache.close()

    assert away
    assert back
    assert (False, True) == (away.up, back.up)
    assert seen["asked"] == seen["right"] == seen["right too"] > 0


def _three_reads(cache: ResponseCache) -> list[float]:
    """Look up three times during an outage, and return how long each took."""
    took = []
    for n in range(3):
        begun = time.perf_counter()
        assert cache.fetch(SHELF, 1, partial(bytes, n)) == bytes(n)
        took.append(time.perf_counter() - begun)
    cache.invalidate({"parts"})
    cache.close()

    assert cache.health
    assert (False, 1, 4) == (cache.health.up, cache.health.outages, cache.health.fallbacks)
    return took
