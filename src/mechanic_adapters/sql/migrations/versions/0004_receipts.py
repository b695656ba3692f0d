"""Stored answers to requests with an Idempotency-Key."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

KEY = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "receipts",
        sa.Column("key", KEY, primary_key=True),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("status", sa.SmallInteger, nullable=False),
        sa.Column("headers", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary),
        sa.Column("at", MOMENT, nullable=False),
    )
    op.create_index("ix_receipts_at", "receipts", ["at"])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("receipts")
