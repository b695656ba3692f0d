"""Events in memory, and their subjects.

A module of a noun declares in `SUBJECTS` what reads a record of its.
"""

import functools
import pkgutil
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from datetime import datetime
from importlib import import_module
from itertools import islice
from typing import Any, Final, TypeAlias, final

from attrs import evolve, frozen

from mechanic_adapters.memory import repositories
from mechanic_adapters.memory.tables import TableName, Tables
from mechanic_core.errors import NotFound
from mechanic_core.events.event import Event, EventSubject, EventType, Position, SubjectKind
from mechanic_core.events.ports import EventBatch, Events, Subjects

Getter: TypeAlias = Callable[[Tables], Callable[[Any], EventSubject]]
"""Returns, for the tables of a store, what returns a record by its id or raises `NotFound`."""

_EVENTS: Final = TableName[int, Event]("events", None)


def write_events(tables: Tables) -> None:
    """Store the events of a transaction.

    Transactions run one after another, so each event gets its position here.
    """
    for event in tables.events:
        position = Position(tables[_EVENTS].next_id())
        tables[_EVENTS].put(position, evolve(event, position=position))


@final
@frozen
class MemoryEvents(Events):
    """All events, each with its position."""

    _tables: Tables

    def unnumbered(self) -> bool:
        return False

    def number(self, limit: int) -> int:  # noqa: ARG002 - the port's signature
        return 0

    def after(self, position: int, limit: int, type_: EventType | None = None) -> EventBatch:
        events = self._tables[_EVENTS]
        first = next((event.position or 0 for event in events.all()), events.last_id + 1)
        wanted = (
            event
            for event in events.all()
            if (event.position or 0) > position and type_ in (None, event.type)
        )
        return EventBatch(events=tuple(islice(wanted, limit)), first=first, last=events.last_id)

    def sweep(self, before: datetime, limit: int) -> int:
        count = 0
        for event in list(islice(self._tables[_EVENTS].all(), limit)):
            if event.at >= before:
                break
            self._tables[_EVENTS].delete(event.position or 0)
            count += 1
        return count


@functools.cache
def _getters() -> Mapping[SubjectKind, Getter]:
    """Return the `SUBJECTS` that the modules of the package declare."""
    return {
        kind: getter
        for module in pkgutil.walk_packages(repositories.__path__, f"{repositories.__name__}.")
        for kind, getter in getattr(import_module(module.name), "SUBJECTS", {}).items()
    }


@final
@frozen
class MemorySubjects(Subjects):
    """The records of all kinds of subjects."""

    _tables: Tables

    def find(self, kind: SubjectKind, ids: Collection[int]) -> Mapping[int, EventSubject]:
        get = _getters()[kind](self._tables)
        found = {}
        for one in ids:
            with suppress(NotFound):
                found[one] = get(one)
        return found
