"""Indexes of what is bounded or swept: unfinished tickets of a customer, expired refresh tokens."""

from alembic import op

from mechanic_adapters.sql.migrations.operations import create_index

revision = "0011"
down_revision = "0010"

UNFINISHED = "removed_at IS NULL AND status IN ('in_progress', 'on_hold', 'open')"


def upgrade() -> None:
    """Create the indexes."""
    create_index("ix_tickets_unfinished", "tickets", ["customer_id", "id"], UNFINISHED)
    create_index("ix_refresh_tokens_expires_at", "refresh_tokens", ["expires_at"])


def downgrade() -> None:
    """Drop the indexes."""
    op.drop_index("ix_refresh_tokens_expires_at")
    op.drop_index("ix_tickets_unfinished")
