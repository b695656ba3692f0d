"""Commits on a PostgreSQL server that by itself answers before they are on disk."""

import os
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from mechanic_adapters.conformance.samples.records import add_customer
from mechanic_adapters.sql.engine.connection_pool import ConnectionPool
from mechanic_adapters.sql.migrations import runner
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.paging import PageRequest
from mechanic_shop.backups.backup import back_up, restore
from tests.integration.servers import PostgresServer, postgres_server

LAZY = ("synchronous_commit=off", "wal_writer_delay=10s")
"""Answer commits at once, and write them to disk up to 30 seconds later."""

WRITES = 20


def test_an_acknowledged_write_survives_a_crash_whatever_the_server_is_set_to() -> None:
    """
    With `synchronous_commit=off` on the server no acknowledged write, nor a migration, is lost.
    """
    with postgres_server(*LAZY) as server:
        url = server.new_database()
        runner.upgrade(url)
        store = SqlStore.open(url)
        added = {add_customer(store).id for _ in range(WRITES)}
        server.kill()
        server.start()

        with store.read_only() as work:
            found = {one.id for one in work.customers.find(None, PageRequest(size=100)).items}
        store.close()

    assert added == found


def test_a_restored_backup_survives_a_crash_whatever_the_server_is_set_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    With `synchronous_commit=off` on the server a restore that has succeeded is not lost.
    """
    with postgres_server(*LAZY) as server:
        monkeypatch.setenv("PATH", f"{server._programs}{os.pathsep}{os.environ['PATH']}")
        url, target = server.new_database(), server.new_database()
        runner.upgrade(url)
        with closing(SqlStore.open(url)) as store:
            added = add_customer(store)
        back_up(url, tmp_path / "backup")
        restore(target, tmp_path / "backup")
        server.kill()
        server.start()

        with closing(SqlStore.open(target)) as store, store.read_only() as work:
            assert added == work.customers.get(added.id)


def level(pool: ConnectionPool) -> str:
    """Return the `synchronous_commit` of a connection of *pool*."""
    connection = pool.take()
    try:
        connection.cursor.execute("SHOW synchronous_commit")
        (shown,) = connection.cursor.fetchone()
        connection.driver.rollback()
    finally:
        pool.release(connection)
    return str(shown)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("off", "on"),
        ("local", "on"),
        ("on", "on"),
        ("remote_write", "remote_write"),
        ("remote_apply", "remote_apply"),
    ],
)
def test_a_stronger_synchronous_commit_is_not_lowered(
    postgres: PostgresServer, given: str, expected: str
) -> None:
    """
    A writing connection raises `synchronous_commit` to `on`, and keeps what is stronger.
    """
    url = postgres.new_database()
    with psycopg.connect(url, autocommit=True) as connection:
        statement = sql.SQL("ALTER DATABASE {} SET synchronous_commit = {}")
        name = sql.Identifier(url.rsplit("/", 1)[1])
        connection.execute(statement.format(name, sql.Literal(given)))
    store = SqlStore.open(url)
    try:
        found = level(store.database.writers)
    finally:
        store.close()
        postgres.drop_database(url)

    assert expected == found
