"""A database: its connection pools, its compiled statements, the meaning of its errors."""

from collections.abc import Callable, Mapping
from typing import Any, final

from sqlalchemy import URL

from mechanic_adapters.sql.engine.compiled_statements import StatementCache
from mechanic_adapters.sql.engine.connection_pool import Connection, ConnectionPool
from mechanic_adapters.sql.engine.driver_errors import DriverErrors
from mechanic_adapters.sql.engine.engines import (
    postgres_engine,
    sqlite_read_engine,
    sqlite_write_engine,
)
from mechanic_adapters.sql.engine.outages import Outages
from mechanic_adapters.sql.engine.postgres.session_settings import SessionSettings
from mechanic_core.errors import Refused


@final
class Database:
    """What the executors of one database share."""

    def __init__(
        self,
        url: URL,
        pool_size: int,
        refusals: Mapping[str, type[Refused]],
        *,
        prepares: bool = True,
    ) -> None:
        """Connect to nothing yet.

        Args:
            url: The database.
            pool_size: The maximum number of connections.
            refusals: What a violated constraint means.
            prepares: Whether PostgreSQL prepares statements, which some poolers lose.
        """
        self._errors = DriverErrors(refusals)
        self.is_postgres = url.get_backend_name() == "postgresql"
        engine = (
            postgres_engine(url, prepares=prepares) if self.is_postgres else sqlite_read_engine(url)
        )
        # SQLite has one writer at a time. With one connection threads queue in the pool, instead
        # of polling the lock of the file.
        own_writers = 0 if self.is_postgres else 1
        self.readers = ConnectionPool(engine, max(1, pool_size - own_writers), self._errors)
        """Connections that run each statement in its own transaction, read-only."""
        self.writers = (
            ConnectionPool(sqlite_write_engine(url), own_writers, self._errors)
            if own_writers
            else self.readers
        )
        """Connections for transactions; on PostgreSQL the same."""
        self.pools = (self.readers, self.writers) if own_writers else (self.readers,)
        self.outages = Outages()
        self.statements = StatementCache(engine.dialect)
        self.driver_error: type[Any] = engine.dialect.loaded_dbapi.Error
        self.on_statement: Callable[[str], object] | None = None
        """A hook for tests: called with the SQL of each statement before it runs."""
        self._dialect = engine.dialect

    def session(self) -> SessionSettings:
        """Return the settings that sessions have. Raises `SessionUnfit` and `Unavailable`."""
        connection = self.readers.take()
        self.readers.release(connection)
        return connection.session

    def is_broken(self, connection: Connection, error: Any) -> bool:
        """Return whether *error* broke the connection; if so, make the pools reopen theirs."""
        if not self._dialect.is_disconnect(error, connection.driver, None):
            return False
        for pool in self.pools:
            pool.generation += 1
        return True

    def gave_up(self, error: Any) -> bool:
        """Return whether no answer came in time: to try again would double the wait."""
        if not self.is_postgres:
            return False
        from mechanic_adapters.sql.engine.postgres.bounded_connection import (  # noqa: PLC0415 - psycopg
            gave_up,
        )

        return gave_up(error)

    def meaning(self, error: Any) -> Exception:
        """Return what to raise for a driver's *error*: a refusal, or the error itself."""
        return self._errors.refusal(error) or error

    def close(self) -> None:
        """Close every idle connection; the pools open others when needed."""
        for pool in self.pools:
            pool.close()
