"""The append-only tables: histories of tickets and the ledger of stock movements."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
ROLES = ("customer", "mechanic", "manager")
EVENTS = (
    *("opened", "changed", "mechanics", "part_added", "part_changed", "part_removed"),
    *("labor_added", "labor_changed", "labor_removed", "transition", "removed"),
)
KINDS = ("receive", "reserve", "release", "consume", "restore", "return", "scrap", "count")
OF_TICKETS = sa.text("ticket_id IS NOT NULL")
TABLES = ("ticket_history", "stock_movements")

REFUSE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME;
END $$
"""


def upgrade() -> None:
    """Create the tables and the triggers that keep them append-only."""
    _create_history()
    _create_movements()
    if op.get_context().dialect.name == "postgresql":
        op.execute(REFUSE)
    for table in TABLES:
        _guard(table)


def downgrade() -> None:
    """Drop the tables, and with them their triggers."""
    for table in TABLES:
        op.drop_table(table)
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change()")


def _create_history() -> None:
    op.create_table(
        "ticket_history",
        sa.Column("id", ID, sa.Identity(), primary_key=True),
        sa.Column("ticket_id", sa.BigInteger, sa.ForeignKey("tickets.id"), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by_role", _one_of("by_role", *ROLES)),
        sa.Column("by_id", sa.BigInteger, nullable=False),
        sa.Column("event", _one_of("event", *EVENTS), nullable=False),
        sa.Column("from_", sa.Text),
        sa.Column("to", sa.Text),
        sa.Column("note", sa.Text),
        sa.Index("ix_ticket_history_ticket_id_id", "ticket_id", "id"),
        sqlite_autoincrement=True,
    )


def _create_movements() -> None:
    op.create_table(
        "stock_movements",
        sa.Column("id", ID, sa.Identity(), primary_key=True),
        sa.Column("part_id", sa.BigInteger, sa.ForeignKey("parts.id"), nullable=False),
        sa.Column("kind", _one_of("kind", *KINDS), nullable=False),
        sa.Column("on_hand_change", sa.BigInteger, nullable=False),
        sa.Column("reserved_change", sa.BigInteger, nullable=False),
        sa.Column("on_hand_after", sa.BigInteger, nullable=False),
        sa.Column("reserved_after", sa.BigInteger, nullable=False),
        sa.Column("ticket_id", sa.BigInteger, sa.ForeignKey("tickets.id")),
        sa.Column("line_id", sa.BigInteger),
        sa.Column("by_role", _one_of("by_role", *ROLES)),
        sa.Column("by_id", sa.BigInteger, nullable=False),
        sa.Column("note", sa.Text),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "reserved_after >= 0 AND reserved_after <= on_hand_after", name="after_range"
        ),
        sa.Index("ix_stock_movements_part_id_id", "part_id", "id"),
        sa.Index(
            "ix_stock_movements_ticket_id",
            "ticket_id",
            postgresql_where=OF_TICKETS,
            sqlite_where=OF_TICKETS,
        ),
        sqlite_autoincrement=True,
    )


def _guard(table: str) -> None:
    """Create triggers that refuse to update or delete a row of *table*."""
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_refuses_{change.lower()} BEFORE {change} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is only ever added to'); END"
        )


def _one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=20)
