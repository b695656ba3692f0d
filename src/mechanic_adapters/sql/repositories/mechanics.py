"""Mechanics in SQL."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final, final

from attrs import frozen

from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.row_mapping import RECORD_ID, words_text
from mechanic_adapters.sql.queries.filtered_list import FilteredList
from mechanic_adapters.sql.queries.mechanics import LOCK_SHARED
from mechanic_adapters.sql.repositories.record_table import RecordTable
from mechanic_adapters.sql.schema.mechanics import mechanic_words, mechanics
from mechanic_core.access import Role
from mechanic_core.events.event import SubjectKind
from mechanic_core.mechanics.mechanic import Mechanic, MechanicId, MechanicNotFound
from mechanic_core.mechanics.ports import MechanicLists, Mechanics
from mechanic_core.paging import Page, PageRequest
from mechanic_core.search import terms_of
from mechanic_core.texts import email_key


def _keys(mechanic: Mechanic) -> Mapping[str, str]:
    return {"email_key": email_key(mechanic.email), "words": words_text(mechanic.words)}


_TABLE = RecordTable(mechanics, Mechanic, _keys)

_IS_ACTIVE_MANAGER = mechanics.c.active & (mechanics.c.role == Role.MANAGER)
_LOCK_WITH_MANAGERS = (
    _TABLE.rows.where((mechanics.c.id == RECORD_ID) | _IS_ACTIVE_MANAGER)
    .order_by(mechanics.c.id)  # so that two transactions never deadlock
    .with_for_update(key_share=True)
)
_LIST = FilteredList(
    rows=_TABLE.rows,
    key=mechanics.c.id,
    words=mechanic_words,
    filters={"active": mechanics.c.active},
)


@final
@frozen
class SqlMechanics(Mechanics, MechanicLists):
    """The table of mechanics and managers, inactive ones too."""

    _executor: Executor

    def get(self, mechanic_id: MechanicId) -> Mechanic:
        mechanic = _TABLE.get(self._executor, mechanic_id)
        if mechanic is None:
            raise MechanicNotFound
        return mechanic

    def lock(self, mechanic_id: MechanicId) -> tuple[Mechanic, int]:
        rows = self._executor.all(_LOCK_WITH_MANAGERS, {"record_id": mechanic_id})
        locked = {mechanic.id: mechanic for mechanic in _TABLE.read(rows)}
        if mechanic_id not in locked:
            raise MechanicNotFound
        mechanic = self._executor.locked[_TABLE.noun, mechanic_id] = locked[mechanic_id]
        return mechanic, sum(one.is_active_manager for one in locked.values())

    def lock_shared(self, ids: Collection[int]) -> Mapping[int, Mechanic]:
        rows = self._executor.all(LOCK_SHARED, {"ids": sorted(ids)})
        return {mechanic.id: mechanic for mechanic in _TABLE.read(rows)}

    def add(self, mechanic: Mechanic) -> Mechanic:
        return _TABLE.add(self._executor, mechanic)

    def save(self, mechanic: Mechanic) -> Mechanic:
        return _TABLE.save(self._executor, mechanic)

    def find(self, page: PageRequest, *, active_only: bool, q: str | None = None) -> Page[Mechanic]:
        wanted = {"active": True} if active_only else {}
        terms = None if q is None else terms_of(q)
        return _LIST.fetch(self._executor, page, _TABLE.read, wanted, terms)


def read_mechanics(executor: Executor, ids: Collection[int]) -> Iterable[Mechanic]:
    """Return those of *ids* that can be read."""
    return _TABLE.get_all(executor, ids)


SUBJECTS: Final = {SubjectKind.MECHANIC: read_mechanics}
