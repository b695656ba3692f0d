"""Customers, vehicles, mechanics, accounts and sessions."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
ROLES = ("customer", "mechanic", "manager")
ONE_HOLDER = "(customer_id IS NULL) <> (mechanic_id IS NULL)"


def upgrade() -> None:
    """Create the tables."""
    _create_customers()
    _create_vehicles()
    _create_mechanics()
    _create_accounts()
    _create_sessions()


def downgrade() -> None:
    """Drop the tables."""
    for table in ("refresh_tokens", "sessions", "accounts", "mechanics", "vehicles", "customers"):
        op.drop_table(table)


def _create_customers() -> None:
    op.create_table(
        "customers",
        sa.Column("id", ID, sa.Identity(), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("phone", KEY, index=True),
        sa.Column("address", sa.Text),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("erased_at", MOMENT),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("name_key", KEY, index=True),
        sa.Column("email_key", KEY),
        sa.UniqueConstraint("email_key"),
        sqlite_autoincrement=True,
    )


def _create_vehicles() -> None:
    op.create_table(
        "vehicles",
        sa.Column("id", ID, sa.Identity(), primary_key=True),
        sa.Column("customer_id", sa.BigInteger, sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("vin", sa.Text),
        sa.Column("plate", sa.Text),
        sa.Column("make", sa.Text),
        sa.Column("model", sa.Text),
        sa.Column("year", sa.Integer),
        sa.Column("odometer", sa.Integer),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("vin_key", KEY),
        sa.Column("plate_key", KEY),
        sa.UniqueConstraint("vin_key"),
        sa.CheckConstraint("odometer >= 0", name="odometer_range"),
        sa.Index("ix_vehicles_customer_id_id", "customer_id", "id"),
        sa.Index("ix_vehicles_plate_key_id", "plate_key", "id"),
        sqlite_autoincrement=True,
    )


def _create_mechanics() -> None:
    op.create_table(
        "mechanics",
        sa.Column("id", ID, sa.Identity(), primary_key=True),
        sa.Column("name", KEY, nullable=False),
        sa.Column("specialty", sa.Text),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("phone", sa.Text),
        sa.Column("salary", sa.BigInteger),
        sa.Column("role", _one_of("role", *ROLES), nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("email_key", KEY, nullable=False),
        sa.UniqueConstraint("email_key"),
        sa.CheckConstraint("salary >= 0", name="salary_range"),
        sa.CheckConstraint("role <> 'customer'", name="no_customer"),
        sqlite_autoincrement=True,
    )


def _create_accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", ID, sa.Identity(), primary_key=True),
        sa.Column("customer_id", sa.BigInteger, sa.ForeignKey("customers.id")),
        sa.Column("mechanic_id", sa.BigInteger, sa.ForeignKey("mechanics.id")),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.UniqueConstraint("customer_id"),
        sa.UniqueConstraint("mechanic_id"),
        sa.CheckConstraint(ONE_HOLDER, name="one_holder"),
        sqlite_autoincrement=True,
    )


def _create_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("role", _one_of("role", *ROLES), nullable=False),
        sa.Column("customer_id", sa.BigInteger, sa.ForeignKey("customers.id"), index=True),
        sa.Column("mechanic_id", sa.BigInteger, sa.ForeignKey("mechanics.id"), index=True),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("revoked_at", MOMENT),
        sa.CheckConstraint(ONE_HOLDER, name="one_holder"),
        sa.Index(
            "ix_sessions_revoked_at",
            "revoked_at",
            postgresql_where=sa.text("revoked_at IS NOT NULL"),
            sqlite_where=sa.text("revoked_at IS NOT NULL"),
        ),
    )
    op.create_table(
        "refresh_tokens",
        sa.Column("digest", KEY, primary_key=True),
        sa.Column(
            "session_id",
            KEY,
            sa.ForeignKey("sessions.id", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT),
    )


def _one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=20)
