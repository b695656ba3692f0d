"""An index of the archived parts, which are listed."""

from alembic import op

from mechanic_adapters.sql.migrations.operations import create_index

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Create the index."""
    create_index("ix_parts_archived", "parts", ["id"], "archived_at IS NOT NULL")


def downgrade() -> None:
    """Drop the index."""
    op.drop_index("ix_parts_archived")
