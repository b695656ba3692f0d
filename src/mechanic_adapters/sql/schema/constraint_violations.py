"""What the violation of each constraint means, read off the schema for the engine."""

from mechanic_adapters.sql.schema.metadata import METADATA, unique_constraints
from mechanic_core.errors import Refused


def refusals_by_constraint() -> dict[str, type[Refused]]:
    """Return the refusal for each constraint that declares one as ``info["refusal"]``.

    A constraint is listed under its name, as PostgreSQL reports it, and a unique one also under
    its columns (``customers.email_key``), as SQLite does.
    """
    refusals = {}
    for table in METADATA.tables.values():
        for key in table.foreign_keys:
            if key.constraint is not None and (refusal := key.info.get("refusal")):
                refusals[str(key.constraint.name)] = refusal
        for unique in unique_constraints(table):
            if refusal := unique.info.get("refusal"):
                columns = ", ".join(f"{table.name}.{column.name}" for column in unique.columns)
                refusals[str(unique.name)] = refusals[columns] = refusal
    return refusals
