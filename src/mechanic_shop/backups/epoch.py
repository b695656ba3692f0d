"""What a restore does not take from the backup: sessions, events, and the epoch of the data.

The backup's sessions would come back to life, also those that were revoked after it was made. A new
epoch makes running processes forget what they remember of the former data. A mirror has applied
events that the backup does not have: it must start again, so no event is left to go on from.
"""

import secrets
from typing import Final

from mechanic_adapters.sql.schema.accounts import (
    epochs,
    refresh_tokens,
    session_revocations,
    sessions,
)
from mechanic_adapters.sql.schema.events import event_positions, events

POSITION_TABLE: Final = event_positions.name

SKIPPED_POSITIONS: Final = 1_000_000
"""How far positions are raised above those of the backup and of the replaced database.

Of a lost database nobody knows the last one; a million events after the backup are safe to assume.
"""

EMPTIED: Final = (refresh_tokens.name, session_revocations.name, sessions.name, events.name)
"""The tables that are empty after a restore."""

TABLE: Final = epochs.name
"""The table with the epoch; older backups have none."""


def new_value() -> str:
    """Return the value of a new epoch."""
    return secrets.token_hex(16)
