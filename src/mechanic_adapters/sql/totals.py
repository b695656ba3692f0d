"""How many rows each whole list has: kept by triggers, read in no time, held against the rows.

Each list has several figures that add up to its total. A trigger adds to one that no other
transaction holds, and makes a new one where there is none: so writers never wait for each other.
"""

from typing import Any, Final, final

from attrs import frozen
from sqlalchemy import (
    BigInteger,
    Select,
    Table,
    cast,
    delete,
    func,
    insert,
    literal,
    select,
    text,
    union_all,
)

from mechanic_adapters.sql.columns import key, number, number_of_row
from mechanic_adapters.sql.executors import Executor
from mechanic_adapters.sql.rows import maker
from mechanic_adapters.sql.tables import METADATA, customers, parts, tickets, vehicles

list_totals = Table(
    "list_totals",
    METADATA,
    number_of_row(),
    key("list"),
    number("total"),
    sqlite_autoincrement=True,
)

PRESENT: Final = {
    customers: customers.c.erased_at.is_(None),
    parts: parts.c.archived_at.is_(None),
    tickets: tickets.c.removed_at.is_(None),
    vehicles: None,
}
"""The tables whose totals are kept, and which of their rows are in the list."""


@final
@frozen
class WrongTotal:
    """A total that is not the number of rows in its list."""

    list: str
    kept: int
    counted: int


def total_of(table: Table) -> Select[Any]:
    """Return the statement for the total of a table that is in `PRESENT`."""
    kept = cast(func.coalesce(func.sum(list_totals.c.total), 0), BigInteger)
    return select(kept).where(list_totals.c.list == literal(table.name, list_totals.c.list.type))


def _counted(table: Table, present: Any) -> Select[Any]:
    counted = select(func.count()).select_from(table)
    return counted if present is None else counted.where(present)


def _checked(table: Table, present: Any) -> Select[Any]:
    return select(
        literal(table.name).label("list"),
        total_of(table).scalar_subquery().label("kept"),
        _counted(table, present).scalar_subquery().label("counted"),
    )


_both = union_all(*(_checked(*one) for one in PRESENT.items())).subquery("both_ways")
_anew = [
    select(literal(table.name), _counted(table, present).scalar_subquery())
    for table, present in PRESENT.items()
]
_LOCK = text(f"LOCK TABLE {', '.join(table.name for table in PRESENT)} IN SHARE ROW EXCLUSIVE MODE")
_EMPTY = delete(list_totals)
_RECOUNT = insert(list_totals).from_select(["list", "total"], union_all(*_anew))
_WRONG = select(_both).where(_both.c.kept != _both.c.counted).order_by(_both.c.list)


def wrong_totals(executor: Executor) -> tuple[WrongTotal, ...]:
    """Return every total that disagrees with its list."""
    return tuple(map(maker(WrongTotal), executor.patiently(_WRONG)))


def recount_totals(executor: Executor, *, is_postgres: bool) -> None:
    """Count every list anew; whoever adds to one meanwhile waits."""
    if is_postgres:
        executor.write(list_totals.name, _LOCK, {})
    executor.write(list_totals.name, _EMPTY, {})
    executor.write(list_totals.name, _RECOUNT, {})
