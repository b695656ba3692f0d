"""The response cache in memory: never stale, each entry made once, never too large."""

import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier, Event
from typing import Any

import pytest
from attrs import define

from mechanic_adapters.caching.cache import ResponseCache
from mechanic_adapters.caching.memory import MemoryCache
from mechanic_adapters.caching.storage import CacheRegion
from mechanic_core.inventory.part import PartNotFound
from tests.shops import Seconds

BOARD = CacheRegion("board", ("tickets", "mechanics"))
SHELF = CacheRegion("shelf", ("parts",))


@define
class Maker:
    """Makes entries, and counts them."""

    made: int = 0

    def __call__(self) -> bytes:
        """Return a new entry."""
        self.made += 1
        return str(self.made).encode()


def cache_of(**fields: Any) -> ResponseCache:
    """Return a cache in memory."""
    return ResponseCache(MemoryCache(**{"ttl_s": 30.0} | fields))


def test_an_entry_is_made_once() -> None:
    """
    An entry is returned until a noun that it is made from is written.
    """
    cache, make = cache_of(), Maker()
    given = [cache.fetch(BOARD, 10, make) for _ in range(3)]
    cache.invalidate({"parts", "customers"})
    given.append(cache.fetch(BOARD, 10, make))
    for noun in ("tickets", "mechanics"):
        cache.invalidate({noun})
        given.append(cache.fetch(BOARD, 10, make))

    assert [b"1", b"1", b"1", b"1", b"2", b"3"] == given


def test_entries_are_separate() -> None:
    """
    Another region or another key is another entry.
    """
    cache, make = cache_of(), Maker()

    given = [cache.fetch(region, key, make) for region in (BOARD, SHELF) for key in (1, 2, (1, 2))]

    assert 6 == len(set(given)) == make.made


def test_an_entry_expires() -> None:
    """
    No entry is returned after its time to live, counted from before it was made.
    """
    clock = Seconds()
    cache = cache_of(ttl_s=30.0, clock=clock)

    def make_slowly() -> bytes:
        clock.at += 20
        return str(clock.at).encode()

    first = cache.fetch(BOARD, 1, make_slowly)
    clock.at += 9.9
    again = cache.fetch(BOARD, 1, make_slowly)
    clock.at += 0.1

    assert (b"20.0", b"20.0", b"50.0") == (first, again, cache.fetch(BOARD, 1, make_slowly))


def test_a_cache_is_bounded() -> None:
    """
    However many entries come, and however large, their number and bytes stay within bounds.
    """
    storage = MemoryCache(ttl_s=30.0, max_entries=10, max_bytes=1000)
    cache = ResponseCache(storage)
    for size in (0, 1, 100, 999, 1000, 1001, 10_000):
        for key in range(50):
            assert cache.fetch(SHELF, (size, key), partial(bytes, size)) == bytes(size)
        assert len(storage._entries) <= 10
        assert storage._entries.currsize <= 1000


def test_a_hundred_misses_are_one_flight() -> None:
    """
    An entry that a hundred threads miss at once is made once (single-flight).
    """
    cache, make, together = cache_of(), Maker(), Barrier(100)

    def ask(_: int) -> bytes:
        together.wait()
        return cache.fetch(BOARD, 1, make)

    former = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(100) as threads:
            given = set(threads.map(ask, range(100)))
    finally:
        sys.setswitchinterval(former)

    assert (1, {b"1"}) == (make.made, given)


def test_a_flight_ends_with_a_write() -> None:
    """
    A lookup after a write does not join a flight that began before it.
    """
    cache, begun, go = cache_of(), Event(), Event()

    def make_old() -> bytes:
        begun.set()
        assert go.wait(30)
        return b"old"

    with ThreadPoolExecutor(1) as threads:
        old = threads.submit(cache.fetch, BOARD, 1, make_old)
        assert begun.wait(30)
        cache.invalidate({"tickets"})
        new = cache.fetch(BOARD, 1, lambda: b"new")
        go.set()
        slow = old.result()

    assert (b"old", b"new", b"new") == (slow, new, cache.fetch(BOARD, 1, lambda: b"newer"))


def test_a_refusal_is_not_stored() -> None:
    """
    A refusal is raised in all threads that waited for it, and the next lookup tries again.
    """
    cache, together = cache_of(), Barrier(8)

    def refuse() -> bytes:
        raise PartNotFound

    def ask(_: int) -> str:
        together.wait()
        with pytest.raises(PartNotFound):
            cache.fetch(SHELF, 1, refuse)
        return "refused"

    with ThreadPoolExecutor(8) as threads:
        refused = list(threads.map(ask, range(8)))

    assert ["refused"] * 8 == refused
    assert cache.fetch(SHELF, 1, lambda: b"there") == b"there"


def test_lookups_are_counted() -> None:
    """
    Each lookup is reported with its region, and whether it was a hit.
    """
    seen = []
    cache = ResponseCache(
        MemoryCache(ttl_s=30.0), lambda region, /, *, hit: seen.append((region, hit))
    )
    for _ in range(2):
        cache.fetch(SHELF, 1, lambda: b"")

    assert [("shelf", False), ("shelf", True)] == seen
