"""Behaviour of the SQL store on SQLite only."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from mechanic_adapters.conformance.samples.records import (
    LATER,
    add_customer,
    add_part,
    new_customer,
    new_vehicle,
)
from mechanic_adapters.sql.engine.engines import LOCK_TIMEOUT_MS, database_url
from mechanic_adapters.sql.engine.transaction import Transaction
from mechanic_adapters.sql.migrations import runner
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.errors import LostRace, Unavailable
from mechanic_core.inventory.part import Kind
from mechanic_core.money import Quantity
from mechanic_core.paging import PageRequest
from tests.integration.statements import counted


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """An empty shop in a file whose name is not URL-safe."""
    file = tmp_path / "Ada's shop #1 100%.db"
    runner.upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture
def store(file: Path) -> Iterator[SqlStore]:
    """The store on it."""
    store = SqlStore.open(f"sqlite:///{file}")
    yield store
    store.close()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:"])
def test_needs_a_file(url: str) -> None:
    """
    A `:memory:` database is refused.
    """
    with pytest.raises(ValueError, match="SQLite needs a file"):
        database_url(url)


@pytest.mark.parametrize("url", ["mysql://localhost/shop", "sqlite+aiosqlite:///shop.db"])
def test_speaks_to_two_databases(url: str) -> None:
    """
    Other databases and drivers are refused.
    """
    with pytest.raises(ValueError, match="must be postgresql"):
        database_url(url)


def test_writes_safely(store: SqlStore) -> None:
    """
    Commits are synchronous, readers do not block (WAL), and foreign keys are enforced.
    """
    connection = store.database.writers.take()
    try:
        said = [
            connection.cursor.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    finally:
        store.database.writers.release(connection)

    assert ["wal", 2, 1] == said


def test_tells_of_a_commit_whose_outcome_is_unknown(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    After a commit with an unknown outcome subscribers are notified, so that caches are invalidated.
    """
    heard: list[frozenset[str]] = []
    store.subscribe(heard.append)
    commit = Transaction.commit

    def lose_the_answer(transaction: Transaction) -> None:
        commit(transaction)
        raise Unavailable

    monkeypatch.setattr(Transaction, "commit", lose_the_answer)
    with pytest.raises(Unavailable):
        add_part(store)

    assert [frozenset({"parts"})] == heard


def test_reads_only(store: SqlStore) -> None:
    """
    A connection for reading cannot write.
    """
    connection = store.database.readers.take()
    try:
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.cursor.execute("DELETE FROM customers")
    finally:
        store.database.readers.release(connection)


def test_reads_in_one_statement(store: SqlStore) -> None:
    """
    A single read is one statement without a transaction.
    """
    part = add_part(store)
    connection = store.database.readers.take()
    ran: list[str] = []
    connection.driver.set_trace_callback(ran.append)
    store.database.readers.release(connection)

    with counted(store) as statements, store.read_only() as work:
        work.parts.get(part.id)

    assert 1 == len(ran) == len(statements)
    assert [] == statements.controls


def test_begins_at_once(store: SqlStore) -> None:
    """
    A transaction takes the write lock at its beginning.
    """
    connection = store.database.writers.take()
    ran: list[str] = []
    connection.driver.set_trace_callback(ran.append)
    store.database.writers.release(connection)

    with counted(store) as statements, store.begin() as work:
        work.customers.find(None, PageRequest())

    assert ["BEGIN IMMEDIATE", "COMMIT"] == [ran[0], ran[-1]]
    assert ["BEGIN IMMEDIATE", "COMMIT"] == statements.controls
    assert 1 == len(statements)


def test_is_read_while_it_is_written(store: SqlStore) -> None:
    """
    Readers see the last committed state and do not wait for a writer.
    """
    with ThreadPoolExecutor(1) as others, store.begin() as work:
        work.customers.add(new_customer())

        assert [] == others.submit(lambda: names(store)).result(5)


def test_takes_turns(store: SqlStore) -> None:
    """
    Concurrent writers wait for each other, and none fails.
    """
    part = add_part(store)

    def receive(_: int) -> None:
        with store.begin() as work:
            held = work.parts.lock([part.id])[part.id]
            work.parts.save([held.move(Kind.RECEIVE, Quantity(1))])

    with ThreadPoolExecutor(8) as others:
        list(others.map(receive, range(80)))

    with store.read_only() as work:
        assert 80 == work.parts.get(part.id).quantity


def test_loses_to_another_process(store: SqlStore, file: Path) -> None:
    """
    A transaction that waits too long for another process raises `LostRace`.
    """
    with closing(sqlite3.connect(file)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LostRace), store.begin():
            pass
        other.rollback()

    add_customer(store)
    assert LOCK_TIMEOUT_MS <= 2_000


def test_says_that_the_file_is_lost(store: SqlStore, file: Path) -> None:
    """
    A missing file raises `Unavailable` and is not created again.
    """
    file.unlink()

    with pytest.raises(Unavailable):
        store.ping()
    with pytest.raises(Unavailable), store.begin():
        pass
    assert not file.exists()


def test_answers_again(store: SqlStore, file: Path) -> None:
    """
    When the file is back the store works again.
    """
    customer = add_customer(store)
    store.close()
    aside = file.rename(file.with_suffix(".aside"))
    with pytest.raises(Unavailable):
        store.ping()
    aside.rename(file)

    store.ping()
    assert [customer.name] == names(store)


def test_gives_no_id_twice(store: SqlStore) -> None:
    """
    The id of a removed vehicle is not reused.
    """
    customer = add_customer(store)
    ids = set()
    for _ in range(3):
        with store.begin() as work:
            vehicle = work.vehicles.add(new_vehicle(customer))
            work.vehicles.remove(vehicle, LATER)
        ids.add(vehicle.id)

    assert 3 == len(ids)


def names(store: SqlStore) -> list[str]:
    """Return the names of all customers."""
    with store.read_only() as work:
        return [customer.name for customer in work.customers.find(None, PageRequest()).items]
