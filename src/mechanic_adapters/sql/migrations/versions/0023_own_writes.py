"""When a session last wrote, for processes that read from a replica."""

import sqlalchemy as sa
from alembic import op

from mechanic_adapters.sql.migrations.operations import is_postgres, separately

revision = "0023"
down_revision = "0022"

MOMENT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    """Add the column, which is empty for sessions that have not written since."""
    separately(_add_column)


def _add_column() -> None:
    column = sa.Column("wrote_at", MOMENT)
    op.add_column("sessions", column, if_not_exists=is_postgres() or None)


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("sessions", "wrote_at")
