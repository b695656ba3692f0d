"""What a restore does not take from the backup: sessions, and the epoch of the data.

The backup's sessions would come back to life, also those that were revoked after it was made. A new
epoch tells running processes that what they remember is of other data.
"""

import secrets
from typing import Final

from mechanic_adapters.sql.schema.accounts import (
    epochs,
    refresh_tokens,
    session_revocations,
    sessions,
)

SESSION_TABLES: Final = (refresh_tokens.name, session_revocations.name, sessions.name)
"""The tables that are empty after a restore."""

TABLE: Final = epochs.name
"""The table with the epoch; older backups have none."""


def new_value() -> str:
    """Return the value of a new epoch."""
    return secrets.token_hex(16)
