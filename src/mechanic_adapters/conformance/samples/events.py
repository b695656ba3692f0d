"""Reading of events, numbered first."""

from collections.abc import Sequence
from typing import Final

from mechanic_core.events.event import Event, EventType
from mechanic_core.events.ports import EventBatch
from mechanic_core.unit_of_work import Store

MANY: Final = 1000
"""More events than a test writes."""


def read(
    store: Store, after: int = 0, limit: int = MANY, type_: EventType | None = None
) -> EventBatch:
    """Number all events and return those after a position."""
    with store.begin() as work:
        work.events.number(MANY)
    with store.read_only() as work:
        return work.events.after(after, limit, type_)


def positions(events: Sequence[Event]) -> list[int | None]:
    """Return the positions of *events*."""
    return [event.position for event in events]


def types(events: Sequence[Event]) -> list[EventType]:
    """Return the types of *events*."""
    return [event.type for event in events]
