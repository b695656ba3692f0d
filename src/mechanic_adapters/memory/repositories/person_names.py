"""The present names of people in histories and the ledger."""

from attrs import evolve

from mechanic_adapters.memory.repositories.customers import CUSTOMERS
from mechanic_adapters.memory.repositories.mechanics import MECHANICS
from mechanic_adapters.memory.tables import Tables
from mechanic_core.access import By, Role


def with_name(tables: Tables, by: By) -> By:
    """Return *by* with the person's present name, or None if it was erased."""
    if by.role is None:
        return evolve(by, name=None)
    if by.role is Role.CUSTOMER:
        customer = tables[CUSTOMERS].get(by.id)
        return evolve(by, name=customer.name if customer and not customer.erased_at else None)
    mechanic = tables[MECHANICS].get(by.id)
    return evolve(by, name=mechanic.name if mechanic else None)
