"""A connection pool: connections to one database, shared by threads, each with its cursor.

SQLAlchemy opens the connections. Its own pool would make a cursor for each statement and wrap
every connection, which adds half the time of a short statement.
"""

from contextlib import suppress
from queue import Empty, LifoQueue
from typing import Any, final

from sqlalchemy import Engine, PoolProxiedConnection
from sqlalchemy.exc import DBAPIError

from mechanic_adapters.sql.engine.driver_errors import DriverErrors
from mechanic_adapters.sql.engine.engines import POOL_TIMEOUT_S
from mechanic_core.errors import Unavailable


@final
class Connection:
    """A slot of the pool: a connection that is open or can be opened, used by one thread."""

    def __init__(self) -> None:
        """Open nothing yet."""
        self.generation = -1
        self.driver: Any = None
        """The driver's connection, None while closed."""
        self.cursor: Any = None
        self._opened: PoolProxiedConnection | None = None

    def open(self, engine: Engine, generation: int) -> None:
        """Open the connection. Raises what SQLAlchemy and the driver raise."""
        self._opened = engine.raw_connection()
        self.driver = self._opened.dbapi_connection
        self.cursor = self._opened.cursor()
        self.generation = generation

    def close(self) -> None:
        """Close the connection, if it is open."""
        opened, self._opened, self.driver, self.cursor = self._opened, None, None, None
        if opened is not None:
            opened.invalidate()


@final
class ConnectionPool:
    """Up to *size* connections; the one used last is taken first."""

    def __init__(self, engine: Engine, size: int, errors: DriverErrors) -> None:
        """Open nothing yet."""
        self.generation = 0
        """Connections of an older generation are reopened before they are used."""
        self._engine, self._errors = engine, errors
        self._slots = [Connection() for _ in range(size)]
        self._free: LifoQueue[Connection] = LifoQueue()
        for slot in self._slots:
            self._free.put(slot)

    def count(self) -> tuple[int, int]:
        """Return how many connections are in use, and how many are idle: open and free."""
        in_use = len(self._slots) - self._free.qsize()
        is_open = len([slot for slot in self._slots if slot.driver is not None])
        return in_use, max(0, is_open - in_use)

    def take(self) -> Connection:
        """Return an open connection, to be given back by `release` or `discard`.

        Raises `Unavailable` if none is free within `POOL_TIMEOUT_S` or the database is away.
        """
        try:
            connection = self._free.get(timeout=POOL_TIMEOUT_S)
        except Empty:
            raise Unavailable from None
        if connection.generation != self.generation or connection.driver is None:
            self._reopen(connection)
        return connection

    def release(self, connection: Connection) -> None:
        """Give the connection back, still open."""
        self._free.put(connection)

    def discard(self, connection: Connection) -> None:
        """Close a connection that may be broken, and give it back."""
        connection.close()
        self._free.put(connection)

    def close(self) -> None:
        """Close every free connection; the pool opens others when needed."""
        free = []
        with suppress(Empty):
            while True:
                free.append(self._free.get_nowait())
        for connection in free:
            self.discard(connection)

    def _reopen(self, connection: Connection) -> None:
        try:
            connection.close()
            connection.open(self._engine, self.generation)
        except BaseException as error:
            self._free.put(connection)
            cause = error.orig if isinstance(error, DBAPIError) else error
            refusal = self._errors.refusal(cause) if isinstance(cause, Exception) else None
            if refusal is None:
                raise
            raise refusal from error


def count_connections(*pools: ConnectionPool) -> tuple[int, int]:
    """Return how many connections of all *pools* are in use, and how many are idle."""
    counts = [pool.count() for pool in pools]
    return sum(in_use for in_use, _ in counts), sum(idle for _, idle in counts)
