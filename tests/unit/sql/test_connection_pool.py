"""The connection pool, on SQLite in memory."""

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import NullPool, create_engine

from mechanic_adapters.sql.engine import connection_pool, engines
from mechanic_adapters.sql.engine.connection_pool import ConnectionPool
from mechanic_adapters.sql.engine.driver_errors import DriverErrors
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
