"""Parts, tickets with their lines, and the counters of the leaderboard."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
STATUSES = ("open", "in_progress", "on_hold", "completed", "closed", "cancelled")
PRESENT = sa.text("removed_at IS NULL")
ON_SALE = sa.text("archived_at IS NULL")
LOW = sa.text("archived_at IS NULL AND quantity - reserved <= reorder_point")


def upgrade() -> None:
    """Create the tables."""
    _create_parts()
    _create_tickets()
    _create_part_lines()
    _create_labor_lines()
    _create_tallies()


def downgrade() -> None:
    """Drop the tables."""
    for table in ("mechanic_tallies", "ticket_labor", "ticket_parts", "ticket_mechanics"):
        op.drop_table(table)
    op.drop_table("tickets")
    op.drop_table("parts")


def _create_parts() -> None:
    op.create_table(
        "parts",
        sa.Column("id", ID, sa.Identity(), primary_key=True),
        sa.Column("sku", KEY, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("description", sa.Text),
        sa.Column("price", sa.BigInteger, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("quantity", sa.BigInteger, nullable=False),
        sa.Column("reserved", sa.BigInteger, nullable=False),
        sa.Column("reorder_point", sa.BigInteger, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("archived_at", MOMENT),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("name_key", KEY, nullable=False, index=True),
        sa.Column("sku_key", KEY, nullable=False, index=True),
        sa.CheckConstraint("price >= 0", name="price_range"),
        sa.CheckConstraint("reorder_point >= 0", name="reorder_point_range"),
        sa.CheckConstraint("reserved >= 0 AND reserved <= quantity", name="reserved_range"),
        sa.Index("ix_parts_low_stock", "id", postgresql_where=LOW, sqlite_where=LOW),
        sa.Index(
            "ix_parts_sku", "sku", unique=True, postgresql_where=ON_SALE, sqlite_where=ON_SALE
        ),
        sqlite_autoincrement=True,
    )


def _create_tickets() -> None:
    op.create_table(
        "tickets",
        sa.Column("id", ID, sa.Identity(), primary_key=True),
        sa.Column("customer_id", sa.BigInteger, sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("vehicle_id", sa.BigInteger, sa.ForeignKey("vehicles.id")),
        sa.Column("service_date", sa.Date, nullable=False),
        sa.Column("service_month", sa.Date, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("status", _one_of("status", *STATUSES), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("removed_at", MOMENT),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Index("ix_tickets_customer_id_id", "customer_id", "id"),
        sa.Index("ix_tickets_vehicle_id_id", "vehicle_id", "id"),
        sa.Index("ix_tickets_status_id", "status", "id"),
        *(_index_of_present(day) for day in ("service_date", "service_month")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "ticket_mechanics",
        sa.Column("ticket_id", sa.BigInteger, sa.ForeignKey("tickets.id"), primary_key=True),
        sa.Column("mechanic_id", sa.BigInteger, sa.ForeignKey("mechanics.id"), primary_key=True),
        sa.Index("ix_ticket_mechanics_mechanic_id_ticket_id", "mechanic_id", "ticket_id"),
    )


def _create_part_lines() -> None:
    op.create_table(
        "ticket_parts",
        sa.Column("id", ID, sa.Identity(), primary_key=True),
        sa.Column(
            "ticket_id", sa.BigInteger, sa.ForeignKey("tickets.id"), nullable=False, index=True
        ),
        sa.Column("part_id", sa.BigInteger, sa.ForeignKey("parts.id"), nullable=False, index=True),
        sa.Column("sku", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("quantity", sa.BigInteger, nullable=False),
        sa.Column("unit_price", sa.BigInteger, nullable=False),
        sa.CheckConstraint("quantity > 0", name="quantity_range"),
        sa.CheckConstraint("unit_price >= 0", name="unit_price_range"),
        sqlite_autoincrement=True,
    )


def _create_labor_lines() -> None:
    op.create_table(
        "ticket_labor",
        sa.Column("id", ID, sa.Identity(), primary_key=True),
        sa.Column(
            "ticket_id", sa.BigInteger, sa.ForeignKey("tickets.id"), nullable=False, index=True
        ),
        sa.Column("mechanic_id", sa.BigInteger, sa.ForeignKey("mechanics.id"), index=True),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("hours", sa.BigInteger, nullable=False),
        sa.Column("rate", sa.BigInteger, nullable=False),
        sa.CheckConstraint("hours > 0", name="hours_range"),
        sa.CheckConstraint("rate >= 0", name="rate_range"),
        sqlite_autoincrement=True,
    )


def _create_tallies() -> None:
    op.create_table(
        "mechanic_tallies",
        sa.Column("span", _one_of("span", "ever", "month", "day"), primary_key=True),
        sa.Column("start", sa.Date, primary_key=True),
        sa.Column(
            "mechanic_id",
            sa.BigInteger,
            sa.ForeignKey("mechanics.id"),
            primary_key=True,
            index=True,
        ),
        sa.Column("tickets", sa.BigInteger, nullable=False),
    )


def _index_of_present(day: str) -> sa.Index:
    name = f"ix_tickets_{day}_id"
    return sa.Index(name, day, "id", postgresql_where=PRESENT, sqlite_where=PRESENT)


def _one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=20)
