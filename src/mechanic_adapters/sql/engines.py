"""Engines: how each database is reached, so that nothing hangs and a read is one statement."""

import sqlite3
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import URL, Engine, QueuePool, create_engine, make_url

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
    place = make_url(url.replace("postgres://", "postgresql://", 1))
    if place.drivername in {"postgresql", "postgresql+psycopg"}:
        return place.set(drivername="postgresql+psycopg")
    if place.drivername not in {"sqlite", "sqlite+pysqlite"}:
        raise ValueError("the database must be postgresql://… or sqlite:///…")
    if place.database in {None, "", ":memory:"}:
        raise ValueError("SQLite needs a file, as in sqlite:///shop.db")
    return place.set(drivername="sqlite+pysqlite")


def reading_engine(place: URL, pool_size: int) -> Engine:
    """Return an engine whose connections run statement by statement and never write."""
    if place.get_backend_name() == "sqlite":
        return _sqlite(place, pool_size, "PRAGMA query_only=ON")
    return _postgres(place, pool_size, "AUTOCOMMIT", default_transaction_read_only="on")


def writing_engine(place: URL, pool_size: int) -> Engine:
    """Return an engine for transactions.

    SQLite lets one write at a time. With a single connection threads take turns, where the
    lock of the file would have them try again and again.
    """
    if place.get_backend_name() == "sqlite":
        return _sqlite(
            place,
            1,
            "PRAGMA journal_mode=WAL",
            "PRAGMA synchronous=FULL",
            "PRAGMA foreign_keys=ON",
        )
    return _postgres(
        place, pool_size, "READ COMMITTED", idle_in_transaction_session_timeout=str(STALLED_MS)
    )


def _postgres(place: URL, pool_size: int, isolation: Any, **settings: str) -> Engine:
    settings |= {
        "lock_timeout": str(LOCK_MS),
        "statement_timeout": str(STATEMENT_MS),
        "timezone": "UTC",
    }
    chosen = [str(place.query.get("options", ""))]
    return create_engine(
        place,
        isolation_level=isolation,
        max_overflow=0,
        pool_reset_on_return=None,
        pool_size=pool_size,
        pool_timeout=TURN_S,
        pool_use_lifo=True,  # few connections stay warm, and their statements prepared
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


def _sqlite(place: URL, pool_size: int, *pragmas: str) -> Engine:
    return create_engine(
        place,
        creator=partial(_open_file, str(place.database), pragmas),
        isolation_level="AUTOCOMMIT",  # the driver opens no transactions by itself: we do
        max_overflow=0,
        paramstyle="named",
        pool_reset_on_return=None,
        pool_size=pool_size,
        pool_timeout=TURN_S,
        pool_use_lifo=True,
        poolclass=QueuePool,
    )


def _open_file(path: str, pragmas: tuple[str, ...]) -> sqlite3.Connection:
    """Open a database that is there: a lost file must not come back as an empty shop."""
    connection = sqlite3.connect(
        f"file:{quote(path)}?mode=rw",
        timeout=LOCK_MS / 1000,
        cached_statements=256,
        check_same_thread=False,
        uri=True,
    )
    for pragma in pragmas:
        connection.execute(pragma)
    return connection
