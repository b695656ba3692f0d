"""The schema of a database: which version it is, and the way to another."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from mechanic_adapters.sql.engine.driver_errors import DriverErrors
from mechanic_adapters.sql.engine.engines import CONNECT_S, located
from mechanic_adapters.sql.engine.sqlite_locking import write_ahead
from mechanic_adapters.sql.schema.constraint_violations import refusals_by_constraint

_LOCK: Final = 0x6D656368616E6963
"""The key of PostgreSQL's advisory lock: "mechanic" in ASCII."""

_WAIT_S: Final = 60.0
"""How long one migration of a file waits for another."""


def upgrade(url: str, to: str = "head") -> None:
    """Bring the schema at *url* to the version *to*; of two at once, the second does nothing."""
    place = located(url)
    if place.get_backend_name() == "sqlite":
        _make_file(str(place.database))
    with _alone(place) as connection:
        command.upgrade(_config(connection), to)


def downgrade(url: str, to: str = "-1") -> None:
    """Take the schema back to the version *to*, or by one step; what it held is lost."""
    with _alone(located(url)) as connection:
        command.downgrade(_config(connection), to)


def current(url: str) -> str | None:
    """Return the version of the schema, or None where there is none."""
    place = located(url)
    if place.get_backend_name() == "sqlite" and not Path(str(place.database)).exists():
        return None
    with _connected(place) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest() -> str:
    """Return the newest version that there is."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def _config(connection: Connection | None = None) -> Config:
    """Return where the migrations are and what they run on; no file is needed for it."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "mechanic_adapters.sql:migrations")
    config.set_main_option("path_separator", "os")
    return config


@contextmanager
def _alone(place: URL) -> Iterator[Connection]:
    """Open a transaction beside which nobody else migrates. Raises `Unavailable`."""
    with _connected(place) as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        yield connection
        connection.commit()


@contextmanager
def _connected(place: URL) -> Iterator[Connection]:
    """Open a connection that waits for as long as a migration may take."""
    engine = _engine(place)
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


def _engine(place: URL) -> Engine:
    if place.get_backend_name() == "postgresql":
        waits = {"connect_timeout": CONNECT_S}
        return create_engine(place, poolclass=NullPool, connect_args=waits)
    return create_engine(
        place,
        creator=lambda: sqlite3.connect(
            str(place.database), timeout=_WAIT_S, isolation_level=None, check_same_thread=False
        ),
        poolclass=NullPool,
    )


def _make_file(path: str) -> None:
    """Make the file if it is not there, with a journal that readers need not wait for."""
    with closing(sqlite3.connect(path, timeout=_WAIT_S)) as connection:
        write_ahead(connection, _WAIT_S)
