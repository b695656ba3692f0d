"""A connection pool: connections to one database, shared by threads, each with its cursor.

SQLAlchemy opens the connections. Its own pool would make a cursor for each statement and wrap
every connection, which adds half the time of a short statement.
"""

import time
from collections.abc import Collection
from queue import Empty
from threading import Condition, get_ident
from typing import Any, Final, final

from sqlalchemy import Engine, PoolProxiedConnection
from sqlalchemy.exc import DBAPIError

from mechanic_adapters.sql.engine.driver_errors import DriverErrors
from mechanic_adapters.sql.engine.engines import POOL_TIMEOUT_S
from mechanic_adapters.sql.engine.forks import (
    INHERITED,
    ForkAware,
    ForkedError,
    abandon,
    notify_of_forks,
)
from mechanic_adapters.sql.engine.postgres.connection_failures import is_refusal
from mechanic_adapters.sql.engine.postgres.session_settings import OWN_SESSION, SESSION
from mechanic_core.errors import Unavailable

FORK_TIMEOUT_S: Final = 1.0
"""How long a fork waits for transactions of other threads on an SQLite file."""

RETRY_S: Final = 0.5
"""How long no further connection is asked of a server that has refused one, or writes on one."""


@final
class Connection:
    """A slot of the pool: a connection that is open or can be opened, used by one thread."""

    def __init__(self) -> None:
        """Open nothing yet."""
        self.generation = -1
        self.driver: Any = None
        """The driver's connection, None while closed."""
        self.cursor: Any = None
        self.holder = 0
        """The thread that has taken it."""
        self.session = OWN_SESSION
        """The settings of its session, as they were when it was opened."""
        self._opened: PoolProxiedConnection | None = None

    def open(self, engine: Engine, generation: int) -> None:
        """Open the connection. Raises what SQLAlchemy and the driver raise."""
        self._opened = engine.raw_connection()
        self.driver = self._opened.dbapi_connection
        self.cursor = self._opened.cursor()
        self.session = self._opened.info.get(SESSION, OWN_SESSION)
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
class ConnectionPool(ForkAware):
    """Up to *size* connections; the one used last is taken first."""

    def __init__(self, engine: Engine, size: int, errors: DriverErrors) -> None:
        """Open nothing yet."""
        self.generation = 0
        """Connections of an older generation are reopened before they are used."""
        self._engine, self._errors, self._size = engine, errors, size
        self._is_sqlite = engine.dialect.name == "sqlite"
        self._is_unsafe = False
        """Whether SQLite would take locks of a parent process for this one's."""
        self._renew_at = 0.0
        """When a server that takes no writes may be asked again for a connection that writes."""
        self._held_for_fork: list[Connection] = []
        self._fill()
        notify_of_forks(self)

    def count(self) -> tuple[int, int]:
        """Return how many connections are in use, and how many are idle: open and free."""
        in_use = max(0, len(self._slots) - len(self._free))
        return in_use, max(0, self._count_open() - in_use)

    def take(self) -> Connection:
        """Return an open connection, to be given back by `release` or `discard`.

        It waits for one for `POOL_TIMEOUT_S` at most, and not at all in a thread that has one:
        threads that wait for each other's would all wait in vain. Where the server refuses a
        further connection, it waits for those that are open.

        Raises `Unavailable` if none is free in time or the database is away.
        """
        me = get_ident()
        has_one = any(slot.holder == me for slot in self._slots)
        until = time.monotonic() + (0 if has_one else POOL_TIMEOUT_S)
        while True:
            connection = self._next(until)
            if connection.generation == self.generation and connection.driver is not None:
                break
            if self._reopen(connection):
                break
        connection.holder = me
        return connection

    def release(self, connection: Connection) -> None:
        """Give the connection back, still open."""
        connection.holder = 0
        with self._changed:
            self._free.append(connection)
            self._changed.notify()

    def renew(self, connection: Connection) -> Connection:
        """Return a read-only *connection* opened anew, at most once in `RETRY_S` for the pool.

        When it may write then, the others are opened anew too before they are used. Raises as `take`.
        """
        with self._changed:
            now = time.monotonic()
            if now < self._renew_at:
                return connection
            self._renew_at = now + RETRY_S
        if not self._reopen(connection):
            return self.take()
        if not connection.session.is_read_only:
            for slot in self._slots:
                if slot.session.is_read_only:
                    slot.generation = -1
        return connection

    def discard(self, connection: Connection) -> None:
        """Close a connection that may be broken, and give it back."""
        connection.close()
        connection.holder = 0
        with self._changed:
            self._free.insert(0, connection)  # open ones are taken first
            self._changed.notify()

    def close(self) -> None:
        """Close every free connection; the pool opens others when needed."""
        with self._changed:
            free = self._free[:]
            self._free.clear()
        for connection in free:
            self.discard(connection)

    def before_fork(self) -> None:
        """Close the connections to an SQLite file; other threads have a second to give theirs."""
        if not self._is_sqlite:
            return
        until = time.monotonic() + FORK_TIMEOUT_S
        with self._changed:
            self._may_take = False
            for _ in self._slots:
                if not self._changed.wait_for(lambda: self._free, max(0, until - time.monotonic())):
                    return
                connection = self._free.pop()
                connection.close()
                self._held_for_fork.append(connection)

    def after_fork_in_parent(self) -> None:
        """Let threads take connections again."""
        with self._changed:
            self._may_take = True
            self._free[:0] = self._held_for_fork
            self._held_for_fork = []
            self._changed.notify_all()

    def after_fork_in_child(self) -> None:
        """Forget the parent's connections."""
        was_open = self._count_open() > 0
        self._is_unsafe = self._is_sqlite and was_open
        for slot in self._slots:
            slot.abandon()
        self._held_for_fork.clear()
        self._fill()

    def _fill(self) -> None:
        """Create the slots and locks; other threads may have held the old ones at a fork."""
        self._changed = Condition()
        self._may_take = True
        self._retry_at = 0.0
        """When the server, which has refused a connection, may be asked for another."""
        self._refusal: Exception | None = None
        """What the server has refused the last connection with, if it did."""
        self._slots = [Connection() for _ in range(self._size)]
        self._free: list[Connection] = [*self._slots]
        """The closed ones before the open ones, the one used last at the end."""

    def _next(self, until: float) -> Connection:
        """Return a free connection, open unless one may be opened. Raises `Unavailable`."""
        with self._changed:
            while True:
                now = time.monotonic()
                is_open = bool(self._free) and self._free[-1].driver is not None
                if self._may_take and self._free and (is_open or now >= self._retry_at):
                    return self._free.pop()
                if now >= until:
                    raise Unavailable from (self._refusal or Empty())
                wake_at = self._retry_at if self._free and self._may_take else until
                self._changed.wait(min(until, wake_at) - now)

    def _count_open(self) -> int:
        return len([slot for slot in self._slots if slot.driver is not None])

    def _reopen(self, connection: Connection) -> bool:
        """Open the connection; return False if the server refuses, and others are open."""
        if self._is_unsafe:
            self.discard(connection)
            raise ForkedError(
                "the process was forked while a transaction on its SQLite file was open: fork "
                "between transactions, or open the shop in the child"
            )
        try:
            connection.close()
            connection.open(self._engine, self.generation)
        except BaseException as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            if isinstance(cause, Exception) and is_refusal(cause) and self._count_open():
                self._retry_at, self._refusal = time.monotonic() + RETRY_S, cause
                self.discard(connection)
                return False
            self.discard(connection)
            refusal = self._errors.refusal(cause) if isinstance(cause, Exception) else None
            if refusal is None:
                raise
            raise refusal from error
        self._refusal = None
        return True


def count_connections(pools: Collection[ConnectionPool]) -> tuple[int, int]:
    """Return how many connections of all *pools* are in use, and how many are idle."""
    counts = [pool.count() for pool in pools]
    return sum(in_use for in_use, _ in counts), sum(idle for _, idle in counts)
