"""Single-flight: concurrent calls with the same key share one execution."""

from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Any, TypeVar, final

from attrs import define, field

T = TypeVar("T")


@final
@define(eq=False)
class SingleFlight:
    """Runs one call per key at a time; threads with the same key wait for its result."""

    _flights: dict[Hashable, Future[Any]] = field(init=False, factory=dict)
    _lock: Lock = field(init=False, factory=Lock)

    def run(self, key: Hashable, call: Callable[[], T]) -> T:
        """Return or raise what *call* does in the thread that came first."""
        with self._lock:
            flight: Future[T] | None = self._flights.get(key)
            is_first = flight is None
            if flight is None:
                flight = self._flights[key] = Future()
        if is_first:
            try:
                flight.set_result(call())
            except BaseException as error:
                flight.set_exception(error)
                raise
            finally:
                with self._lock:
                    del self._flights[key]
        return flight.result()
