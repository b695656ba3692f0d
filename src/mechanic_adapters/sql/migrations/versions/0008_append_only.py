"""Refuse the two ways around the triggers of append-only tables: TRUNCATE, INSERT OR REPLACE.

PostgreSQL fires no DELETE trigger for TRUNCATE, and SQLite none for a row that is replaced.
"""

from functools import partial

from alembic import op

from mechanic_adapters.sql.migrations.operations import is_postgres, separately

revision = "0008"
down_revision = "0007"

TABLES = ("ticket_history", "stock_movements")


def upgrade() -> None:
    """Create the triggers, with the lock of one table at a time."""
    for table in TABLES:
        separately(partial(_guard, table))


def _guard(table: str) -> None:
    if is_postgres():
        op.execute(
            f"CREATE OR REPLACE TRIGGER {table}_refuses_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    op.execute(
        f"CREATE TRIGGER {table}_refuses_replace BEFORE INSERT ON {table} "  # noqa: S608 - our own names
        f"WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id) "
        f"BEGIN SELECT RAISE(ABORT, '{table} is only ever added to'); END"
    )


def downgrade() -> None:
    """Drop the triggers."""
    for table in TABLES:
        if is_postgres():
            op.execute(f"DROP TRIGGER {table}_refuses_truncate ON {table}")
        else:
            op.execute(f"DROP TRIGGER {table}_refuses_replace")
