"""Parts in SQL."""

import functools
from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from typing import final

from attrs import frozen
from sqlalchemy import bindparam, not_, update

from mechanic_adapters.sql.counters.list_totals import total_of
from mechanic_adapters.sql.engine.column_types import KEY
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.rows import kept
from mechanic_adapters.sql.engine.sql_functions import among, sent_rows
from mechanic_adapters.sql.queries.keyset_pagination import Listing
from mechanic_adapters.sql.queries.prefix_search import begins, bounds
from mechanic_adapters.sql.repositories.ledger import SqlLedger, along_with, sent_along
from mechanic_adapters.sql.repositories.record_table import RecordTable
from mechanic_adapters.sql.schema.inventory import parts
from mechanic_core.errors import LostRace
from mechanic_core.inventory.movement import Movement
from mechanic_core.inventory.part import Part, PartId, PartNotFound, SkuTaken
from mechanic_core.inventory.ports import PartFilter, Parts
from mechanic_core.paging import Page, PageRequest
from mechanic_core.values import fold_case


def _keys(part: Part) -> Mapping[str, str]:
    return {"name_key": fold_case(part.name), "sku_key": fold_case(part.sku)}


PARTS = RecordTable(parts, Part, _keys, SkuTaken)

_IS_LOW = parts.c.quantity - parts.c.reserved <= parts.c.reorder_point
_WANTED = {
    "q": begins(parts.c.name_key, parts.c.sku_key),
    "sku": parts.c.sku == bindparam("sku", type_=KEY),
    "low": _IS_LOW,
    "enough": not_(_IS_LOW),
}
_HELD = (
    PARTS.rows.where(among(parts.c.id, "ids")).order_by(parts.c.id).with_for_update(key_share=True)
)
_SENT = sent_rows(list(parts.columns)).subquery("sent")
_SAVE = (
    update(parts)
    .values({c.name: _SENT.c[c.name] for c in parts.columns if c.name != "id"})
    .where(
        among(parts.c.id, "ids"),
        parts.c.id == _SENT.c.id,
        parts.c.version == _SENT.c.version - 1,
    )
)
"""Changes any number of parts, each only if it is still the version before.

The ids are told apart too: how many rows were sent the database can only guess, and would
rather look through a small table than ask its index so often.
"""

_ADD_RECEIVED = along_with(PARTS.insert)
_SAVE_MOVED = along_with(PARTS.update.returning(parts.c.id))


@functools.cache
def _listing(given: frozenset[str]) -> Listing:
    """Return the list of the parts that agree with what is *given*."""
    wanted = (_WANTED[name] for name in sorted(given))
    present = PARTS.rows.where(parts.c.archived_at.is_(None))
    return Listing(
        rows=present.where(*wanted),
        key=parts.c.id,
        anew="q" in given,
        total=None if given else total_of(parts),
    )


@final
@frozen
class SqlParts(Parts):
    """Every part that the shop sells."""

    _executor: Executor

    def get(self, part_id: PartId) -> Part:
        """Return the part, or raise `PartNotFound`."""
        part = PARTS.get(self._executor, part_id)
        if part is None or part.archived_at:
            raise PartNotFound
        return part

    def lock(self, ids: Collection[int]) -> Mapping[int, Part]:
        """Return those of *ids* that are there, their rows locked by id."""
        if len(ids) == 1:  # PostgreSQL plans for each list anew, and longer than it looks
            one = PARTS.lock(self._executor, *ids)
            return {one.id: one} if one else {}
        found = self._executor.all(_HELD, {"ids": sorted(ids)})
        held: dict[int, Part] = {part.id: part for part in map(PARTS.make, found)}
        self._executor.seen.update(((PARTS.noun, key), part) for key, part in held.items())
        return held

    def add(self, part: Part, received: Movement | None = None) -> Part:
        """Keep a new part, and what it was received with."""
        if received is None:
            return PARTS.add(self._executor, part)
        if self._executor.database.is_postgres:
            return PARTS.add(self._executor, part, _ADD_RECEIVED, sent_along(received))
        new = PARTS.add(self._executor, part)
        SqlLedger(self._executor).write([kept(received, part_id=new.id)])
        return new

    def save(self, parts: Sequence[Part], movements: Sequence[Movement] = ()) -> tuple[Part, ...]:
        """Keep the changes, however many, at once."""
        if len(parts) == len(movements) == 1 and self._executor.database.is_postgres:
            return (PARTS.save(self._executor, parts[0], _SAVE_MOVED, sent_along(movements[0])),)
        SqlLedger(self._executor).write(movements)
        if len(parts) == 1:
            return (PARTS.save(self._executor, parts[0]),)
        return self._save_all(parts)

    def find(self, wanted: PartFilter, page: PageRequest) -> Page[Part]:
        """Return parts by id."""
        given: dict[str, str] = {}
        asked = set()
        if wanted.q is not None:
            asked.add("q")
            given |= bounds(fold_case(wanted.q))
        if wanted.sku is not None:
            asked.add("sku")
            given["sku"] = wanted.sku
        if wanted.low_stock is not None:
            asked.add("low" if wanted.low_stock else "enough")
        return _listing(frozenset(asked)).piece(self._executor, page, PARTS.make, given)

    def _save_all(self, parts: Sequence[Part]) -> tuple[Part, ...]:
        saved = tuple(kept(part, version=part.version + 1) for part in parts)
        safe = all(PARTS.meets_nobody(self._executor, part) for part in parts)
        with nullcontext() if safe else self._executor.attempt():
            given = {"ids": sorted(part.id for part in parts), "rows": PARTS.sent(saved)}
            changed = self._executor.write(PARTS.noun, _SAVE, given)
        if changed != len(parts):
            raise LostRace
        return saved
