"""The number of rows in each whole list: the sum of the changes that triggers write.

`FOLD` makes them one row for each list. `wrong_totals` checks the totals against the rows.
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

from mechanic_adapters.sql.counters.folding import exclude_folds
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.row_mapping import record_maker
from mechanic_adapters.sql.schema.counters import list_totals
from mechanic_adapters.sql.schema.customers import customers
from mechanic_adapters.sql.schema.inventory import parts
from mechanic_adapters.sql.schema.invoices.invoices import invoices
from mechanic_adapters.sql.schema.invoices.payments import payments
from mechanic_adapters.sql.schema.tickets import tickets
from mechanic_adapters.sql.schema.vehicles import vehicles

LISTED: Final = {
    customers: customers.c.erased_at.is_(None),
    invoices: None,
    parts: parts.c.archived_at.is_(None),
    payments: None,
    tickets: tickets.c.removed_at.is_(None),
    vehicles: None,
}
"""The tables with totals, and the condition that a row is in the list."""


_TOTAL = list_totals.c
_many = select(_TOTAL.list).group_by(_TOTAL.list).having(func.count() > 1)
_gone = (
    delete(list_totals)
    .where(_TOTAL.list.in_(_many))
    .returning(_TOTAL.list, _TOTAL.total)
    .cte("gone")
)
_sum = cast(func.sum(_gone.c.total), BigInteger)
FOLD: Final = insert(list_totals).from_select(
    ["list", "total"], select(_gone.c.list, _sum).group_by(_gone.c.list)
)
"""The statement that folds the changes, on PostgreSQL."""


@final
@frozen
class WrongTotal:
    """A stored total that is not the number of rows in its list."""

    list: str
    stored: int
    counted: int


def total_of(table: Table) -> Select[Any]:
    """Return the statement for the total of a table in `LISTED`."""
    total = cast(func.coalesce(func.sum(_TOTAL.total), 0), BigInteger)
    return select(total).where(_TOTAL.list == literal(table.name, _TOTAL.list.type))


def _count(table: Table) -> Select[Any]:
    count, condition = select(func.count()).select_from(table), LISTED[table]
    return count if condition is None else count.where(condition)


def _comparison(table: Table) -> Select[Any]:
    return select(
        literal(table.name).label("list"),
        total_of(table).scalar_subquery().label("stored"),
        _count(table).scalar_subquery().label("counted"),
    )


_both = union_all(*map(_comparison, LISTED)).subquery("comparison")
_WRONG = select(_both).where(_both.c.stored != _both.c.counted).order_by(_both.c.list)


def wrong_totals(executor: Executor) -> tuple[WrongTotal, ...]:
    """Return every total that disagrees with its list."""
    return tuple(map(record_maker(WrongTotal), executor.all_without_timeout(_WRONG)))


_LOCK: Final = {
    table: text(f"LOCK TABLE {table.name} IN SHARE ROW EXCLUSIVE MODE") for table in LISTED
}
_DELETE: Final = {
    table: delete(list_totals).where(_TOTAL.list == literal(table.name)) for table in LISTED
}
_RECOUNT: Final = {
    table: insert(list_totals).values(
        list=literal(table.name), total=_count(table).scalar_subquery()
    )
    for table in LISTED
}


def recount_total(executor: Executor, table: Table) -> None:
    """Count one list again, while writers of its table wait.

    Use a transaction per list: one that locked several tables could deadlock with a writer.
    """
    exclude_folds(executor)  # or the sum that one inserts now would not be deleted
    if executor.database.is_postgres:
        executor.write(list_totals.name, _LOCK[table])
    executor.write(list_totals.name, _DELETE[table])
    executor.write(list_totals.name, _RECOUNT[table])
