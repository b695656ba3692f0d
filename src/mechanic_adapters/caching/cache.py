"""The cache as its users see it: ask for an answer, and say how it would be made."""

from collections.abc import Callable, Collection, Hashable
from contextvars import ContextVar
from typing import Final, Protocol, Self, TypeVar, final

from attrs import define, field

from mechanic_adapters.caching.ports import Answers, Kind
from mechanic_adapters.caching.single_flight import SingleFlight
from mechanic_adapters.resilience.circuit_breaker import Health

T = TypeVar("T")

_making: Final = ContextVar("making", default=False)
"""Whether an answer is being made here: it is made of nothing that was kept, or what is old
would be kept anew."""


class LookedUp(Protocol):
    """Told of each look into a cache."""

    def __call__(self, cache: str, /, *, hit: bool) -> None:
        """Count one."""
        ...


def uncounted(_: str, /, *, hit: bool) -> None:
    """Count nothing."""


@final
@define(eq=False)
class ResponseCache:
    """Keeps answers until a write may have changed them, and makes each missing one once.

    *looked_up* is told the kind of each answer asked for, and whether it was there.
    """

    _answers: Answers
    _looked_up: LookedUp = uncounted
    _flights: SingleFlight = field(init=False, factory=SingleFlight)

    def fetch(self, kind: Kind[T], key: Hashable, make: Callable[[], T]) -> T:
        """Return the answer that is kept, or what *make* makes; what it raises is not kept.

        Threads that miss the same answer of the same generations at once share one making.
        *make* must read what is there when it is called, not a view opened before. What it
        asks of a cache in turn is made anew: so no answer is older than its time to live.
        """
        if _making.get():
            return make()
        found = self._answers.recall(kind, key)
        hit = found.answer is not None
        self._looked_up(kind.name, hit=hit)
        if found.answer is not None:
            return found.answer
        if found.stamp is None:
            return make()
        flight = (kind.name, key, found.stamp.generations)
        return self._flights.join(flight, lambda: self._made(kind, key, make))

    def uncounted(self) -> Self:
        """Return the same cache for those whose answers are only parts of others'."""
        return type(self)(self._answers)

    def touched(self, nouns: Collection[str]) -> None:
        """Have no answer that is made of any of *nouns* read again."""
        self._answers.touched(nouns)

    @property
    def health(self) -> Health | None:
        """How the store of the answers does; None where it can't be away."""
        return self._answers.health

    def close(self) -> None:
        """Give back what is held."""
        self._answers.close()

    def _made(self, kind: Kind[T], key: Hashable, make: Callable[[], T]) -> T:
        # Another flight may have landed between our miss and our take-off.
        found = self._answers.recall(kind, key)
        if found.answer is not None:
            return found.answer
        token = _making.set(True)
        try:
            answer = make()
        finally:
            _making.reset(token)
        if found.stamp is not None:
            self._answers.keep(kind, key, found.stamp, answer)
        return answer
