"""What many ask for at once is made once."""

from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Any, TypeVar, final

from attrs import define, field

T = TypeVar("T")


@final
@define(eq=False)
class SingleFlight:
    """The answers that are being made now: whoever comes meanwhile waits for the same one."""

    _under_way: dict[Hashable, Future[Any]] = field(init=False, factory=dict)
    _lock: Lock = field(init=False, factory=Lock)

    def join(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what *make* makes for the first to come; raise what it raises."""
        with self._lock:
            flight: Future[T] | None = self._under_way.get(key)
            joined = flight is not None
            if flight is None:
                flight = self._under_way[key] = Future()
        if joined:
            return flight.result()
        try:
            flight.set_result(make())
        except BaseException as error:
            flight.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._under_way[key]
        return flight.result()
