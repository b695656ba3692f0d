"""Actions that several tests on PostgreSQL share."""

import time

import psycopg

from mechanic_adapters.conformance.samples.records import (
    AT,
    new_entry,
)
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.tickets.assigned_mechanic import AssignedMechanic
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.unit_of_work import Work


def terminate_connections(url: str) -> None:
    """Terminate every other connection to the database, as a restart does."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def replace_mechanics(work: Work, ticket: Ticket, joining: int) -> Ticket:
    """Replace the mechanics of a ticket."""
    held = work.tickets.lock(ticket.id)
    known = work.mechanics.lock_shared([joining])
    staff = [AssignedMechanic(id=known[joining].id, name=known[joining].name)]
    after = held.with_mechanics(staff, [one.id for one in held.mechanics], AT)
    return work.tickets.save(after, new_entry())


def wait_for_a_blocked_lock(store: SqlStore) -> None:
    """Wait until a transaction waits for a lock."""
    connection = store.database.readers.take()
    try:
        cursor = connection.cursor
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            cursor.execute(
                "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                "AND datname = current_database()"
            )
            if cursor.fetchone():
                return
    finally:
        store.database.readers.release(connection)
    raise TimeoutError
