"""What the database's refusals mean to the shop."""

import re
from collections.abc import Mapping
from typing import Final

from mechanic_adapters.sql.schema.tables import METADATA, unique_rules
from mechanic_core.customers.customer import EmailTaken
from mechanic_core.errors import LostRace, Refused, Unavailable
from mechanic_core.inventory.part import SkuTaken
from mechanic_core.vehicles.vehicle import VinTaken

MEANINGS: Final[Mapping[str, type[Refused]]] = {
    "uq_customers_email_key": EmailTaken,
    "uq_mechanics_email_key": EmailTaken,
    "uq_vehicles_vin_key": VinTaken,
    "ix_parts_sku": SkuTaken,
    "fk_tickets_vehicle_id_vehicles": LostRace,
}
"""What it means that a constraint is broken; any other is a mistake in the program.

A ticket and the removal of its vehicle can only cross when both were asked for at once: whoever
comes second looks again.
"""

LOST_STATES: Final = frozenset({"40001", "40P01", "55P03"})
"""Serialization failure, deadlock, lock timeout."""

AWAY_STATES: Final = re.compile(r"08|53|57|58|25006|25P0[34]")
"""Connection lost, resources used up, cancelled or shut down, input/output, read-only, idle."""

LOST_NAMES: Final = re.compile(r"SQLITE_(BUSY|LOCKED)")
AWAY_NAMES: Final = re.compile(r"SQLITE_(FULL|IOERR|READONLY|CANTOPEN|NOMEM|NOTADB|CORRUPT)")


_NAMES: Final = {
    ", ".join(f"{table.name}.{column}" for column in columns): name
    for table in METADATA.tables.values()
    for name, columns in unique_rules(table).items()
}
"""The names of what is unique by the columns with which SQLite tells of it."""


def refusal_of(error: Exception) -> Refused | None:
    """Return what a driver's *error* means, or None for a mistake in the program."""
    state = getattr(error, "sqlstate", None)
    if state is not None:
        return _of_state(error, state)
    name = getattr(error, "sqlite_errorname", None)
    if name is not None:
        return _of_name(error, name)
    # Without a code it did not come from the database: the driver could not reach it.
    families = {family.__name__ for family in type(error).__mro__}
    return Unavailable() if "OperationalError" in families else None


def _of_state(error: Exception, state: str) -> Refused | None:
    if state in LOST_STATES:
        return LostRace()
    if AWAY_STATES.match(state):
        return Unavailable()
    diagnosis = getattr(error, "diag", None)
    return _meaning(getattr(diagnosis, "constraint_name", None))


def _of_name(error: Exception, name: str) -> Refused | None:
    if LOST_NAMES.match(name):
        return LostRace()
    if AWAY_NAMES.match(name):
        return Unavailable()
    _, _, columns = str(error).partition("constraint failed: ")
    return _meaning(_NAMES.get(columns))


def _meaning(constraint: str | None) -> Refused | None:
    refusal = MEANINGS.get(constraint or "")
    return refusal() if refusal else None
