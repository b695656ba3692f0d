"""The settings that a session really has: a pooler swallows those that it was started with.

A pooler in transaction mode shares the sessions of the server: each transaction may run in another
one. What is set for a session would be left behind in one that others use.
"""

from typing import Any, Final, final

from attrs import frozen
from sqlalchemy import URL, Engine, event

from mechanic_adapters.sql.engine.postgres.durability import MAKE_SESSION_SYNCHRONOUS, WEAK
from mechanic_adapters.sql.engine.postgres.server_places import places
from mechanic_core.errors import Unavailable

MARK: Final = "mechanic_shop.session"
"""A setting that only the options of the connection give: it is missing behind a pooler."""

TIMEOUTS: Final = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")

SESSION: Final = "session"
"""Where SQLAlchemy stores the `SessionSettings` with a connection."""

_FOUND: Final = f"""
    SELECT current_setting('{MARK}', true) IS NULL, current_setting('TimeZone'),
        current_schemas(false), current_setting('synchronous_commit'),
        pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean,
        array(SELECT name::text FROM pg_settings WHERE name = ANY (%s) AND setting = '0')
"""  # noqa: S608 - our own name
_READ_ONLY: Final = "SET default_transaction_read_only = on"
"""Makes each statement for itself read-only: only for sessions that no pooler shares."""

_UTC: Final = frozenset({"UTC", "Etc/UTC", "GMT"})
_FOR_THE_ROLE: Final = "a pooler swallows the options of a session, so set it for the role"


@final
class SessionUnfit(Unavailable):
    """The sessions of the database are not as the shop needs them.

    Attributes:
        reason: What is wrong with them, for the operator.
    """

    def __init__(self, reason: str = "") -> None:
        """Say nothing of the *reason* to clients."""
        super().__init__()
        self.reason = reason


@final
@frozen
class SessionSettings:
    """The settings of a session.

    Attributes:
        is_shared: Whether a pooler shares it between clients.
        is_read_only: Whether the server lets no transaction write; not known of shared sessions.
        is_lazy: Whether commits answer before they are on disk, unless a transaction says otherwise.
        unlimited: The time-outs that are not in force.
    """

    is_shared: bool = False
    is_read_only: bool = False
    is_lazy: bool = False
    unlimited: tuple[str, ...] = ()


OWN_SESSION: Final = SessionSettings()


def verify_sessions(engine: Engine, url: URL, schema: str | None) -> None:
    """Make every new connection of *engine* look at its settings, and read by default.

    Its transactions write, unless that is not the server's own default.
    It raises `SessionUnfit` if the time zone is not UTC, or *schema* is not the one in use.
    """

    def verify(connection: Any, record: Any) -> None:
        row = connection.execute(_FOUND, ([*TIMEOUTS],), prepare=False).fetchone()
        is_shared, time_zone, schemas, commits, is_read_only, unlimited = row
        where = ", ".join(places(url))
        if time_zone not in _UTC:
            raise SessionUnfit(
                f"the sessions of the database at {where} have the time zone {time_zone}: "
                f"{_FOR_THE_ROLE}: ALTER ROLE … SET timezone = 'UTC'"
            )
        if is_shared and schema and schemas[:1] != [schema]:
            raise SessionUnfit(
                f"the sessions of the database at {where} do not use the schema {schema}: "
                f"{_FOR_THE_ROLE}: ALTER ROLE … SET search_path = {schema}"
            )
        is_lazy = commits in WEAK
        if is_lazy and not is_shared:
            connection.execute(MAKE_SESSION_SYNCHRONOUS, prepare=False)
        if not is_shared:
            connection.execute(_READ_ONLY, prepare=False)
        connection.read_only = None if is_shared or is_read_only else False
        record.info[SESSION] = SessionSettings(
            is_shared,
            is_read_only=is_read_only and not is_shared,
            is_lazy=is_lazy and is_shared,
            unlimited=tuple(unlimited),
        )

    event.listen(engine, "connect", verify)
