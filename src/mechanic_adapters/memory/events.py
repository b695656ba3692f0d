"""Events in memory, and their subjects."""

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from datetime import datetime
from itertools import islice
from typing import Any, Final, final

from attrs import evolve, frozen

from mechanic_adapters.memory.customers import MemoryCustomers
from mechanic_adapters.memory.inventory import MemoryParts
from mechanic_adapters.memory.mechanics import MemoryMechanics
from mechanic_adapters.memory.profile import MemoryProfiles
from mechanic_adapters.memory.tables import TableName, Tables
from mechanic_adapters.memory.tickets import MemoryTickets
from mechanic_adapters.memory.vehicles import MemoryVehicles
from mechanic_core.errors import NotFound
from mechanic_core.events.event import Event, EventSubject, EventType, Position, SubjectKind
from mechanic_core.events.ports import EventBatch, Events, Subjects

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


@final
@frozen
class MemorySubjects(Subjects):
    """The records of all kinds of subjects."""

    _tables: Tables

    def find(self, kind: SubjectKind, ids: Collection[int]) -> Mapping[int, EventSubject]:
        if kind is SubjectKind.SHOP:
            profile = MemoryProfiles(self._tables).get()
            return {profile.id: profile} if profile.id in ids else {}
        getters: dict[SubjectKind, Callable[[Any], EventSubject]] = {
            SubjectKind.CUSTOMER: MemoryCustomers(self._tables).get,
            SubjectKind.VEHICLE: MemoryVehicles(self._tables).get,
            SubjectKind.MECHANIC: MemoryMechanics(self._tables).get,
            SubjectKind.PART: MemoryParts(self._tables).get,
            SubjectKind.TICKET: MemoryTickets(self._tables).get,
        }
        found = {}
        for one in ids:
            with suppress(NotFound):
                found[one] = getters[kind](one)
        return found
