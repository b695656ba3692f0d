"""Mechanics whose rows are locked against writes of others, also within another SELECT."""

from typing import Final

from sqlalchemy import ColumnElement, ScalarSelect, select

from mechanic_adapters.sql.engine.row_mapping import field_columns, json_reader, moment_from_text
from mechanic_adapters.sql.engine.sql_functions import id_in, json_group
from mechanic_adapters.sql.schema.mechanics import mechanics
from mechanic_core.access import Role
from mechanic_core.mechanics.mechanic import Mechanic

LOCK_SHARED = (
    select(*field_columns(mechanics, Mechanic))
    .where(id_in(mechanics.c.id, "ids"))
    .order_by(mechanics.c.id)
    .with_for_update(read=True)
)
"""The mechanics in the parameter *ids*, with a shared lock on their rows."""

read_mechanics: Final = json_reader(
    Mechanic, {"role": Role, "active": bool, "updated_at": moment_from_text}
)


def lock_shared_after(row_id: ColumnElement[int]) -> ScalarSelect[str]:
    """Return `LOCK_SHARED` as JSON for `read_mechanics`.

    No mechanic is locked before the row whose column is *row_id* has been selected.
    """
    rows = LOCK_SHARED.where(row_id.is_not(None)).correlate(row_id.table).subquery("locked_staff")
    return select(json_group(*rows.c)).scalar_subquery()
