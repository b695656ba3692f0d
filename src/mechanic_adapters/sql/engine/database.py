"""A database: its connections, its statements made ready, and what went wrong with it."""

from collections.abc import Callable, Mapping
from typing import Any, final

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from mechanic_adapters.sql.engine.compiled_statements import StatementCache
from mechanic_adapters.sql.engine.connection_pool import Connection, ConnectionPool
from mechanic_adapters.sql.engine.driver_errors import DriverErrors
from mechanic_adapters.sql.engine.engines import TURN_S, reading_engine, writers_of, writing_engine
from mechanic_core.errors import Refused


@final
class Database:
    """Hands out connections, to read or to write."""

    def __init__(self, place: URL, pool_size: int, refusals: Mapping[str, type[Refused]]) -> None:
        """Connect to nothing yet."""
        self._reading = ConnectionPool(reading_engine(place), pool_size)
        self._writing = ConnectionPool(writing_engine(place), writers_of(place, pool_size))
        self._dialect = self._reading.engine.dialect
        self.is_postgres = place.get_backend_name() == "postgresql"
        self.plans = StatementCache(self._dialect)
        self.failure: type[Any] = self._dialect.loaded_dbapi.Error
        self.watchers: list[Callable[[str], None]] = []
        self._age = 0
        self._errors = DriverErrors(refusals)

    def to_read(self) -> Connection:
        """Return a connection that runs each statement for itself. Raises `Unavailable`."""
        return self._taken(self._reading)

    def to_write(self) -> Connection:
        """Return a connection for one transaction. Raises `Unavailable`."""
        return self._taken(self._writing)

    def broke(self, connection: Connection, error: Any) -> bool:
        """Return whether *error* broke the connection; then none as old is used again."""
        if not self._dialect.is_disconnect(error, connection.driver, None):
            return False
        self._age += 1
        connection.invalidate()
        return True

    def meaning(self, error: Any) -> Refused | Exception:
        """Return what to raise for an *error* of the driver."""
        return self._errors.refusal(error) or error

    def told(self, sql: str) -> None:
        """Tell the watchers of a statement that is about to run."""
        for watcher in self.watchers:
            watcher(sql)

    def connections(self) -> tuple[int, int]:
        """Return how many connections are in use, and how many are idle."""
        (reading, idle), (writing, waiting) = self._reading.counts(), self._writing.counts()
        return reading + writing, idle + waiting

    def close(self) -> None:
        """Give every idle connection back; new ones are made when needed."""
        self._reading.shut()
        self._writing.shut()

    def _taken(self, connections: ConnectionPool) -> Connection:
        try:
            return connections.take(self._age, TURN_S)
        except DBAPIError as error:  # of what SQLAlchemy asks a new connection first
            raise self.meaning(error.orig) from error
        except self.failure as error:
            raise self.meaning(error) from error
