"""Mails that are to be sent."""

import sqlalchemy as sa
from alembic import op

from mechanic_adapters.sql.migrations.operations import is_postgres, separately

revision = "0021"
down_revision = "0020"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    """Create the table, which refers to no other."""
    separately(_create_table)


def _create_table() -> None:
    op.create_table(
        "outgoing_mails",
        sa.Column("id", ID, sa.Identity(), primary_key=True),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("email_key", KEY, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("attempts", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
        if_not_exists=is_postgres() or None,
    )
    for name in ("email_key", "expires_at"):
        op.create_index(f"ix_outgoing_mails_{name}", "outgoing_mails", [name], if_not_exists=True)
    op.create_index(
        "ix_outgoing_mails_due_at",
        "outgoing_mails",
        ["due_at"],
        postgresql_where=sa.text("due_at IS NOT NULL"),
        sqlite_where=sa.text("due_at IS NOT NULL"),
        if_not_exists=True,
    )


def downgrade() -> None:
    """Drop the table: mails that were not sent yet are lost, and can be asked for again."""
    op.drop_table("outgoing_mails")
