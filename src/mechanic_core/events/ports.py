"""Ports of the events and their subjects."""

from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeAlias

from attrs import frozen

from mechanic_core.events.event import Event, EventSubject, EventType, SubjectKind


@frozen(kw_only=True)
class EventBatch:
    """Events after a position, and the positions of the first and the last event stored then.

    Where no event is stored, *first* is the position that the next one gets.
    """

    events: Sequence[Event]
    first: int
    last: int


class Events(Protocol):
    """All events, in the order of their positions; they are append-only.

    A transaction writes its events without a position. `number` gives positions later, to
    committed events only: a position that the writer took would be seen by readers before a
    smaller one whose transaction commits late, and a reader that goes on from there would miss it.
    """

    def unnumbered(self) -> bool:
        """Return whether a committed event has no position yet."""
        ...

    def number(self, limit: int) -> int:
        """Give the next positions to at most *limit* committed events; return to how many.

        Needs a transaction. Events of one subject are numbered in the order of its versions.
        """
        ...

    def after(self, position: int, limit: int, type_: EventType | None = None) -> EventBatch:
        """Return at most *limit* events after *position*, of one type or of all.

        Events and bounds are of the same moment.
        """
        ...

    def sweep(self, before: datetime, limit: int) -> int:
        """Delete at most *limit* of the first events, all from *before* that moment.

        Return how many were deleted. Needs a transaction. An event without a position stays, and
        so does every event behind one that is younger: no gap arises.
        """
        ...


Wakeups: TypeAlias = Callable[[float], Generator[bool, None, None]]
"""Yields True each time that events may have been committed since the call, for some seconds.

It yields nothing where as many callers wait as may.
"""


def no_wakeups(_: float) -> Generator[bool, None, None]:
    """Yield nothing: nobody waits."""
    yield from ()


class Subjects(Protocol):
    """The subjects of events as they are now."""

    def find(self, kind: SubjectKind, ids: Collection[int]) -> Mapping[int, EventSubject]:
        """Return those of *ids* that can be read, by id."""
        ...
