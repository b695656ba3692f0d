"""Runs Alembic migrations: upgrade, downgrade, and the version of a database's schema."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import quote

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateSchema

from mechanic_adapters.sql.engine.driver_errors import DriverErrors
from mechanic_adapters.sql.engine.engines import CONNECT_TIMEOUT_S, database_url, schema_name
from mechanic_adapters.sql.engine.postgres.advisory_locks import TRY_LOCK
from mechanic_adapters.sql.engine.postgres.durability import unsafe_settings
from mechanic_adapters.sql.engine.sqlite.file import create_file
from mechanic_adapters.sql.engine.sqlite.locking import enable_wal
from mechanic_adapters.sql.migrations.lock_retries import (
    PATIENCE_S,
    PATIENT,
    LockRetries,
    limit_transaction,
)
from mechanic_adapters.sql.migrations.ownership import (
    forget_former,
    found_version,
    hide_former,
    is_former,
    require_free_names,
)
from mechanic_adapters.sql.schema.constraint_violations import refusals_by_constraint

_LOCK_OF_MIGRATIONS: Final = {"number": 0x6D656368616E6963}
"""The advisory lock: "mechanic" in ASCII."""

_LOCK_TIMEOUT_S: Final = 60.0
"""How long a migration of a SQLite file waits for another."""

_POLL_S: Final = 0.2

_Command: TypeAlias = Callable[[Config], None]
_Run: TypeAlias = Callable[[_Command], None]


def upgrade(url: str, to: str = "head", retries: LockRetries = PATIENT) -> None:
    """Upgrade the schema at *url* to the version *to*; of two at once, the second does nothing.

    Raises `SchemaUnknown`, `NamesTaken`, `SchemaLocked` and `Unavailable`.
    """
    parsed = database_url(url)
    if parsed.get_backend_name() == "sqlite":
        _create_file(str(parsed.database))
    with _migrating(parsed, retries) as (connection, run):
        if found_version(connection) is None:
            require_free_names(connection)
        run(partial(command.upgrade, revision=to))


def downgrade(
    url: str,
    to: str = "-1",
    retries: LockRetries = PATIENT,
    admit: Callable[[Connection], object] | None = None,
) -> None:
    """Downgrade the schema to the version *to*, or by one step; dropped columns lose their data.

    *admit* is called before anything changes, while no other migration runs; it may raise.
    """
    with _migrating(database_url(url), retries) as (connection, run):
        if admit is not None:
            admit(connection)
        run(partial(command.downgrade, revision=to))
        if found_version(connection) is None:
            forget_former(connection)


def current(url: str) -> str | None:
    """Return the version of the schema, or None if there is none. Raises `SchemaUnknown`."""
    parsed = database_url(url)
    if parsed.get_backend_name() == "sqlite" and not Path(str(parsed.database)).exists():
        return None
    with _connected(parsed) as connection:
        return found_version(connection)


def unsafe_server_settings(url: str) -> tuple[str, ...]:
    """Return the settings of a PostgreSQL server that make a crash damage the data."""
    with _connected(database_url(url)) as connection:
        return unsafe_settings(connection)


def newest() -> str:
    """Return the version of the newest migration."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def _config(connection: Connection | None = None, retries: LockRetries = PATIENT) -> Config:
    """Return Alembic's configuration, without a file."""
    config = Config(attributes={"connection": connection, "retries": retries})
    config.set_main_option("script_location", "mechanic_adapters.sql:migrations")
    config.set_main_option("path_separator", "os")
    return config


@contextmanager
def _migrating(parsed: URL, retries: LockRetries) -> Iterator[tuple[Connection, _Run]]:
    """Exclude other migrations, and yield a connection and what runs a command of Alembic on it.

    On SQLite all is one transaction. On PostgreSQL each migration is one, tried again for its
    locks. Raises `Unavailable`.
    """
    with _connected(parsed, retries.patience_s) as connection:
        config = _config(connection, retries)
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            _take_over(connection, config)
            yield connection, lambda command: command(config)
            connection.commit()
            return

        version = partial(_rolled_back_version, connection)

        def run(command: _Command) -> None:
            def attempt() -> None:
                connection.rollback()
                command(config)

            retries.run(attempt, version)

        with _connected(parsed) as guard:
            _exclude_others(guard)
            _create_schema(connection, schema_name(parsed))
            retries.run(partial(_take_over, connection, config), version)
            yield connection, run
            connection.commit()


def _exclude_others(guard: Connection) -> None:
    """Take the lock of migrations until *guard*'s transaction ends.

    Building an index waits for everyone who has a snapshot: who waits here has no transaction, and
    the last statement is one without a snapshot.
    """
    while not guard.scalar(TRY_LOCK, _LOCK_OF_MIGRATIONS):
        guard.rollback()
        time.sleep(_POLL_S)
    guard.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))


def _create_schema(connection: Connection, name: str | None) -> None:
    """Create the PostgreSQL schema unless it exists."""
    exists = text("SELECT to_regnamespace(:name) IS NOT NULL")
    if name and not connection.scalar(exists, {"name": f'"{name}"'}):
        connection.execute(CreateSchema(name))
    connection.commit()


def _take_over(connection: Connection, config: Config) -> None:
    """Store the version where this release does, if a former one has stored it."""
    if is_former(connection):
        command.stamp(config, str(found_version(connection)))
        hide_former(connection)
    if connection.dialect.name == "postgresql":
        connection.commit()


def _rolled_back_version(connection: Connection) -> str | None:
    """Return the version after what a failed migration has left is rolled back."""
    connection.rollback()
    found = found_version(connection)
    connection.rollback()
    return found


@contextmanager
def _connected(parsed: URL, patience_s: float = PATIENCE_S) -> Iterator[Connection]:
    """Open a connection whose statements may take as long as a migration does."""
    engine = _engine(parsed, patience_s)
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


def _engine(parsed: URL, patience_s: float) -> Engine:
    if parsed.get_backend_name() == "postgresql":
        # What is outside of transactions waits as long as a migration: nobody waits for it.
        given = str(parsed.query.get("options", ""))
        options = {
            "connect_timeout": CONNECT_TIMEOUT_S,
            "options": f"{given} -c lock_timeout={patience_s:.0f}s".strip(),
            "prepare_threshold": None,  # a pooler may lose prepared statements
        }
        engine = create_engine(parsed, poolclass=NullPool, connect_args=options)
        event.listen(engine, "begin", limit_transaction)
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
