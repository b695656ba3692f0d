"""Engines: how each database is reached, so that nothing hangs and a read is one statement."""

import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import URL, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from mechanic_adapters.sql.engine.sqlite_locking import write_ahead

_BIGINT: Final = 20
"""What PostgreSQL calls the type."""

_AS_TEXT: Final = 0
"""The driver's format."""

CONNECT_S: Final = 2
"""How long it takes to learn that the server is away."""

LOCK_MS: Final = 2_000
"""How long a transaction waits for another before it counts as lost."""

STATEMENT_MS: Final = 15_000
"""How long a statement may run: holding a large ledger against its balances takes seconds."""

STALLED_MS: Final = 30_000
"""How long an open transaction may do nothing before its locks are taken away."""

TURN_S: Final = 5
"""How long a thread waits for a connection to be free."""


def located(url: str) -> URL:
    """Return the address of a database, with the driver that speaks to it.

    Raises `ValueError` for anything but PostgreSQL and SQLite in a file.
    """
    try:
        place = make_url(url.replace("postgres://", "postgresql://", 1))
    except ArgumentError as error:
        raise ValueError("the database must be a URL") from error
    if place.drivername in {"postgresql", "postgresql+psycopg"}:
        if not place.database:
            raise ValueError("the URL must name a database, as in postgresql://host/name")
        return place.set(drivername="postgresql+psycopg")
    if place.drivername not in {"sqlite", "sqlite+pysqlite"}:
        raise ValueError("the database must be postgresql://… or sqlite:///…")
    if place.host or place.database in {None, "", ":memory:"}:
        raise ValueError("SQLite needs a file, as in sqlite:///shop.db")
    return place.set(drivername="sqlite+pysqlite")


def reading_engine(place: URL) -> Engine:
    """Return an engine whose connections run statement by statement and never write."""
    if place.get_backend_name() == "sqlite":
        return _sqlite(place, _reader)
    return _postgres(place, "AUTOCOMMIT", default_transaction_read_only="on")


def writing_engine(place: URL) -> Engine:
    """Return an engine for transactions."""
    if place.get_backend_name() == "sqlite":
        return _sqlite(place, _writer)
    return _postgres(place, "READ COMMITTED", idle_in_transaction_session_timeout=str(STALLED_MS))


def writers_of(place: URL, most: int) -> int:
    """Return how many may write at once, where *most* are wished for.

    SQLite lets one write at a time. With a single connection threads take turns, where the
    lock of the file would have them try again and again.
    """
    return 1 if place.get_backend_name() == "sqlite" else most


def _postgres(place: URL, isolation: Any, **settings: str) -> Engine:
    settings |= {
        "lock_timeout": str(LOCK_MS),
        "statement_timeout": str(STATEMENT_MS),
        "timezone": "UTC",
    }
    chosen = [str(place.query.get("options", ""))]
    engine = create_engine(
        place,
        isolation_level=isolation,
        poolclass=NullPool,
        use_native_hstore=False,
        connect_args={
            "application_name": "mechanic-shop",
            "connect_timeout": CONNECT_S,
            "keepalives_count": 2,
            "keepalives_idle": 10,
            "keepalives_interval": CONNECT_S,
            "options": " ".join(chosen + [f"-c {name}={to}" for name, to in settings.items()]),
            "prepare_threshold": 1,
            "tcp_user_timeout": 1000 * CONNECT_S,
        },
    )
    event.listen(engine, "connect", _send_numbers_alike)
    return engine


def _send_numbers_alike(connection: Any, _: object) -> None:
    """Have every whole number sent as one of eight bytes.

    The driver would choose a type by the number's size, and the server have a statement
    prepared, and planned, for every mixture of them.
    """
    adapters = connection.adapters
    adapters.register_dumper(int, adapters.get_dumper_by_oid(_BIGINT, _AS_TEXT))


def _sqlite(place: URL, opened: Callable[[str], sqlite3.Connection]) -> Engine:
    return create_engine(
        place,
        creator=partial(opened, str(place.database)),
        isolation_level="AUTOCOMMIT",  # the driver opens no transactions by itself: we do
        paramstyle="named",
        poolclass=NullPool,
    )


def _reader(path: str) -> sqlite3.Connection:
    connection = _open_file(path)
    connection.execute("PRAGMA query_only=ON")
    return connection


def _writer(path: str) -> sqlite3.Connection:
    connection = _open_file(path)
    write_ahead(connection, LOCK_MS / 1000)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    return connection


def _open_file(path: str) -> sqlite3.Connection:
    """Open a database that is there: a lost file must not come back as an empty shop."""
    return sqlite3.connect(
        f"file:{quote(path)}?mode=rw",
        timeout=LOCK_MS / 1000,
        cached_statements=256,
        check_same_thread=False,
        uri=True,
    )
