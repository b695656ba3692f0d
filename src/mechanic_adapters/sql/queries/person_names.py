"""The name of an actor that a row stores by role and id."""

from typing import Any

from sqlalchemy import ColumnElement, case, select

from mechanic_adapters.sql.engine.row_mapping import record_maker
from mechanic_adapters.sql.schema.customers import customers
from mechanic_adapters.sql.schema.mechanics import mechanics
from mechanic_core.access import By, Role

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
