"""Runs Alembic migrations: upgrade, downgrade, and the version of a database's schema."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.parse import quote

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from mechanic_adapters.sql.engine.driver_errors import DriverErrors
from mechanic_adapters.sql.engine.durability import commit_synchronously, unsafe_settings
from mechanic_adapters.sql.engine.engines import CONNECT_TIMEOUT_S, database_url
from mechanic_adapters.sql.engine.sqlite_file import create_file
from mechanic_adapters.sql.engine.sqlite_locking import enable_wal
from mechanic_adapters.sql.schema.constraint_violations import refusals_by_constraint

_LOCK: Final = 0x6D656368616E6963
"""The key of PostgreSQL's advisory lock: "mechanic" in ASCII."""

_LOCK_TIMEOUT_S: Final = 60.0
"""How long a migration of a SQLite file waits for another."""


def upgrade(url: str, to: str = "head") -> None:
    """Upgrade the schema at *url* to the version *to*; of two at once, the second does nothing."""
    parsed = database_url(url)
    if parsed.get_backend_name() == "sqlite":
        _create_file(str(parsed.database))
    with _exclusive(parsed) as connection:
        command.upgrade(_config(connection), to)


def downgrade(url: str, to: str = "-1") -> None:
    """Downgrade the schema to the version *to*, or by one step; dropped columns lose their data."""
    with _exclusive(database_url(url)) as connection:
        command.downgrade(_config(connection), to)


def current(url: str) -> str | None:
    """Return the version of the schema, or None if there is none."""
    parsed = database_url(url)
    if parsed.get_backend_name() == "sqlite" and not Path(str(parsed.database)).exists():
        return None
    with _connected(parsed) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def unsafe_server_settings(url: str) -> tuple[str, ...]:
    """Return the settings of a PostgreSQL server that make a crash damage the data."""
    with _connected(database_url(url)) as connection:
        return unsafe_settings(connection)


def newest() -> str:
    """Return the version of the newest migration."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def _config(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration, without a file."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "mechanic_adapters.sql:migrations")
    config.set_main_option("path_separator", "os")
    return config


@contextmanager
def _exclusive(parsed: URL) -> Iterator[Connection]:
    """Open a transaction that excludes other migrations. Raises `Unavailable`."""
    with _connected(parsed) as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        yield connection
        connection.commit()


@contextmanager
def _connected(parsed: URL) -> Iterator[Connection]:
    """Open a connection whose statements may take as long as a migration does."""
    engine = _engine(parsed)
    try:
        with engine.connect() as connection:
            yield connection
    except DBAPIError as error:
        refusal = (
            DriverErrors(refusals_by_constraint()).refusal(error.orig)
            if isinstance(error.orig, Exception)
            else None
        )
        raise (refusal or error) from error
    finally:
        engine.dispose()


def _engine(parsed: URL) -> Engine:
    if parsed.get_backend_name() == "postgresql":
        options = {"connect_timeout": CONNECT_TIMEOUT_S}
        engine = create_engine(parsed, poolclass=NullPool, connect_args=options)
        commit_synchronously(engine)
        return engine
    return create_engine(
        parsed,
        creator=lambda: sqlite3.connect(
            f"file:{quote(str(parsed.database))}?mode=rw",  # `_create_file` creates it
            timeout=_LOCK_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,
            uri=True,
        ),
        poolclass=NullPool,
    )


def _create_file(path: str) -> None:
    """Create the file unless it exists, with write-ahead logging."""
    with suppress(OSError):  # SQLite will say what is wrong with the path
        create_file(Path(path))
    with closing(sqlite3.connect(path, timeout=_LOCK_TIMEOUT_S)) as connection:
        enable_wal(connection, _LOCK_TIMEOUT_S)
