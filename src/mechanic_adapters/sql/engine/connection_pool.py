"""ConnectionPool to one database, handed from thread to thread, each with a cursor of its own.

SQLAlchemy opens them. Its pool would have each thread make a cursor anew and watch over what is
handed out: half as long again as a short statement takes.
"""

from contextlib import suppress
from queue import Empty, LifoQueue
from typing import Any, final

from sqlalchemy import Engine, PoolProxiedConnection

from mechanic_core.errors import Unavailable


@final
class Connection:
    """A connection, open or still to be opened, while one thread has it."""

    def __init__(self, home: "LifoQueue[Connection]", opened: "set[Connection]") -> None:
        """Open nothing yet; it is given back to *home*, and is among the *opened* while open."""
        self.age = 0
        self._home = home
        self._all_opened = opened
        self._opened: PoolProxiedConnection | None = None
        self._cursor: Any = None

    @property
    def driver(self) -> Any:
        """The driver's own connection."""
        return self._opened and self._opened.dbapi_connection

    def open(self, engine: Engine, age: int) -> None:
        """Open it by way of *engine*. Raises what SQLAlchemy and the driver raise."""
        self._opened = engine.raw_connection()
        self._all_opened.add(self)
        self._cursor = self._opened.cursor()
        self.age = age

    def cursor(self) -> Any:
        """Return its only cursor, which stays when the connection is given back."""
        return self._cursor

    def commit(self) -> None:
        """Keep the transaction."""
        self.driver.commit()

    def rollback(self) -> None:
        """Drop the transaction."""
        self.driver.rollback()

    def shut(self) -> None:
        """Close it for good; the next who gets it opens another."""
        opened, self._opened, self._cursor = self._opened, None, None
        if opened is not None:
            self._all_opened.discard(self)
            opened.invalidate()

    def close(self) -> None:
        """Give it back, open as it is."""
        self._home.put(self)

    def invalidate(self) -> None:
        """Give it back closed: something is wrong with it."""
        self.shut()
        self.close()


@final
class ConnectionPool:
    """Up to *most* connections of one kind; whoever comes last gets the warmest."""

    def __init__(self, engine: Engine, most: int) -> None:
        """Open nothing yet."""
        self.engine = engine
        self._most = most
        self._home: LifoQueue[Connection] = LifoQueue()
        self._opened: set[Connection] = set()
        for _ in range(most):
            self._home.put(Connection(self._home, self._opened))

    def take(self, age: int, patience: float) -> Connection:
        """Return a connection no older than *age*, to be given back.

        Raises `Unavailable` when none is free within *patience* seconds, and what SQLAlchemy and
        the driver raise.
        """
        try:
            connection = self._home.get(timeout=patience)
        except Empty:
            raise Unavailable from None
        if connection in self._opened and connection.age == age:
            return connection
        try:
            connection.shut()
            connection.open(self.engine, age)
        except BaseException:
            connection.close()
            raise
        return connection

    def counts(self) -> tuple[int, int]:
        """Return how many are in use, and how many are open and idle."""
        in_use = self._most - len(self._home.queue)
        return in_use, max(0, len(self._opened) - in_use)

    def shut(self) -> None:
        """Close every idle connection; new ones are opened when needed."""
        idle = []
        with suppress(Empty):
            while True:
                idle.append(self._home.get_nowait())
        for connection in idle:
            connection.invalidate()
