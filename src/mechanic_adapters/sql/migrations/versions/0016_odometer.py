"""Odometer readings, an append-only log; vehicles of erased customers have no owner.

The odometer of each vehicle becomes its first reading, on the day of the vehicle's last change: it
was read then at the latest.
"""

from functools import partial

import sqlalchemy as sa
from alembic import op

from mechanic_adapters.sql.migrations.operations import in_batches, is_postgres, separately

revision = "0016"
down_revision = "0015"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ROLES = ("customer", "mechanic", "manager")
SOURCES = ("vehicle", "ticket")
TABLE = "odometer_readings"

OWNER = "customer_id BIGINT NOT NULL"
ANY_OWNER = "customer_id BIGINT"

DISOWN = """
UPDATE vehicles
SET customer_id = NULL, plate = NULL, plate_key = NULL, version = version + 1
WHERE id > :after AND id <= :upto
    AND customer_id IN (SELECT id FROM customers WHERE erased_at IS NOT NULL)
"""
FILL = """
INSERT INTO odometer_readings (vehicle_id, value, "on", source, by_id)
SELECT id, odometer, {day}, 'vehicle', 0 FROM vehicles
WHERE id > :after AND id <= :upto AND odometer IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM odometer_readings WHERE vehicle_id = vehicles.id)
ORDER BY id
"""
OWN_AGAIN = """
UPDATE vehicles SET customer_id = (SELECT min(id) FROM customers WHERE erased_at IS NOT NULL)
WHERE customer_id IS NULL
"""


def upgrade() -> None:
    """Create the table and its triggers, and fill it; let vehicles be without an owner."""
    separately(_create)
    separately(partial(_allow, no_owner=True))
    day = (
        "CAST(updated_at AT TIME ZONE 'UTC' AS date)"
        if is_postgres()
        else "substr(updated_at, 1, 10)"
    )
    in_batches("vehicles", "id", 0, DISOWN, FILL.format(day=day))


def downgrade() -> None:
    """Drop the table; vehicles without an owner get an erased customer again."""
    op.execute(OWN_AGAIN)
    _allow(no_owner=False)
    op.drop_table(TABLE)


def _create() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", ID, sa.Identity(), primary_key=True),
        sa.Column("vehicle_id", sa.BigInteger, nullable=False),
        sa.Column("value", sa.Integer, nullable=False),
        sa.Column("on", sa.Date, nullable=False),
        sa.Column("source", _one_of("source", *SOURCES), nullable=False),
        sa.Column("ticket_id", sa.BigInteger),
        sa.Column("by_role", _one_of("by_role", *ROLES)),
        sa.Column("by_id", sa.BigInteger, nullable=False),
        sa.Column("note", sa.Text),
        sa.CheckConstraint("value >= 0", name="value_range"),
        sqlite_autoincrement=True,
        if_not_exists=True,
    )
    index = "ix_odometer_readings_vehicle_id_id"
    op.create_index(index, TABLE, ["vehicle_id", "id"], if_not_exists=True)
    for name, when, sqlite_action in (
        ("is_append_only", "UPDATE OR DELETE", None),
        ("refuses_truncate", "TRUNCATE", None),
        ("refuses_update", "UPDATE", ""),
        ("refuses_delete", "DELETE", ""),
        (
            "refuses_replace",
            "INSERT",
            f"WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE id = NEW.id) ",  # noqa: S608 - our own name
        ),
    ):
        if is_postgres() and sqlite_action is None:
            op.execute(
                f"CREATE OR REPLACE TRIGGER {TABLE}_{name} BEFORE {when} ON {TABLE} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )
        elif not is_postgres() and sqlite_action is not None:
            op.execute(
                f"CREATE TRIGGER {TABLE}_{name} BEFORE {when} ON {TABLE} {sqlite_action}"
                f"BEGIN SELECT RAISE(ABORT, '{TABLE} is only ever added to'); END"
            )


def _allow(*, no_owner: bool) -> None:
    """Allow vehicles without an owner, or forbid them."""
    if is_postgres():
        change = "DROP" if no_owner else "SET"
        op.execute(f"ALTER TABLE vehicles ALTER COLUMN customer_id {change} NOT NULL")
        return
    # SQLite's documented way to change a NOT NULL without a copy of the table, its indexes and
    # triggers: https://www.sqlite.org/lang_altertable.html
    bind = op.get_bind()
    version = bind.exec_driver_sql("PRAGMA schema_version").scalar_one()
    old, new = (OWNER, ANY_OWNER) if no_owner else (ANY_OWNER, OWNER)
    bind.exec_driver_sql("PRAGMA writable_schema = ON")
    bind.exec_driver_sql(
        "UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = 'vehicles'",
        (old, new),
    )
    bind.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    bind.exec_driver_sql("PRAGMA writable_schema = OFF")


def _one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=20)
