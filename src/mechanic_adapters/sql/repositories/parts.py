"""Parts in SQL."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import nullcontext
from typing import Final, final

from attrs import evolve, frozen
from sqlalchemy import bindparam, not_, update

from mechanic_adapters.sql.counters.list_totals import total_of
from mechanic_adapters.sql.engine.column_types import KEY
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.row_mapping import with_values, words_text
from mechanic_adapters.sql.engine.sql_functions import id_in, rows_from_json
from mechanic_adapters.sql.queries.filtered_list import FilteredList
from mechanic_adapters.sql.repositories.ledger import SqlLedger, movement_parameters, with_movement
from mechanic_adapters.sql.repositories.record_table import RecordTable
from mechanic_adapters.sql.schema.inventory import part_words, parts
from mechanic_core.errors import LostRace
from mechanic_core.events.event import Event, SubjectKind
from mechanic_core.inventory.movement import Movement
from mechanic_core.inventory.part import Part, PartId, PartNotFound
from mechanic_core.inventory.ports import PartFilter, Parts
from mechanic_core.paging import Page, PageRequest
from mechanic_core.search import terms_with_code
from mechanic_core.texts import fold_case, sku_key


def _keys(part: Part) -> Mapping[str, str | bool]:
    return {
        "name_key": fold_case(part.name),
        "sku_key": sku_key(part.sku),
        "words": words_text(part.words),
        "is_low": part.is_low,
    }


_TABLE = RecordTable(parts, Part, _keys)

_FILTERS = {
    "sku_key": parts.c.sku_key == bindparam("sku_key", type_=KEY),
    "low": parts.c.is_low,
    "not_low": not_(parts.c.is_low),
}
_LOCK = (
    _TABLE.rows.where(id_in(parts.c.id, "ids")).order_by(parts.c.id).with_for_update(key_share=True)
)
_CHANGED = rows_from_json(list(parts.columns)).subquery("changed")
_UPDATE = (
    update(parts)
    .values({c.name: _CHANGED.c[c.name] for c in parts.columns if c.name != "id"})
    .where(
        id_in(parts.c.id, "ids"),
        parts.c.id == _CHANGED.c.id,
        parts.c.version == _CHANGED.c.version - 1,
    )
)
"""Updates any number of parts, each only if the stored version is the one before.

The ids are sent as a parameter of their own too: PostgreSQL can't estimate the number of rows in
the JSON, and would scan the table instead of using its index.
"""

_ADD_WITH_MOVEMENT = with_movement(_TABLE.insert)
_SAVE_WITH_MOVEMENT = with_movement(_TABLE.update.returning(parts.c.id))


_ON_SALE = FilteredList(
    rows=_TABLE.rows.where(parts.c.archived_at.is_(None)),
    key=parts.c.id,
    words=part_words,
    filters=_FILTERS,
    selective=frozenset({"sku_key"}),
    total=total_of(parts),
)
_ARCHIVED = evolve(_ON_SALE, rows=_TABLE.rows.where(parts.c.archived_at.is_not(None)), total=None)


@final
@frozen
class SqlParts(Parts):
    """The table of parts."""

    _executor: Executor

    def get(self, part_id: PartId) -> Part:
        part = _TABLE.get(self._executor, part_id)
        if part is None:
            raise PartNotFound
        return part

    def lock(self, ids: Collection[int]) -> Mapping[int, Part]:
        if len(ids) == 1:  # PostgreSQL plans `_LOCK` for each list, which takes longer than it runs
            part = _TABLE.lock(self._executor, *ids)
            return {part.id: part} if part else {}
        rows = self._executor.all(_LOCK, {"ids": sorted(ids)})
        locked: dict[int, Part] = {part.id: part for part in _TABLE.read(rows)}
        self._executor.locked.update(((_TABLE.noun, key), part) for key, part in locked.items())
        return locked

    def add(self, part: Part, received: Movement | None = None) -> Part:
        if received is None:
            return _TABLE.add(self._executor, part)
        if self._executor.database.is_postgres:
            params = movement_parameters(received)
            return _TABLE.add(self._executor, part, _ADD_WITH_MOVEMENT, params)
        new = _TABLE.add(self._executor, part)
        SqlLedger(self._executor).write([with_values(received, part_id=new.id)])
        return new

    def save(self, parts: Sequence[Part], movements: Sequence[Movement] = ()) -> tuple[Part, ...]:
        if len(parts) == len(movements) == 1 and self._executor.database.is_postgres:
            params = movement_parameters(movements[0])
            return (_TABLE.save(self._executor, parts[0], _SAVE_WITH_MOVEMENT, params),)
        SqlLedger(self._executor).write(movements)
        if len(parts) == 1:
            return (_TABLE.save(self._executor, parts[0]),)
        return self._save_all(parts)

    def find(self, wanted: PartFilter, page: PageRequest) -> Page[Part]:
        filters: dict[str, object] = {}
        if wanted.sku is not None:
            filters["sku_key"] = sku_key(wanted.sku)
        if wanted.low_stock is not None:
            filters["low" if wanted.low_stock else "not_low"] = True
        terms = None if wanted.q is None else terms_with_code(wanted.q)
        chosen = _ARCHIVED if wanted.archived else _ON_SALE
        return chosen.fetch(self._executor, page, _TABLE.read, filters, terms)

    def _save_all(self, parts: Sequence[Part]) -> tuple[Part, ...]:
        before = [_TABLE.stored(self._executor, part) for part in parts]
        saved = tuple(with_values(part, version=part.version + 1) for part in parts)
        is_safe = all(_TABLE.keeps_its_keys(self._executor, part) for part in parts)
        with nullcontext() if is_safe else self._executor.savepoint():
            params = {"ids": sorted(part.id for part in parts), "rows": _TABLE.json(saved)}
            count = self._executor.write(_TABLE.noun, _UPDATE, params)
        if count != len(parts):
            raise LostRace
        for old, new in zip(before, saved, strict=True):
            event = Event.between(old, new, self._executor.actor)
            _TABLE.note_change(self._executor, new, event)
        return saved


def read_parts(executor: Executor, ids: Collection[int]) -> Iterable[Part]:
    """Return those of *ids* that can be read."""
    return _TABLE.get_all(executor, ids)


SUBJECTS: Final = {SubjectKind.PART: read_parts}
