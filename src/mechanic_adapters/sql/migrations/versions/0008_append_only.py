"""Refuse the two ways around the triggers of append-only tables: TRUNCATE, INSERT OR REPLACE.

PostgreSQL fires no DELETE trigger for TRUNCATE, and SQLite none for a row that is replaced.
"""

from alembic import op

revision = "0008"
down_revision = "0007"

TABLES = ("ticket_history", "stock_movements")


def upgrade() -> None:
    """Create the triggers."""
    for table in TABLES:
        if op.get_context().dialect.name == "postgresql":
            op.execute(
                f"CREATE TRIGGER {table}_refuses_truncate BEFORE TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )
        else:
            op.execute(
                f"CREATE TRIGGER {table}_refuses_replace BEFORE INSERT ON {table} "  # noqa: S608 - our own names
                f"WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id) "
                f"BEGIN SELECT RAISE(ABORT, '{table} is only ever added to'); END"
            )


def downgrade() -> None:
    """Drop the triggers."""
    for table in TABLES:
        if op.get_context().dialect.name == "postgresql":
            op.execute(f"DROP TRIGGER {table}_refuses_truncate ON {table}")
        else:
            op.execute(f"DROP TRIGGER {table}_refuses_replace")
