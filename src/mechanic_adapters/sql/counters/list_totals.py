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

from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.rows import maker
from mechanic_adapters.sql.schema.counters import list_totals
from mechanic_adapters.sql.schema.customers import customers
from mechanic_adapters.sql.schema.inventory import parts
from mechanic_adapters.sql.schema.tickets import tickets
from mechanic_adapters.sql.schema.vehicles import vehicles

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
_WRONG = select(_both).where(_both.c.kept != _both.c.counted).order_by(_both.c.list)


def wrong_totals(executor: Executor) -> tuple[WrongTotal, ...]:
    """Return every total that disagrees with its list."""
    return tuple(map(maker(WrongTotal), executor.patiently(_WRONG)))


_LOCKS: Final = {
    table: text(f"LOCK TABLE {table.name} IN SHARE ROW EXCLUSIVE MODE") for table in PRESENT
}
_EMPTY: Final = {
    table: delete(list_totals).where(list_totals.c.list == literal(table.name)) for table in PRESENT
}
_RECOUNT: Final = {
    table: insert(list_totals).values(
        list=literal(table.name), total=_counted(table, present).scalar_subquery()
    )
    for table, present in PRESENT.items()
}


def recount_total(executor: Executor, table: Table, *, is_postgres: bool) -> None:
    """Count one list anew, in a transaction of its own; whoever adds to it meanwhile waits.

    With more than one list in it the transaction would hold one table and wait for another, while
    somebody who writes both may do so the other way round.
    """
    if is_postgres:
        executor.write(list_totals.name, _LOCKS[table], {})
    executor.write(list_totals.name, _EMPTY[table], {})
    executor.write(list_totals.name, _RECOUNT[table], {})
