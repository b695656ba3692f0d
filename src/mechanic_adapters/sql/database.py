"""A database: its connections, its statements made ready, and what went wrong with it."""

from collections.abc import Callable
from typing import Any, final

from sqlalchemy import URL, Engine, PoolProxiedConnection, QueuePool, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as NoTurn
from sqlalchemy.pool import ConnectionPoolEntry

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
        self._age = 0
        for engine in (self._reading, self._writing):
            event.listen(engine, "connect", self._mark)
            event.listen(engine, "checkout", self._refuse_old)

    def to_read(self) -> PoolProxiedConnection:
        """Return a connection that runs each statement for itself. Raises `Unavailable`."""
        return self._connected(self._reading)

    def to_write(self) -> PoolProxiedConnection:
        """Return a connection for one transaction. Raises `Unavailable`."""
        return self._connected(self._writing)

    def broke(self, connection: PoolProxiedConnection, error: Any) -> bool:
        """Return whether *error* broke the connection; then none as old is used again."""
        if not self._reading.dialect.is_disconnect(error, connection.dbapi_connection, None):
            return False
        self._age += 1
        connection.invalidate(error)
        return True

    def meaning(self, error: Any) -> Refused | Exception:
        """Return what to raise for an *error* of the driver."""
        return refusal_of(error) or error

    def told(self, sql: str) -> None:
        """Tell the watchers of a statement that is about to run."""
        for watcher in self.watchers:
            watcher(sql)

    def connections(self) -> tuple[int, int]:
        """Return how many connections are in use, and how many are idle."""
        pools = [engine.pool for engine in (self._reading, self._writing)]
        queues = [pool for pool in pools if isinstance(pool, QueuePool)]
        return sum(q.checkedout() for q in queues), sum(q.checkedin() for q in queues)

    def close(self) -> None:
        """Give every idle connection back; new ones are made when needed."""
        self._reading.dispose()
        self._writing.dispose()

    def _mark(self, _: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        record.info["age"] = self._age

    def _refuse_old(
        self, _: DBAPIConnection, record: ConnectionPoolEntry, __: PoolProxiedConnection
    ) -> None:
        """Have the pool make a new connection in the place of one that is likely dead."""
        if record.info["age"] != self._age:
            raise DisconnectionError

    def _connected(self, engine: Engine) -> PoolProxiedConnection:
        try:
            return engine.raw_connection()
        except NoTurn as error:
            raise Unavailable from error
        except DBAPIError as error:  # of what SQLAlchemy asks a new connection first
            raise self.meaning(error.orig) from error
        except self.failure as error:
            raise self.meaning(error) from error
