"""The connection pool, on SQLite in memory."""

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from attrs import define
from sqlalchemy import NullPool, create_engine, event

from mechanic_adapters.sql.engine import connection_pool, engines
from mechanic_adapters.sql.engine.connection_pool import ConnectionPool
from mechanic_adapters.sql.engine.driver_errors import DriverErrors
from mechanic_adapters.sql.engine.postgres.session_settings import SESSION, SessionSettings
from mechanic_core.errors import Unavailable


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> ConnectionPool:
    """A pool of two connections that waits for none."""
    monkeypatch.setattr(connection_pool, "POOL_TIMEOUT_S", 0)
    return ConnectionPool(create_engine("sqlite://", poolclass=NullPool), 2, DriverErrors({}))


def test_counts_connections_in_use_and_idle(pool: ConnectionPool) -> None:
    """
    A connection is idle once it has been opened and released.
    """
    counts = [pool.count()]
    connection = pool.take()
    counts.append(pool.count())
    pool.release(connection)
    counts.append(pool.count())
    pool.close()
    counts.append(pool.count())

    assert [(0, 0), (1, 0), (0, 1), (0, 0)] == counts


def test_takes_the_last_used_connection_first(pool: ConnectionPool) -> None:
    """
    A released connection is taken again, open as it is.
    """
    first, second = pool.take(), pool.take()
    driver = second.driver
    pool.release(first)
    pool.release(second)

    assert driver is pool.take().driver


def test_raises_when_all_are_taken(pool: ConnectionPool) -> None:
    """
    A full pool raises `Unavailable` after its timeout.
    """
    pool.take()
    pool.take()

    with pytest.raises(Unavailable):
        pool.take()


def test_reopens_connections_of_an_older_generation(pool: ConnectionPool) -> None:
    """
    After one connection broke, the others are reopened before they are used.
    """
    connection = pool.take()
    driver = connection.driver
    pool.release(connection)
    pool.generation += 1

    assert driver is not pool.take().driver
    assert (1, 0) == pool.count()


def test_a_discarded_connection_is_closed(pool: ConnectionPool) -> None:
    """
    A discarded connection is closed, and its slot can be taken again.
    """
    connection = pool.take()
    pool.discard(connection)

    assert (0, 0) == pool.count()
    assert pool.take().driver is not None
    assert pool.take().driver is not None


def test_a_thread_waits_for_no_second_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A thread that has a connection gets another one at once or not at all.
    """
    monkeypatch.setattr(connection_pool, "POOL_TIMEOUT_S", 60)
    pool = ConnectionPool(create_engine("sqlite://", poolclass=NullPool), 1, DriverErrors({}))
    pool.take()
    began = time.monotonic()

    with pytest.raises(Unavailable):
        pool.take()

    assert time.monotonic() - began < 30


@pytest.fixture
def full_pool() -> ConnectionPool:
    """A pool for two connections to a server that gives one."""
    given: list[sqlite3.Connection] = []

    def connect() -> sqlite3.Connection:
        if given:
            raise sqlite3.OperationalError("FATAL:  sorry, too many clients already")
        given.append(sqlite3.connect(":memory:", check_same_thread=False))
        return given[0]

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    return ConnectionPool(engine, 2, DriverErrors({}))


def test_threads_share_what_a_full_server_has_given(full_pool: ConnectionPool) -> None:
    """
    When the server refuses a second connection, a thread waits for the first.
    """
    first = full_pool.take()
    driver = first.driver
    with ThreadPoolExecutor(1) as others:
        waiting = others.submit(full_pool.take)
        with pytest.raises(TimeoutError):
            waiting.result(0.1)
        full_pool.release(first)

        assert driver is waiting.result(30).driver


def test_a_full_server_that_gave_nothing_is_unavailable(full_pool: ConnectionPool) -> None:
    """
    Without a connection of its own the process does not wait.
    """
    full_pool.discard(full_pool.take())
    began = time.monotonic()

    with pytest.raises(Unavailable):
        full_pool.take()

    assert time.monotonic() - began < engines.POOL_TIMEOUT_S


@define(eq=False)
class ReadOnlyServer:
    """A server that says of each new session whether it may write, and counts them."""

    is_read_only: bool = True
    opened: int = 0

    def pool(self, size: int) -> ConnectionPool:
        """Return a pool of connections to it."""
        engine = create_engine("sqlite://", poolclass=NullPool)
        event.listen(engine, "connect", self._note)
        return ConnectionPool(engine, size, DriverErrors({}))

    def _note(self, _: object, record: Any) -> None:
        self.opened += 1
        record.info[SESSION] = SessionSettings(is_read_only=self.is_read_only)


@pytest.mark.parametrize(("retry_s", "opened"), [(3600.0, 2), (0.0, 11)])
def test_a_read_only_server_is_asked_again_now_and_then(
    monkeypatch: pytest.MonkeyPatch, retry_s: float, opened: int
) -> None:
    """
    However many transactions find it read-only, one new connection is opened in half a second.
    """
    monkeypatch.setattr(connection_pool, "RETRY_S", retry_s)
    server = ReadOnlyServer()
    pool = server.pool(3)
    for _ in range(10):
        pool.release(pool.renew(pool.take()))

    assert opened == server.opened
    assert (0, 1) == pool.count()


def test_all_connections_write_when_one_does() -> None:
    """
    The first connection that is renewed after the server takes writes again renews all.
    """
    server = ReadOnlyServer()
    pool = server.pool(3)
    for connection in [pool.take() for _ in range(3)]:
        pool.release(connection)
    server.is_read_only = False
    renewed = pool.renew(pool.take())
    others = [pool.take(), pool.take()]

    assert [False] * 3 == [one.session.is_read_only for one in (renewed, *others)]
    assert (6, (3, 0)) == (server.opened, pool.count())


def test_a_connection_is_renewed_where_others_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The thread keeps its connection, although another one waits for it.
    """
    monkeypatch.setattr(connection_pool, "POOL_TIMEOUT_S", 60)
    server = ReadOnlyServer()
    pool = server.pool(1)
    connection = pool.take()
    with ThreadPoolExecutor(1) as others:
        waiting = others.submit(pool.take)
        with pytest.raises(TimeoutError):
            waiting.result(0.1)
        server.is_read_only = False
        renewed = pool.renew(connection)
        is_writable = not renewed.session.is_read_only
        assert not waiting.done()
        pool.release(renewed)

        assert waiting.result(30) is renewed
    assert is_writable


def test_a_connection_that_cannot_be_renewed_is_given_back(full_pool: ConnectionPool) -> None:
    """
    A server that refuses the new connection leaves no slot of the pool missing.
    """
    with pytest.raises(Unavailable):
        full_pool.renew(full_pool.take())

    assert (0, 0) == full_pool.count()
