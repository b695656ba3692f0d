"""The subjects of events in SQL: the present records, many in one statement."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final, TypeAlias, final

from attrs import frozen

from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.repositories.customers import read_customers
from mechanic_adapters.sql.repositories.mechanics import read_mechanics
from mechanic_adapters.sql.repositories.parts import read_parts
from mechanic_adapters.sql.repositories.profile import read_profiles
from mechanic_adapters.sql.repositories.tickets import read_all_tickets
from mechanic_adapters.sql.repositories.vehicles import read_vehicles
from mechanic_core.events.event import EventSubject, SubjectKind
from mechanic_core.events.ports import Subjects

Read: TypeAlias = Callable[[Executor, Collection[int]], Iterable[EventSubject]]

_READERS: Final[dict[SubjectKind, Read]] = {
    SubjectKind.CUSTOMER: read_customers,
    SubjectKind.VEHICLE: read_vehicles,
    SubjectKind.MECHANIC: read_mechanics,
    SubjectKind.PART: read_parts,
    SubjectKind.TICKET: read_all_tickets,
    SubjectKind.SHOP: read_profiles,
}


@final
@frozen
class SqlSubjects(Subjects):
    """The tables of all kinds of subjects."""

    _executor: Executor

    def find(self, kind: SubjectKind, ids: Collection[int]) -> Mapping[int, EventSubject]:
        """Return those of *ids* that can be read, by id."""
        return {record.id: record for record in _READERS[kind](self._executor, ids)}
