"""PostgreSQL's settings on which it depends whether a committed transaction survives a crash."""

from typing import Final

from sqlalchemy import Connection, text

WEAK: Final = ("off", "local")
"""Levels of `synchronous_commit` at which an answered commit can be lost: after a crash of the
server, or when a synchronous standby takes over."""

COMMIT_SYNCHRONOUSLY: Final = (
    "SELECT set_config('synchronous_commit', 'on', true)"
    f" WHERE current_setting('synchronous_commit') IN {WEAK}"
)
"""Makes a transaction wait at its commit until all that was committed before is on disk too.

A level that the server, the database or the role already has is not lowered.
"""

MAKE_SESSION_SYNCHRONOUS: Final = "SET synchronous_commit = 'on'"
"""Makes all transactions of a session do so: only for sessions that no pooler shares."""

_CRASH_SAFETY: Final = text(
    "SELECT name FROM pg_settings"
    " WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off' ORDER BY name"
)


def unsafe_settings(connection: Connection) -> tuple[str, ...]:
    """Return the settings that are off although a crash of the machine then damages the data."""
    if connection.dialect.name != "postgresql":
        return ()
    return tuple(connection.execute(_CRASH_SAFETY).scalars())
