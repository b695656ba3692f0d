"""PostgreSQL's settings on which it depends whether a committed transaction survives a crash."""

from typing import Any, Final

from sqlalchemy import Connection, Engine, event, text

_WEAK: Final = ("off", "local")
"""Levels of `synchronous_commit` at which an answered commit can be lost: after a crash of the
server, or when a synchronous standby takes over."""

COMMIT_SYNCHRONOUSLY: Final = (
    "SELECT set_config('synchronous_commit', 'on', false)"
    f" WHERE current_setting('synchronous_commit') IN {_WEAK}"
)
"""Makes a connection wait at each commit until all that was committed before is on disk too."""

_CRASH_SAFETY: Final = text(
    "SELECT name FROM pg_settings"
    " WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off' ORDER BY name"
)


def commit_synchronously(engine: Engine) -> None:
    """Make every new connection of *engine* wait until a commit is on disk.

    A level that the server, the database or the role already has is not lowered.
    """
    event.listen(engine, "connect", _strengthen)


def unsafe_settings(connection: Connection) -> tuple[str, ...]:
    """Return the settings that are off although a crash of the machine then damages the data."""
    if connection.dialect.name != "postgresql":
        return ()
    return tuple(connection.execute(_CRASH_SAFETY).scalars())


def _strengthen(connection: Any, _: object) -> None:
    connection.execute(COMMIT_SYNCHRONOUSLY)
    if not connection.autocommit:
        connection.commit()  # or the setting would end with the transaction
