"""The ledger of stock in SQL."""

from collections.abc import Sequence
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

from mechanic_adapters.sql.engine.compiled_statements import Params, Row
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.rows import maker, rows_text, values_of
from mechanic_adapters.sql.engine.sql_functions import qualified, sent_rows
from mechanic_adapters.sql.queries.keyset_pagination import Listing
from mechanic_adapters.sql.queries.person_names import by_columns, make_by, name_of
from mechanic_adapters.sql.schema.inventory import parts, stock_movements
from mechanic_core.inventory.movement import Disagreement, Movement
from mechanic_core.inventory.part import PartId, PartNotFound
from mechanic_core.inventory.ports import Ledger
from mechanic_core.paging import Page, PageRequest

_make_movement = maker(Movement)
_make_disagreement = maker(Disagreement)

_BEFORE_BY = (
    *("id", "part_id", "kind", "on_hand_change", "reserved_change"),
    *("on_hand_after", "reserved_after", "ticket_id", "line_id"),
)
_BY = ("by_role", "by_id")
_BEHIND_BY = ("note", "at")
_COLUMNS = [stock_movements.c[name] for name in (*_BEFORE_BY, *_BY, *_BEHIND_BY)]


def _named(page: Subquery) -> Select[Any]:
    """Return movements with the names of those who made them."""
    before, behind = ([page.c[name] for name in names] for names in (_BEFORE_BY, _BEHIND_BY))
    by = (page.c.by_role, page.c.by_id)
    return select(*before, *by, name_of(*by), *behind)


def _movement(row: Row) -> Movement:
    return _make_movement((*row[:9], make_by(row[9:12]), *row[12:]))


_PART = bindparam("part_id", type_=BigInteger)
_OF_PART = Listing(
    rows=select(*_COLUMNS).where(stock_movements.c.part_id == _PART),
    key=stock_movements.c.id,
    dressed=_named,
)
_THERE = select(exists().where(parts.c.id == _PART))
_JUST_WRITTEN: list[ColumnElement[Any]] = [
    literal_column(f"stock_movements.{name}") for name in _BY
]
"""By name only: as columns they would have the subqueries read the table once more."""

_TOLD = (stock_movements.c.id, qualified(name_of(*_JUST_WRITTEN)))
_WRITE = (
    insert(stock_movements).from_select(_COLUMNS[1:], sent_rows(_COLUMNS[1:])).returning(*_TOLD)
)
_ONE = {c.name: bindparam(f"movement_{c.name}", type_=c.type) for c in _COLUMNS[1:]}
_WRITE_ONE = insert(stock_movements).values(_ONE).returning(*_TOLD)
"""Of one movement the values are parameters: the database has no list to take apart."""


def along_with(write: Insert | Update) -> Insert:
    """Return *write*, which tells a part's id, with a movement of that part; it tells the id too.

    For databases that write inside a WITH.
    """
    written = write.cte("written")
    told = {**_ONE, "part_id": written.c.id}
    one = insert(stock_movements).from_select(list(told), select(*told.values()))
    return one.returning(stock_movements.c.part_id)


def sent_along(movement: Movement) -> Params:
    """Return a movement as a statement of one takes it."""
    values = {**values_of(movement), **by_columns(movement.by)}
    return {bind.key: values[name] for name, bind in _ONE.items()}


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
    """Every change of stock, in one table that is only added to."""

    _executor: Executor

    def write(self, movements: Sequence[Movement]) -> tuple[Movement, ...]:
        """Append movements, however many, at once."""
        if not movements:
            return ()
        if len(movements) == 1:
            rows = self._executor.written("parts", _WRITE_ONE, sent_along(movements[0]))
        else:
            rows = self._executor.written("parts", _WRITE, {"rows": _sent(movements)})
        return tuple(
            evolve(movement, id=row[0], by=evolve(movement.by, name=row[1]))
            for movement, row in zip(movements, sorted(rows, key=_id_of), strict=True)
        )

    def of(self, part_id: PartId, page: PageRequest) -> Page[Movement]:
        """Return a part's movements, oldest first."""
        found = _OF_PART.piece(self._executor, page, _movement, {"part_id": part_id})
        if not found.items:
            there = self._executor.first(_THERE, {"part_id": part_id})
            if not (there and there[0]):
                raise PartNotFound
        return found

    def disagreements(self) -> tuple[Disagreement, ...]:
        """Return every part whose balance is not the sum of its movements."""
        return tuple(map(_make_disagreement, self._executor.patiently(_DISAGREEMENTS)))


def _id_of(row: Row) -> int:
    key: int = row[0]
    return key


def _sent(movements: Sequence[Movement]) -> str:
    """Return movements as the statement takes them, in the order of the columns."""
    names = [column.name for column in _COLUMNS[1:]]
    told = ({**values_of(movement), **by_columns(movement.by)} for movement in movements)
    return rows_text([values[name] for name in names] for values in told)
