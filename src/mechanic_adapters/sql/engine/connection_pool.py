"""A connection pool: connections to one database, shared by threads, each with its cursor.

SQLAlchemy opens the connections. Its own pool would make a cursor for each statement and wrap
every connection, which adds half the time of a short statement.
"""

import time
from contextlib import suppress
from queue import Empty, LifoQueue
from threading import Event
from typing import Any, Final, final

from sqlalchemy import Engine, PoolProxiedConnection
from sqlalchemy.exc import DBAPIError

from mechanic_adapters.sql.engine.driver_errors import DriverErrors
from mechanic_adapters.sql.engine.engines import POOL_TIMEOUT_S
from mechanic_adapters.sql.engine.forks import (
    INHERITED,
    ForkedError,
    abandon,
    notify_of_forks,
)
from mechanic_core.errors import Unavailable

FORK_TIMEOUT_S: Final = 1.0
"""How long a fork waits for transactions of other threads on an SQLite file."""


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

    def abandon(self) -> None:
        """Forget, in a forked process, the connection of the parent without closing it."""
        if self._opened is not None:
            abandon(self._opened, self.driver, self.cursor)
            self._opened, self.driver, self.cursor = None, INHERITED, INHERITED
        self.generation = -1


@final
class ConnectionPool:
    """Up to *size* connections; the one used last is taken first."""

    def __init__(self, engine: Engine, size: int, errors: DriverErrors) -> None:
        """Open nothing yet."""
        self.generation = 0
        """Connections of an older generation are reopened before they are used."""
        self._engine, self._errors, self._size = engine, errors, size
        self._is_sqlite = engine.dialect.name == "sqlite"
        self._is_unsafe = False
        """Whether SQLite would take locks of a parent process for this one's."""
        self._held_for_fork: list[Connection] = []
        self._fill()
        notify_of_forks(self)

    def count(self) -> tuple[int, int]:
        """Return how many connections are in use, and how many are idle: open and free."""
        in_use = max(0, len(self._slots) - self._free.qsize())
        is_open = len([slot for slot in self._slots if slot.driver is not None])
        return in_use, max(0, is_open - in_use)

    def take(self) -> Connection:
        """Return an open connection, to be given back by `release` or `discard`.

        Raises `Unavailable` if none is free within `POOL_TIMEOUT_S` or the database is away.
        """
        if not self._may_take.is_set():
            self._may_take.wait(POOL_TIMEOUT_S)
        try:
            connection = self._free.get(timeout=POOL_TIMEOUT_S)
        except Empty as error:
            raise Unavailable from error
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

    def before_fork(self) -> None:
        """Close the connections to an SQLite file; other threads have a second to give theirs."""
        if not self._is_sqlite:
            return
        self._may_take.clear()
        until = time.monotonic() + FORK_TIMEOUT_S
        with suppress(Empty):
            for _ in self._slots:
                connection = self._free.get(timeout=max(0, until - time.monotonic()))
                connection.close()
                self._held_for_fork.append(connection)

    def after_fork_in_parent(self) -> None:
        """Let threads take connections again."""
        while self._held_for_fork:
            self._free.put(self._held_for_fork.pop())
        self._may_take.set()

    def after_fork_in_child(self) -> None:
        """Forget the parent's connections."""
        was_open = any(slot.driver is not None for slot in self._slots)
        self._is_unsafe = self._is_sqlite and was_open
        for slot in self._slots:
            slot.abandon()
        self._held_for_fork.clear()
        self._fill()

    def _fill(self) -> None:
        """Create the slots and locks; other threads may have held the old ones at a fork."""
        self._may_take = Event()
        self._may_take.set()
        self._slots = [Connection() for _ in range(self._size)]
        self._free: LifoQueue[Connection] = LifoQueue()
        for slot in self._slots:
            self._free.put(slot)

    def _reopen(self, connection: Connection) -> None:
        if self._is_unsafe:
            self._free.put(connection)
            raise ForkedError(
                "the process was forked while a transaction on its SQLite file was open: fork "
                "between transactions, or open the shop in the child"
            )
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
