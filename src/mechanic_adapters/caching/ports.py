"""What caches keep, and what is asked of whoever keeps it."""

from collections.abc import Callable, Collection, Hashable
from typing import Generic, Protocol, TypeAlias, TypeVar, final

from attrs import field, frozen

from mechanic_adapters.resilience.circuit_breaker import Health

T = TypeVar("T")

Nouns: TypeAlias = tuple[str, ...]


@final
@frozen
class Kind(Generic[T]):
    """One kind of answer: what it is called, which nouns it is made of, how it is written.

    *form* differs where what is written has another shape, as in another release.
    """

    name: str
    nouns: Nouns
    write: Callable[[T], bytes] = field(repr=False)
    read: Callable[[bytes], T] = field(repr=False)
    """May raise `ValueError`: then it was never kept."""

    form: str = ""


@final
@frozen
class Stamp:
    """The generations that an answer is made of, and when they were read."""

    generations: Hashable
    at: float


@final
@frozen
class Recalled(Generic[T]):
    """What was found: an answer, or the stamp to keep a new one under.

    Without either, the cache is away.
    """

    answer: T | None = None
    stamp: Stamp | None = None


class Answers(Protocol):
    """Every answer that is kept, each with the generations of its nouns."""

    def recall(self, kind: Kind[T], key: Hashable) -> Recalled[T]:
        """Return the answer of the present generations, or the stamp for a new one."""
        ...

    def keep(self, kind: Kind[T], key: Hashable, stamp: Stamp, answer: T) -> None:
        """Keep *answer*, which was made after *stamp* was read."""
        ...

    def touched(self, nouns: Collection[str]) -> None:
        """Move the generations of *nouns* on; never raises."""
        ...

    @property
    def health(self) -> Health | None:
        """How the store of the answers does; None where it can't be away."""
        ...

    def close(self) -> None:
        """Give back what is held."""
        ...


def serialised(name: str, *nouns: str, form: str = "") -> Kind[bytes]:
    """Return a kind of answer that is bytes already, of one *form*, made of *nouns*."""
    return Kind(name, nouns, bytes, bytes, form)
