"""SQLAlchemy engines for each database, with a timeout for everything that could hang."""

import re
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import URL, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from mechanic_adapters.addresses import WrongAddress
from mechanic_adapters.sql.engine.postgres.server_places import (
    require_known_parameters,
    spread_hosts,
)
from mechanic_adapters.sql.engine.postgres.session_settings import MARK, verify_sessions
from mechanic_adapters.sql.engine.sqlite.locking import enable_wal

_BIGINT_OID: Final = 20
_TEXT_FORMAT: Final = 0

CONNECT_TIMEOUT_S: Final = 2
"""How long a new connection may take before the server counts as away."""

LOCK_TIMEOUT_MS: Final = 2_000
"""How long a statement waits for a lock before its transaction counts as lost."""

STATEMENT_TIMEOUT_MS: Final = 15_000
"""How long a statement may run: checking a large ledger against its balances takes seconds."""

IDLE_TIMEOUT_MS: Final = 30_000
"""How long an open transaction may be idle before the server ends it and frees its locks."""

DEADLINE_S: Final = 20.0
"""How long an answer is waited for: longer than the server lets a statement run."""

POOL_TIMEOUT_S: Final = 5
"""How long a thread waits for a free connection."""

_MISPLACED_AT: Final = re.compile(r"://[^:/?]*:[^@]*(@[^?]*@|[?&][\w%]{1,64}=[^@]*@)")
"""Where SQLAlchemy takes a part of a password for the host, and messages would show it."""


_SCHEMA_NAME: Final = re.compile(r"(?!pg_)[a-z_][a-z0-9_]{0,62}")
_SEARCH_PATH: Final = re.compile(r"(?:^|\s)(?:-c\s*|--)search_path=([A-Za-z_]\w*)")


def database_url(url: str) -> URL:
    """Return *url* parsed, with the driver that is used for its database.

    A password in the query becomes that of the URL, whose text hides it, and the parameter
    ``schema`` the ``search_path`` of every connection. Raises `WrongAddress` for anything but
    PostgreSQL and SQLite in a file.
    """
    if not url.startswith("sqlite") and _MISPLACED_AT.search(url):
        raise WrongAddress('a "@" in a password must be %40')
    try:
        parsed = make_url(spread_hosts(url.replace("postgres://", "postgresql://", 1)))
    except ArgumentError as error:
        raise WrongAddress("the database must be a URL") from error
    if parsed.drivername in {"postgresql", "postgresql+psycopg"}:
        if not parsed.database:
            raise WrongAddress("the URL must name a database, as in postgresql://host/name")
        found = _with_search_path(_with_own_password(parsed.set(drivername="postgresql+psycopg")))
        require_known_parameters(found)
        return found
    if parsed.drivername not in {"sqlite", "sqlite+pysqlite"}:
        raise WrongAddress("the database must be postgresql://… or sqlite:///…")
    if parsed.host or parsed.database in {None, "", ":memory:"}:
        raise WrongAddress("SQLite needs a file, as in sqlite:///shop.db")
    if "schema" in parsed.query:
        raise WrongAddress("a schema is for PostgreSQL: SQLite has a file of its own")
    return parsed.set(drivername="sqlite+pysqlite")


def schema_name(url: URL) -> str | None:
    """Return the PostgreSQL schema that *url* names for the shop; None for the server's default."""
    found = _SEARCH_PATH.search(str(url.query.get("options", "")))
    return found[1].lower() if found else None  # PostgreSQL folds it too


def _with_search_path(url: URL) -> URL:
    """Return *url* with its parameter ``schema``, if any, as an option of the connection."""
    if (schema := url.query.get("schema")) is None:
        return url
    if not isinstance(schema, str) or not _SCHEMA_NAME.fullmatch(schema):
        raise WrongAddress("the schema must have lower-case letters, digits and _ only")
    if schema_name(url):
        raise WrongAddress("the URL must name a schema once: in `schema` or in `options`")
    options = f"{url.query.get('options', '')} -csearch_path={schema}".strip()
    return url.difference_update_query(["schema"]).update_query_dict({"options": options})


def _with_own_password(url: URL) -> URL:
    """Return *url* without a password in its query, which takes precedence (as in libpq)."""
    found = url.query.get("password")
    if found is None:
        return url
    last = found if isinstance(found, str) else found[-1]
    return url.set(password=last).difference_update_query(["password"])


def postgres_engine(url: URL, *, prepares: bool = True) -> Engine:
    """Return an engine whose connections read, each statement for itself, or run transactions.

    A session may not write by itself: transactions begin with BEGIN READ WRITE, unless the server
    has made transactions read-only, as some hosts do when the disk is nearly full.

    Args:
        url: The database.
        prepares: Whether statements are prepared, which some poolers lose.
    """
    engine = _postgres(
        url,
        **{MARK: "own"},
        idle_in_transaction_session_timeout=str(IDLE_TIMEOUT_MS),
        lock_timeout=str(LOCK_TIMEOUT_MS),
        statement_timeout=str(STATEMENT_TIMEOUT_MS),
        timezone="UTC",
        prepares=prepares,
    )
    event.listen(engine, "connect", _isolate_transactions)
    verify_sessions(engine, url, schema_name(url))
    return engine


def sqlite_read_engine(url: URL) -> Engine:
    """Return an engine whose connections read, each statement for itself, and never write."""
    return _sqlite(url, _open_to_read)


def sqlite_write_engine(url: URL) -> Engine:
    """Return an engine for transactions."""
    return _sqlite(url, _open_to_write)


def _postgres(url: URL, *, prepares: bool, **settings: str) -> Engine:
    from mechanic_adapters.sql.engine.postgres.bounded_connection import (  # noqa: PLC0415 - needs psycopg
        connect_with_deadline,
    )

    options = [str(url.query.get("options", ""))]
    engine = create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        poolclass=NullPool,
        use_native_hstore=False,
        connect_args={
            "application_name": "mechanic-shop",
            "connect_timeout": CONNECT_TIMEOUT_S,
            "keepalives_count": 2,
            "keepalives_idle": 10,
            "keepalives_interval": CONNECT_TIMEOUT_S,
            "options": " ".join(
                options + [f"-c {name}={value}" for name, value in settings.items()]
            ),
            "prepare_threshold": 1 if prepares else None,
            "tcp_user_timeout": 1000 * CONNECT_TIMEOUT_S,
        },
    )
    connect_with_deadline(engine, DEADLINE_S)
    event.listen(engine, "connect", _send_integers_as_bigint)
    return engine


def _isolate_transactions(connection: Any, _: object) -> None:
    from psycopg import IsolationLevel  # noqa: PLC0415 - as above

    connection.isolation_level = IsolationLevel.READ_COMMITTED


def _send_integers_as_bigint(connection: Any, _: object) -> None:
    """Make the driver send every integer as BIGINT.

    By default it chooses a type by the size of the number, and the server prepares and plans a
    statement for each combination of types.
    """
    adapters = connection.adapters
    adapters.register_dumper(int, adapters.get_dumper_by_oid(_BIGINT_OID, _TEXT_FORMAT))


def _sqlite(url: URL, connect: Callable[[str], sqlite3.Connection]) -> Engine:
    path = Path(str(url.database)).absolute()  # the working directory may change meanwhile
    return create_engine(
        url,
        creator=partial(connect, str(path)),
        isolation_level="AUTOCOMMIT",  # the driver begins no transactions: `Transaction` does
        paramstyle="named",
        poolclass=NullPool,
    )


def _open_to_read(path: str) -> sqlite3.Connection:
    connection = _open_file(path)
    connection.execute("PRAGMA query_only=ON")
    return connection


def _open_to_write(path: str) -> sqlite3.Connection:
    connection = _open_file(path)
    enable_wal(connection, LOCK_TIMEOUT_MS / 1000)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    return connection


def _open_file(path: str) -> sqlite3.Connection:
    """Open an existing file: a lost one must not come back as an empty shop."""
    return sqlite3.connect(
        f"file:{quote(path)}?mode=rw",
        timeout=LOCK_TIMEOUT_MS / 1000,
        cached_statements=256,
        check_same_thread=False,
        uri=True,
    )
