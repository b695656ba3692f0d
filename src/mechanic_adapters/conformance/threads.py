"""Several hands at once."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import TypeVar

from mechanic_core.errors import Refused

T = TypeVar("T")


def at_once(*acts: Callable[[], T]) -> list[T | Refused]:
    """Do all *acts* in threads of their own, started together; return results and refusals."""
    start = Barrier(len(acts))

    def outcome(act: Callable[[], T]) -> T | Refused:
        start.wait()
        try:
            return act()
        except Refused as refused:
            return refused

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(outcome, acts))


def elsewhere(act: Callable[[], T]) -> T:
    """Return what *act* returns in another thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(act).result()


@contextmanager
def meanwhile(act: Callable[[], T]) -> Iterator[Future[T]]:
    """Do *act* in another thread during the block, and wait for its end after it."""
    with ThreadPoolExecutor(1) as pool:
        doing = pool.submit(act)
        yield doing
