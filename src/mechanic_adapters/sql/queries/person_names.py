"""The name of an actor that a row stores by role and id."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, case, select

from mechanic_adapters.sql.engine.compiled_statements import Row
from mechanic_adapters.sql.engine.row_mapping import field_names, record_maker
from mechanic_adapters.sql.schema.customers import customers
from mechanic_adapters.sql.schema.mechanics import mechanics
from mechanic_core.access import By, Role

R = TypeVar("R")

make_by = record_maker(By)


def name_of(by_role: ColumnElement[Any], by_id: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the person's present name, NULL for an erased customer or an operator."""
    customer = select(customers.c.name).where(
        customers.c.id == by_id, customers.c.erased_at.is_(None)
    )
    mechanic = select(mechanics.c.name).where(mechanics.c.id == by_id)
    return case(
        (by_role == Role.CUSTOMER, customer.scalar_subquery()),
        (by_role.is_not(None), mechanic.scalar_subquery()),
    )


def columns_with_name(
    cls: type[Any], columns: Mapping[str, ColumnElement[Any]]
) -> list[ColumnElement[Any]]:
    """Return the columns of the fields of a class in order; of *by* there are three."""
    by = columns["by_role"], columns["by_id"], name_of(columns["by_role"], columns["by_id"])
    return [
        column for name in field_names(cls) for column in (by if name == "by" else (columns[name],))
    ]


def reader_with_name(cls: type[R]) -> Callable[[Sequence[Row]], Iterator[R]]:
    """Return a function that makes records of rows of `columns_with_name`.

    *by* is None where there is no id.
    """
    make, at = record_maker(cls), field_names(cls).index("by")

    def read(rows: Iterable[Row]) -> Iterator[R]:
        for row in rows:
            by = None if row[at + 1] is None else make_by(row[at : at + 3])
            yield make((*row[:at], by, *row[at + 3 :]))

    return read
