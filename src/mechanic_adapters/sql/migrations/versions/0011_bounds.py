"""Indexes of what is bounded or swept: unfinished tickets of a customer, expired refresh tokens."""

from alembic import op

revision = "0011"
down_revision = "0010"

UNFINISHED = "removed_at IS NULL AND status IN ('in_progress', 'on_hold', 'open')"


def upgrade() -> None:
    """Create the indexes."""
    op.execute(
        f"CREATE INDEX ix_tickets_unfinished ON tickets (customer_id, id) WHERE {UNFINISHED}"
    )
    op.create_index("ix_refresh_tokens_expires_at", "refresh_tokens", ["expires_at"])


def downgrade() -> None:
    """Drop the indexes."""
    op.drop_index("ix_refresh_tokens_expires_at")
    op.drop_index("ix_tickets_unfinished")
