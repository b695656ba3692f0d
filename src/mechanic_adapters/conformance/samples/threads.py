"""Tests with several threads."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from mechanic_core.errors import Refused

T = TypeVar("T")


def in_parallel(*acts: Callable[[], T]) -> list[T | Refused]:
    """Call all *acts* in parallel, each in its own thread; return results and refusals."""
    start = Barrier(len(acts))

    def outcome(act: Callable[[], T]) -> T | Refused:
        start.wait()
        try:
            return act()
        except Refused as refused:
            return refused

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(outcome, acts))


def in_another_thread(act: Callable[[], T]) -> T:
    """Return what *act* returns in another thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(act).result()
