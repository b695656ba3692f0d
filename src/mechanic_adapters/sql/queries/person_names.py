"""Who did it, where rows tell of it by role and id."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, case, select

from mechanic_adapters.sql.engine.rows import maker
from mechanic_adapters.sql.schema.customers import customers
from mechanic_adapters.sql.schema.mechanics import mechanics
from mechanic_core.access import By, Role

make_by = maker(By)


def name_of(by_role: ColumnElement[Any], by_id: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the name that the person has now, if one is left."""
    customer = select(customers.c.name).where(
        customers.c.id == by_id, customers.c.erased_at.is_(None)
    )
    mechanic = select(mechanics.c.name).where(mechanics.c.id == by_id)
    return case(
        (by_role == Role.CUSTOMER, customer.scalar_subquery()),
        (by_role.is_not(None), mechanic.scalar_subquery()),
    )


def by_columns(person: By) -> Mapping[str, Any]:
    """Return the columns that tell of a person."""
    return {"by_role": person.role, "by_id": person.id}
