"""Caches in process: never stale, never asked twice for one answer, never too large."""

import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier, Event
from typing import Any

import pytest
from attrs import define

from mechanic_adapters.caching.cache import ResponseCache
from mechanic_adapters.caching.memory import MemoryAnswers
from mechanic_adapters.caching.ports import serialised
from mechanic_core.inventory.part import PartNotFound
from tests.shops import Seconds

BOARD = serialised("board", "tickets", "mechanics")
SHELF = serialised("shelf", "parts")


@define
class Making:
    """Makes answers, and counts them."""

    made: int = 0

    def __call__(self) -> bytes:
        """Return an answer unlike the last."""
        self.made += 1
        return str(self.made).encode()


def cache_of(**told: Any) -> ResponseCache:
    """Return a cache in memory."""
    return ResponseCache(MemoryAnswers(**{"ttl_s": 30.0} | told))


def test_an_answer_is_made_once() -> None:
    """
    A kept answer is given until a noun that it is made of is written.
    """
    cache, make = cache_of(), Making()
    given = [cache.fetch(BOARD, 10, make) for _ in range(3)]
    cache.touched({"parts", "customers"})
    given.append(cache.fetch(BOARD, 10, make))
    for noun in ("tickets", "mechanics"):
        cache.touched({noun})
        given.append(cache.fetch(BOARD, 10, make))

    assert [b"1", b"1", b"1", b"1", b"2", b"3"] == given


def test_answers_are_kept_apart() -> None:
    """
    Another kind or another key is another answer.
    """
    cache, make = cache_of(), Making()

    given = [cache.fetch(kind, key, make) for kind in (BOARD, SHELF) for key in (1, 2, (1, 2))]

    assert 6 == len(set(given)) == make.made


def test_an_answer_ages_out() -> None:
    """
    No answer is read after its time to live, counted from before it was made.
    """
    clock = Seconds()
    cache = cache_of(ttl_s=30.0, ticks=clock)

    def make_slowly() -> bytes:
        clock.at += 20
        return str(clock.at).encode()

    first = cache.fetch(BOARD, 1, make_slowly)
    clock.at += 9.9
    again = cache.fetch(BOARD, 1, make_slowly)
    clock.at += 0.1

    assert (b"20.0", b"20.0", b"50.0") == (first, again, cache.fetch(BOARD, 1, make_slowly))


def test_an_answer_made_of_another_is_no_older() -> None:
    """
    What an answer is made of is made anew for it: two caches in a row keep nothing for longer.
    """
    clock = Seconds()
    outer = cache_of(ttl_s=30.0, ticks=clock)
    inner = outer.uncounted()
    present = [b"old"]

    def read() -> bytes:
        return inner.fetch(SHELF, 1, lambda: present[0])

    read()
    present[0] = b"new"  # by another process: nobody here is told
    clock.at += 29
    given = [outer.fetch(BOARD, 1, read), read()]
    clock.at += 1

    assert [b"new", b"old", b"new", b"new"] == [*given, outer.fetch(BOARD, 1, read), read()]


def test_a_cache_is_bounded() -> None:
    """
    However many answers come, and however large, no more entries or bytes are kept than allowed.
    """
    answers = MemoryAnswers(ttl_s=30.0, most_entries=10, most_bytes=1000)
    cache = ResponseCache(answers)
    for size in (0, 1, 100, 249, 250, 251, 10_000):
        for key in range(50):
            assert cache.fetch(SHELF, (size, key), partial(bytes, size)) == bytes(size)
        assert len(answers._kept) <= 10
        assert answers._kept.currsize <= 1000


def test_a_hundred_misses_are_one_making() -> None:
    """
    What a hundred threads miss at once is made once.
    """
    cache, make, together = cache_of(), Making(), Barrier(100)

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


def test_a_write_does_not_wait_for_a_making() -> None:
    """
    Who asks after a write shares no making that began before it.
    """
    cache, begun, go = cache_of(), Event(), Event()

    def make_old() -> bytes:
        begun.set()
        assert go.wait(30)
        return b"old"

    with ThreadPoolExecutor(1) as threads:
        old = threads.submit(cache.fetch, BOARD, 1, make_old)
        assert begun.wait(30)
        cache.touched({"tickets"})
        new = cache.fetch(BOARD, 1, lambda: b"new")
        go.set()
        told = old.result()

    assert (b"old", b"new", b"new") == (told, new, cache.fetch(BOARD, 1, lambda: b"newer"))


def test_a_refusal_is_not_kept() -> None:
    """
    What could not be made is tried again, and refused to all who waited for it.
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


def test_looks_are_counted() -> None:
    """
    Whoever wants to know is told of each look, and whether it was a hit.
    """
    seen = []
    cache = ResponseCache(
        MemoryAnswers(ttl_s=30.0), lambda kind, /, *, hit: seen.append((kind, hit))
    )
    for _ in range(2):
        cache.fetch(SHELF, 1, lambda: b"")

    assert [("shelf", False), ("shelf", True)] == seen
