"""Stored answers are compressed from now on; those from before are read as they are."""

import json
import zlib
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

ANSWERS = sa.table(
    "stored_answers", sa.column("key", sa.Text), sa.column("content", sa.LargeBinary)
)


def upgrade() -> None:
    """Do nothing: the new release writes compressed content and reads both."""


def downgrade() -> None:
    """Decompress the answers; delete those that were too large to be stored, or were erased."""
    stored: Any = op.get_bind().execute(sa.select(ANSWERS))
    for key, content in stored.fetchall():
        plain = content if content.startswith(b"{") else zlib.decompress(content)
        if "status" in json.loads(plain):
            change: Any = ANSWERS.update().values(content=plain)
        else:
            change = ANSWERS.delete()
        op.execute(change.where(ANSWERS.c.key == key))
