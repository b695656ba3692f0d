"""A copy of the vehicle on each ticket, as it was when it was set.

Existing tickets get the vehicle as it is now; a vehicle that has another owner by now is copied
without plate and odometer, which are the new owner's.

The previous release, which may run until a deployment is complete, writes no copies. Triggers do
it for it; a later migration drops them.
"""

import sqlalchemy as sa
from alembic import op

from mechanic_adapters.sql.migrations.operations import in_batches, is_postgres, separately

revision = "0009"
down_revision = "0008"

TEXTS = ("vin", "plate", "make", "model")
NUMBERS = ("year", "odometer")
OF_THE_OWNER = ("plate", "odometer")

FIELDS = (*TEXTS, *NUMBERS)
COPY = ", ".join(f"vehicle_{name}" for name in FIELDS)
VALUES = ", ".join(
    f"CASE WHEN vehicles.customer_id = {{ticket}}.customer_id THEN vehicles.{name} END"
    if name in OF_THE_OWNER
    else f"vehicles.{name}"
    for name in FIELDS
)
NONE = " AND ".join(f"vehicle_{name} IS NULL" for name in FIELDS)
NO_COPY = " AND ".join(f"NEW.vehicle_{name} IS NULL" for name in FIELDS)
COPIED = f"SELECT {VALUES} FROM vehicles WHERE vehicles.id = {{ticket}}.vehicle_id"  # noqa: S608 - our own names
COPY_ALL = f"UPDATE tickets SET ({COPY}) = ({COPIED.format(ticket='tickets')})"  # noqa: S608 - our own names

COPY_SOME = f"{COPY_ALL} WHERE id > :after AND id <= :upto AND vehicle_id IS NOT NULL AND {NONE}"

FUNCTION = f"""
CREATE OR REPLACE FUNCTION copy_vehicle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {COPIED.format(ticket="NEW")} INTO {", ".join(f"NEW.vehicle_{name}" for name in FIELDS)};
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    """Add the columns and the triggers, and copy the vehicles."""
    separately(_add_columns)
    in_batches("tickets", "id", 0, COPY_SOME)


def _add_columns() -> None:
    """Add the columns, and the triggers that fill them in rows that are written from now on."""
    for name in FIELDS:
        kind = sa.Text() if name in TEXTS else sa.Integer()
        op.add_column(
            "tickets", sa.Column(f"vehicle_{name}", kind), if_not_exists=is_postgres() or None
        )
    if is_postgres():
        op.execute(FUNCTION)
        for name, event, condition in _triggers("IS NOT DISTINCT FROM"):
            op.execute(
                f"CREATE OR REPLACE TRIGGER {name} BEFORE {event} ON tickets FOR EACH ROW"
                f" WHEN ({condition}) EXECUTE FUNCTION copy_vehicle()"
            )
        return
    for name, event, condition in _triggers("IS"):
        op.execute(
            f"CREATE TRIGGER {name} AFTER {event} ON tickets FOR EACH ROW WHEN {condition}"
            f" BEGIN {COPY_ALL} WHERE id = NEW.id; END"
        )


def downgrade() -> None:
    """Drop the triggers and the columns."""
    for name, *_ in _triggers("IS"):
        op.execute(f"DROP TRIGGER {name}" + (" ON tickets" if is_postgres() else ""))
    if is_postgres():
        op.execute("DROP FUNCTION copy_vehicle()")
    for name in FIELDS:
        op.drop_column("tickets", f"vehicle_{name}")


def _triggers(same: str) -> list[tuple[str, str, str]]:
    """Return the triggers: name, event, condition; *same* is the operator that compares NULL."""
    same_copy = " AND ".join(f"NEW.vehicle_{name} {same} OLD.vehicle_{name}" for name in FIELDS)
    other_vehicle = f"NOT (NEW.vehicle_id {same} OLD.vehicle_id) AND {same_copy}"
    return [
        ("tickets_copy_vehicle", "INSERT", f"NEW.vehicle_id IS NOT NULL AND {NO_COPY}"),
        ("tickets_copy_other_vehicle", "UPDATE OF vehicle_id", other_vehicle),
    ]
