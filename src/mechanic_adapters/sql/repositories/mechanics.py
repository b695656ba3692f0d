"""Mechanics in SQL."""

from collections.abc import Collection, Mapping
from typing import final

from attrs import frozen
from sqlalchemy import ColumnElement, ScalarSelect, select

from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.rows import gathered_rows
from mechanic_adapters.sql.engine.sql_functions import among, gathered
from mechanic_adapters.sql.queries.keyset_pagination import Listing
from mechanic_adapters.sql.repositories.record_table import THE_ID, RecordTable
from mechanic_adapters.sql.schema.mechanics import mechanics
from mechanic_core.access import Role
from mechanic_core.customers.customer import EmailTaken
from mechanic_core.mechanics.mechanic import Mechanic, MechanicId, MechanicNotFound
from mechanic_core.mechanics.ports import MechanicLists, Mechanics
from mechanic_core.paging import Page, PageRequest
from mechanic_core.values import fold_case


def _keys(mechanic: Mechanic) -> Mapping[str, str]:
    return {"email_key": fold_case(mechanic.email)}


MECHANICS = RecordTable(mechanics, Mechanic, _keys, EmailTaken)

_MANAGES = mechanics.c.active & (mechanics.c.role == Role.MANAGER)
_HELD = (
    MECHANICS.rows.where((mechanics.c.id == THE_ID) | _MANAGES)
    .order_by(mechanics.c.id)  # so that two who hold never wait for each other
    .with_for_update(key_share=True)
)
_SHARED = (
    MECHANICS.rows.where(among(mechanics.c.id, "ids"))
    .order_by(mechanics.c.id)
    .with_for_update(read=True)
)


def all_shared(after: ColumnElement[int]) -> ScalarSelect[str]:
    """Return the mechanics in the parameter *ids*, locked for others' writes, for `shared`.

    None is locked before the row is there whose column *after* is.
    """
    rows = _SHARED.where(after.is_not(None)).correlate(after.table).subquery("shared")
    return select(gathered(*rows.c)).scalar_subquery()


def shared(text: str | None) -> Mapping[int, Mechanic]:
    """Return gathered mechanics by id; JSON knows no roles, and SQLite's no truth."""
    rows = gathered_rows(text)
    return {row[0]: MECHANICS.make((*row[:-2], Role(row[-2]), bool(row[-1]))) for row in rows}


_ALL = Listing(rows=MECHANICS.rows, key=mechanics.c.id)
_ACTIVE = Listing(rows=MECHANICS.rows.where(mechanics.c.active), key=mechanics.c.id)


@final
@frozen
class SqlMechanics(Mechanics, MechanicLists):
    """Everybody who works here, or did."""

    _executor: Executor

    def get(self, mechanic_id: MechanicId) -> Mechanic:
        """Return the mechanic, or raise `MechanicNotFound`."""
        mechanic = MECHANICS.get(self._executor, mechanic_id)
        if mechanic is None:
            raise MechanicNotFound
        return mechanic

    def lock(self, mechanic_id: MechanicId) -> tuple[Mechanic, int]:
        """Return the mechanic and the number of managers, all their rows locked."""
        held = [MECHANICS.make(row) for row in self._executor.all(_HELD, {"the_id": mechanic_id})]
        mechanic = next((one for one in held if one.id == mechanic_id), None)
        if mechanic is None:
            raise MechanicNotFound
        self._executor.seen[MECHANICS.noun, mechanic_id] = mechanic
        return mechanic, sum(one.is_active_manager for one in held)

    def lock_shared(self, ids: Collection[int]) -> Mapping[int, Mechanic]:
        """Return those of *ids* that exist, their rows locked for others' writes."""
        found = self._executor.all(_SHARED, {"ids": sorted(ids)})
        return {mechanic.id: mechanic for mechanic in map(MECHANICS.make, found)}

    def add(self, mechanic: Mechanic) -> Mechanic:
        """Keep a new mechanic."""
        return MECHANICS.add(self._executor, mechanic)

    def save(self, mechanic: Mechanic) -> Mechanic:
        """Keep the change."""
        return MECHANICS.save(self._executor, mechanic)

    def find(self, page: PageRequest, *, active_only: bool) -> Page[Mechanic]:
        """Return mechanics by id."""
        listing = _ACTIVE if active_only else _ALL
        return listing.piece(self._executor, page, MECHANICS.make)
