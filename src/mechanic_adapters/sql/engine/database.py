"""A database: its two connection pools, its compiled statements, the meaning of its errors."""

from collections.abc import Callable, Mapping
from typing import Any, final

from sqlalchemy import URL

from mechanic_adapters.sql.engine.compiled_statements import StatementCache
from mechanic_adapters.sql.engine.connection_pool import Connection, ConnectionPool
from mechanic_adapters.sql.engine.driver_errors import DriverErrors
from mechanic_adapters.sql.engine.engines import read_engine, write_engine, write_pool_size
from mechanic_adapters.sql.engine.outages import Outages
from mechanic_core.errors import Refused


@final
class Database:
    """What the executors of one database share."""

    def __init__(self, url: URL, pool_size: int, refusals: Mapping[str, type[Refused]]) -> None:
        """Connect to nothing yet; *refusals* says what a violated constraint means."""
        self._errors = DriverErrors(refusals)
        reading, writing = read_engine(url), write_engine(url)
        self.readers = ConnectionPool(reading, pool_size, self._errors)
        """Connections that run each statement in its own transaction, read-only."""
        self.writers = ConnectionPool(writing, write_pool_size(url, pool_size), self._errors)
        self.is_postgres = url.get_backend_name() == "postgresql"
        self.outages = Outages()
        self.statements = StatementCache(reading.dialect)
        self.driver_error: type[Any] = reading.dialect.loaded_dbapi.Error
        self.on_statement: Callable[[str], object] | None = None
        """A hook for tests: called with the SQL of each statement before it runs."""
        self._dialect = reading.dialect

    def is_broken(self, connection: Connection, error: Any) -> bool:
        """Return whether *error* broke the connection; if so, make both pools reopen theirs."""
        if not self._dialect.is_disconnect(error, connection.driver, None):
            return False
        for pool in (self.readers, self.writers):
            pool.generation += 1
        return True

    def meaning(self, error: Any) -> Exception:
        """Return what to raise for a driver's *error*: a refusal, or the error itself."""
        return self._errors.refusal(error) or error

    def close(self) -> None:
        """Close every idle connection; the pools open others when needed."""
        self.readers.close()
        self.writers.close()
