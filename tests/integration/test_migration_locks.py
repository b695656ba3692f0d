"""On PostgreSQL nobody waits for a migration, and an interrupted one is begun again."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Event
from typing import Any, Final

import psycopg
import pytest
from sqlalchemy import Engine, event

from mechanic_adapters.sql.migrations import runner
from mechanic_adapters.sql.migrations.lock_retries import (
    LOCK_TIMEOUT_S,
    LockRetries,
    SchemaLocked,
)
from mechanic_adapters.sql.migrations.version import known
from tests.integration.programs import environment
from tests.integration.schemas import rows_of, schema_of
from tests.integration.servers import PostgresServer

PATIENCE_S: Final = 60.0
LONGEST_WAIT_S: Final = LOCK_TIMEOUT_S + 2
"""How long a statement may take: one try, and what a busy machine adds.

Three tries and their pauses take longer, so waiting for all of them fails the test.
"""

HELD: Final = {
    "reads": "SELECT count(*) FROM tickets",
    "writes": "UPDATE tickets SET description = 'Held' WHERE id = 1",
    "deletes": "DELETE FROM receipts; UPDATE sessions SET started_at = now() WHERE mechanic_id IS NULL",
    "takes a snapshot": "SELECT count(*) FROM mechanics",
}
"""What a transaction does before it stays open."""

OTHERS: Final = (
    "SELECT count(*) FROM tickets",
    "UPDATE tickets SET description = 'Busy' WHERE id = 2",
    "INSERT INTO ticket_history (ticket_id, at, by_id, event) VALUES (2, now(), 1, 'changed')",
    "UPDATE sessions SET started_at = now() WHERE mechanic_id = 1",
    "SELECT count(*) FROM receipts",
)
"""What other clients do meanwhile."""

IS_WAITING: Final = """
    SELECT count(*) > 0 FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE %s
"""
MORE_TICKETS: Final = """
    INSERT INTO tickets (customer_id, vehicle_id, service_date, service_month, description, status,
        created_at, updated_at, version)
    SELECT customer_id, vehicle_id, service_date, service_month, description, status, created_at,
        updated_at, version FROM tickets CROSS JOIN generate_series(1, 10) WHERE id <= 200
"""
STALL: Final = """
    CREATE FUNCTION stall() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_advisory_xact_lock_shared(1500);
        RETURN NEW;
    END $$;
    CREATE TRIGGER stall BEFORE UPDATE ON tickets FOR EACH ROW WHEN (NEW.id = 1500)
    EXECUTE FUNCTION stall()
"""
"""Makes the third batch wait for the test."""

CRASHES_APART: Final = int(os.environ.get("CRASHES_APART", "20"))
INVALID: Final = "SELECT count(*) FROM pg_index WHERE NOT indisvalid"
NOT_COPIED: Final = """
    SELECT count(*) FROM tickets JOIN vehicles ON vehicles.id = vehicle_id
    WHERE vehicle_vin IS DISTINCT FROM vin OR vehicle_make IS DISTINCT FROM make
"""


def wait_until(condition: Callable[[], object]) -> None:
    """Wait until *condition* is true."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def ask(url: str, sql: str, *params: object) -> Any:
    """Return the value that a query selects."""
    with psycopg.connect(url) as connection:
        row = connection.execute(sql.encode(), params or None).fetchone()
    return row and row[0]


def longest_wait(url: str, sql: str, done: Event) -> float:
    """Run a statement until *done*, and return the seconds that the slowest took."""
    longest = 0.0
    with psycopg.connect(url, autocommit=True) as connection:
        while not done.is_set():
            started = time.monotonic()
            connection.execute(sql.encode())
            longest = max(longest, time.monotonic() - started)
            done.wait(0.01)
    return longest


@pytest.mark.parametrize("held", HELD)
def test_nobody_waits_behind_a_waiting_migration(released_url: str, held: str) -> None:
    """
    While a transaction stays open the upgrade waits, and others wait no longer than one try.
    """
    reports: list[str] = []
    done = Event()
    with ThreadPoolExecutor() as threads, psycopg.connect(released_url) as holder:
        holder.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        holder.execute(HELD[held].encode())
        waits = [threads.submit(longest_wait, released_url, sql, done) for sql in OTHERS]
        upgrading = threads.submit(
            runner.upgrade, released_url, retries=LockRetries(report=reports.append)
        )
        wait_until(
            lambda: len(reports) > 2 or ask(released_url, IS_WAITING, "CREATE INDEX CONCURRENTLY%")
        )
        is_waiting = not upgrading.done()
        holder.rollback()
        upgrading.result(PATIENCE_S)
        done.set()
        longest = max(wait.result() for wait in waits)

    assert is_waiting
    assert runner.newest() == runner.current(released_url)
    assert longest < LONGEST_WAIT_S


@pytest.mark.parametrize(("held", "reached"), [("reads", "0008"), ("takes a snapshot", "0010")])
def test_gives_up_in_the_end(released_url: str, held: str, reached: str) -> None:
    """
    An upgrade that gets no lock for too long raises `SchemaLocked`; the next one does the rest.

    An index that was begun is built anew.
    """
    with psycopg.connect(released_url) as holder:
        holder.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        holder.execute(HELD[held].encode())
        with pytest.raises(SchemaLocked, match="was given up after 2 s: other transactions hold"):
            runner.upgrade(released_url, retries=LockRetries(patience_s=2))
        found = (runner.current(released_url), ask(released_url, INVALID))
    runner.upgrade(released_url)

    assert (reached, int(held == "takes a snapshot")) == found
    assert (runner.newest(), 0) == (runner.current(released_url), ask(released_url, INVALID))


def test_a_killed_upgrade_is_repeated(released_url: str) -> None:
    """
    An upgrade that is killed between two batches leaves the first, and the next run does the rest.

    While it waits for a lock it says so.
    """
    with psycopg.connect(released_url) as connection:
        connection.execute(MORE_TICKETS)
        connection.execute(STALL)
    program = (sys.executable, "-m", "mechanic_shop", "db", "upgrade")
    with psycopg.connect(released_url) as holder:
        holder.execute("SELECT pg_advisory_xact_lock(1500)")
        with subprocess.Popen(
            program,
            env=environment({"DATABASE_URL": released_url}),
            stderr=subprocess.PIPE,
            text=True,
        ) as upgrade:
            said = upgrade.stderr.readline() if upgrade.stderr else ""
            upgrade.kill()
    killed = (runner.current(released_url), ask(released_url, NOT_COPIED) > 0)
    runner.upgrade(released_url)

    assert "mechanic-shop: other transactions hold a lock: trying again in 0.5 s\n" == said
    assert ("0008", True) == killed
    assert 0 == ask(released_url, NOT_COPIED)
    assert runner.newest() == runner.current(released_url)


class Crashed(BaseException):
    """The program ends here."""


def crash_after(statements: int, url: str, version: str) -> bool:
    """Upgrade to *version*, ending after some statements without a word; return whether there were so many."""
    left = statements

    def crash(connection: Any, *_: object) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            connection.connection.driver_connection.close()
            raise Crashed

    event.listen(Engine, "before_cursor_execute", crash)
    try:
        runner.upgrade(url, version)
    except BaseException:  # noqa: BLE001 - whatever follows from the closed connection
        return left < 0
    finally:
        event.remove(Engine, "before_cursor_execute", crash)
    return False


def test_a_crash_anywhere_is_repaired(released_url: str, postgres: PostgresServer) -> None:
    """
    After a crash between two statements the next upgrade leads to the same schema and rows.

    Each twentieth pair of statements is tried, and each in `nox -s long`.
    """
    crashes, wrong, before = 0, [], released_url
    for version in sorted(known())[int(runner.current(released_url) or 0) :]:
        after = postgres.new_database(before)
        runner.upgrade(after, version)
        for statements in count(0, CRASHES_APART):
            crashed = postgres.new_database(before)
            has_crashed = crash_after(statements, crashed, version)
            runner.upgrade(crashed, version)
            if schema_of(crashed) != schema_of(after) or rows_of(crashed) != rows_of(after):
                wrong.append((version, statements))
            postgres.drop_database(crashed)
            if not has_crashed:
                break
            crashes += 1
        before = after

    assert [] == wrong
    assert crashes > 200 // CRASHES_APART
