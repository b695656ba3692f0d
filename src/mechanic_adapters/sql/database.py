"""A database: its connections, its statements made ready, and what went wrong with it."""

from collections.abc import Callable
from typing import Any, final

from sqlalchemy import URL, Engine, PoolProxiedConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoTurn

from mechanic_adapters.sql.engines import reading_engine, writing_engine
from mechanic_adapters.sql.plans import Plans
from mechanic_adapters.sql.violations import refusal_of
from mechanic_core.errors import Refused, Unavailable


@final
class Database:
    """Hands out connections, to read or to write."""

    def __init__(self, place: URL, pool_size: int) -> None:
        """Connect to nothing yet."""
        self._reading = reading_engine(place, pool_size)
        self._writing = writing_engine(place, pool_size)
        self.is_postgres = place.get_backend_name() == "postgresql"
        self.plans = Plans(self._reading.dialect)
        self.failure: type[Any] = self._reading.dialect.loaded_dbapi.Error
        self.watchers: list[Callable[[str], None]] = []

    def to_read(self) -> PoolProxiedConnection:
        """Return a connection that runs each statement for itself. Raises `Unavailable`."""
        return self._connected(self._reading)

    def to_write(self) -> PoolProxiedConnection:
        """Return a connection for one transaction. Raises `Unavailable`."""
        return self._connected(self._writing)

    def broke(self, connection: PoolProxiedConnection, error: Any) -> bool:
        """Return whether *error* broke the connection; then none of its age is used again."""
        if not self._reading.dialect.is_disconnect(error, connection.dbapi_connection, None):
            return False
        connection.invalidate(error)
        self.close()
        return True

    def told(self, sql: str) -> None:
        """Tell the watchers of a statement that is about to run."""
        for watcher in self.watchers:
            watcher(sql)

    def close(self) -> None:
        """Give every idle connection back; new ones are made when needed."""
        self._reading.dispose()
        self._writing.dispose()

    def _connected(self, engine: Engine) -> PoolProxiedConnection:
        try:
            return engine.raw_connection()
        except NoTurn as error:
            raise Unavailable from error
        except DBAPIError as error:
            raise self.meaning(error.orig) from error

    def meaning(self, error: Any) -> Refused | Exception:
        """Return what to raise for an *error* of the driver."""
        return refusal_of(error) or error
