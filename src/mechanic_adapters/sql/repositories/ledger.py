"""The ledger of stock movements in SQL."""

from collections.abc import Sequence
from operator import itemgetter
from typing import Any, final

from attrs import evolve, frozen
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Insert,
    Select,
    Subquery,
    Update,
    bindparam,
    cast,
    exists,
    func,
    insert,
    literal_column,
    select,
)

from mechanic_adapters.sql.engine.compiled_statements import Params
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.row_mapping import (
    RECORD_ID,
    field_values,
    json_text,
    record_maker,
)
from mechanic_adapters.sql.engine.sql_functions import qualified, rows_from_json
from mechanic_adapters.sql.queries.keyset_pagination import PageQuery
from mechanic_adapters.sql.queries.person_names import columns_with_name, name_of, reader_with_name
from mechanic_adapters.sql.schema.inventory import parts, stock_movements
from mechanic_core.access import By
from mechanic_core.inventory.movement import Disagreement, Movement
from mechanic_core.inventory.part import PartId, PartNotFound
from mechanic_core.inventory.ports import Ledger
from mechanic_core.paging import Page, PageRequest

_read = reader_with_name(Movement)
_make_disagreement = record_maker(Disagreement)

_BY = ("by_role", "by_id")
_NAMES = (
    *("id", "part_id", "kind", "on_hand_change", "reserved_change", "on_hand_after"),
    *("reserved_after", "ticket_id", "line_id", *_BY, "note", "at"),
)
_COLUMNS = [stock_movements.c[name] for name in _NAMES]


def _join(page: Subquery) -> Select[Any]:
    """Return movements with the names of their actors."""
    return select(*columns_with_name(Movement, {**page.c}))


_OF_PART = PageQuery(
    rows=select(*_COLUMNS).where(stock_movements.c.part_id == RECORD_ID),
    key=stock_movements.c.id,
    join=_join,
)
_PART_EXISTS = select(exists().where(parts.c.id == RECORD_ID))
_HAS_MOVEMENTS = select(exists().where(stock_movements.c.part_id == RECORD_ID))
_INSERTED_BY: list[ColumnElement[Any]] = [literal_column(f"stock_movements.{name}") for name in _BY]
"""By name only: as columns they would make the subqueries read the table again."""

_RETURNED = (stock_movements.c.id, qualified(name_of(*_INSERTED_BY)))
_ADD = (
    insert(stock_movements)
    .from_select(_COLUMNS[1:], rows_from_json(_COLUMNS[1:]))
    .returning(*_RETURNED)
)
_MOVEMENT = {c.name: bindparam(f"movement_{c.name}", type_=c.type) for c in _COLUMNS[1:]}
_ADD_ONE = insert(stock_movements).values(_MOVEMENT).returning(*_RETURNED)
"""One movement is sent as parameters, which saves the database parsing JSON."""


def with_movement(write: Insert | Update) -> Insert:
    """Return one statement for *write*, which returns the part's id, and a movement of that part.

    It returns the part's id too, and needs PostgreSQL, which can write inside a WITH.
    """
    written = write.cte("written")
    values = {**_MOVEMENT, "part_id": written.c.id}
    movement = insert(stock_movements).from_select(list(values), select(*values.values()))
    return movement.returning(stock_movements.c.part_id)


def movement_parameters(movement: Movement) -> Params:
    """Return the parameters of one movement."""
    values = field_values(movement, by=By)
    return {bind.key: values[name] for name, bind in _MOVEMENT.items()}


def _sum(change: str) -> Any:
    total = cast(func.sum(stock_movements.c[change]), BigInteger)
    return func.coalesce(total, 0, type_=BigInteger)


_SUMS = (
    select(
        stock_movements.c.part_id,
        _sum("on_hand_change").label("on_hand"),
        _sum("reserved_change").label("reserved"),
    )
    .group_by(stock_movements.c.part_id)
    .subquery("sums")
)
_on_hand, _reserved = (func.coalesce(c, 0) for c in (_SUMS.c.on_hand, _SUMS.c.reserved))
_DISAGREEMENTS = (
    select(parts.c.id, parts.c.sku, parts.c.quantity, parts.c.reserved, _on_hand, _reserved)
    .select_from(parts.outerjoin(_SUMS, _SUMS.c.part_id == parts.c.id))
    .where((parts.c.quantity != _on_hand) | (parts.c.reserved != _reserved))
    .order_by(parts.c.id)
)


@final
@frozen
class SqlLedger(Ledger):
    """The append-only table of stock movements."""

    _executor: Executor

    def write(self, movements: Sequence[Movement]) -> tuple[Movement, ...]:
        if not movements:
            return ()
        if len(movements) == 1:
            statement, params = _ADD_ONE, movement_parameters(movements[0])
        else:
            statement, params = _ADD, {"rows": _json(movements)}
        rows = self._executor.write_returning("parts", statement, params)
        return tuple(
            evolve(movement, id=row[0], by=evolve(movement.by, name=row[1]))
            for movement, row in zip(movements, sorted(rows, key=itemgetter(0)), strict=True)
        )

    def of(self, part_id: PartId, page: PageRequest) -> Page[Movement]:
        movements = _OF_PART.fetch(self._executor, page, _read, {"record_id": part_id})
        if not movements.items:
            (exists,) = self._executor.all(_PART_EXISTS, {"record_id": part_id})
            if not exists[0]:
                raise PartNotFound
        return movements

    def has(self, part_id: PartId) -> bool:
        (row,) = self._executor.all(_HAS_MOVEMENTS, {"record_id": part_id})
        return bool(row[0])

    def disagreements(self) -> tuple[Disagreement, ...]:
        rows = self._executor.all_without_timeout(_DISAGREEMENTS)
        return tuple(map(_make_disagreement, rows))


def _json(movements: Sequence[Movement]) -> str:
    """Return movements as the parameter of `rows_from_json`, in the order of the columns."""
    names = [column.name for column in _COLUMNS[1:]]
    values = (field_values(movement, by=By) for movement in movements)
    return json_text([one[name] for name in names] for one in values)
