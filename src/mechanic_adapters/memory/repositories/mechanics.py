"""Mechanics in memory."""

from collections.abc import Collection, Mapping
from typing import Final, final

from attrs import frozen

from mechanic_adapters.memory.paging import paginate
from mechanic_adapters.memory.tables import TableName, Tables, add_record, save_record
from mechanic_core.customers.customer import EmailTaken
from mechanic_core.events.event import SubjectKind
from mechanic_core.mechanics.mechanic import Mechanic, MechanicId, MechanicNotFound
from mechanic_core.mechanics.ports import MechanicLists, Mechanics
from mechanic_core.paging import Page, PageRequest
from mechanic_core.search import matches, terms_of
from mechanic_core.texts import email_key

MECHANICS: Final = TableName[int, Mechanic]("mechanics", "mechanics")


@final
@frozen
class MemoryMechanics(Mechanics, MechanicLists):
    """The mechanics."""

    _tables: Tables

    def get(self, mechanic_id: MechanicId) -> Mechanic:
        mechanic = self._tables[MECHANICS].get(mechanic_id)
        if mechanic is None:
            raise MechanicNotFound
        return mechanic

    def lock(self, mechanic_id: MechanicId) -> tuple[Mechanic, int]:
        managers = sum(mechanic.is_active_manager for mechanic in self._tables[MECHANICS].all())
        return self.get(mechanic_id), managers

    def lock_shared(self, ids: Collection[int]) -> Mapping[int, Mechanic]:
        rows = ((one, self._tables[MECHANICS].get(one)) for one in sorted(ids))
        return {one: mechanic for one, mechanic in rows if mechanic}

    def add(self, mechanic: Mechanic) -> Mechanic:
        self._require_free_email(mechanic)
        return add_record(self._tables, MECHANICS, mechanic)

    def save(self, mechanic: Mechanic) -> Mechanic:
        self._require_free_email(mechanic)
        return save_record(self._tables, MECHANICS, mechanic)

    def find(self, page: PageRequest, *, active_only: bool, q: str | None = None) -> Page[Mechanic]:
        terms = None if q is None else terms_of(q)
        mechanics = (
            mechanic
            for mechanic in self._tables[MECHANICS].all()
            if (mechanic.active or not active_only)
            and (terms is None or matches(terms, mechanic.words))
        )
        return paginate(mechanics, page, lambda mechanic: mechanic.id)

    def _require_free_email(self, mechanic: Mechanic) -> None:
        email = email_key(mechanic.email)
        for other in self._tables[MECHANICS].all():
            if other.id != mechanic.id and email_key(other.email) == email:
                raise EmailTaken


SUBJECTS: Final = {SubjectKind.MECHANIC: lambda tables: MemoryMechanics(tables).get}
