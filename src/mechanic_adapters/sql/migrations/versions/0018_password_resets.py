"""Links with which people choose a password."""

from functools import partial

import sqlalchemy as sa
from alembic import op

from mechanic_adapters.sql.migrations.operations import is_postgres, separately

revision = "0018"
down_revision = "0017"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


REFER_TO_MECHANICS = """
ALTER TABLE password_resets
DROP CONSTRAINT IF EXISTS fk_password_resets_mechanic_id_mechanics,
ADD CONSTRAINT fk_password_resets_mechanic_id_mechanics
FOREIGN KEY (mechanic_id) REFERENCES mechanics (id) NOT VALID
"""
VALIDATE = """
ALTER TABLE password_resets VALIDATE CONSTRAINT fk_password_resets_mechanic_id_mechanics
"""


def upgrade() -> None:
    """Create the table; each of its references locks another one, so that comes by itself."""
    separately(_create_table)
    if is_postgres():
        separately(partial(op.execute, REFER_TO_MECHANICS))
        separately(partial(op.execute, VALIDATE))


def _create_table() -> None:
    mechanic = () if is_postgres() else (sa.ForeignKey("mechanics.id"),)
    op.create_table(
        "password_resets",
        sa.Column("id", ID, sa.Identity(), primary_key=True),
        sa.Column("customer_id", sa.BigInteger, sa.ForeignKey("customers.id")),
        sa.Column("mechanic_id", sa.BigInteger, *mechanic),
        sa.Column("nonce", sa.Text, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.UniqueConstraint("customer_id"),
        sa.UniqueConstraint("mechanic_id"),
        sa.CheckConstraint("(customer_id IS NULL) <> (mechanic_id IS NULL)", name="one_holder"),
        sqlite_autoincrement=True,
        if_not_exists=is_postgres() or None,
    )
    op.create_index(
        "ix_password_resets_expires_at", "password_resets", ["expires_at"], if_not_exists=True
    )


def downgrade() -> None:
    """Drop the table: links that were not used yet are good no longer."""
    op.drop_table("password_resets")
