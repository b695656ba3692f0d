"""PostgreSQL terminates connections: transactions that have not committed are retried."""

import time
from collections.abc import Callable

import psycopg

from tests.faults.shop_processes import Client, Writers, serving

END_ALL = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def terminate_all(database: str) -> int:
    """Terminate every other connection to the database, and return their number."""
    with psycopg.connect(database) as connection:
        row = connection.execute(END_ALL).fetchone()
    assert row is not None
    return int(row[0])


def test_idle_connections_are_terminated(database: str, report: Callable[[str], None]) -> None:
    """
    Termination of idle connections is not visible to clients.
    """
    with serving(database) as server, Client(server.port).log_in() as client:
        statuses = []
        ended = 0
        for number in range(20):
            ended += terminate_all(database)
            statuses.append(client.add_part(f"P-{number}").status)
            ended += terminate_all(database)
            statuses.append(client.ask("GET", "/customers").status)
        there = client.skus()

    report(f"idle connections ended: {ended}, answers {sorted(set(statuses))}, parts {len(there)}")
    assert ended >= 40
    assert {200, 201} == set(statuses)
    assert len(there) == 20


def test_busy_connections_are_terminated(database: str, report: Callable[[str], None]) -> None:
    """
    After termination during writes, acknowledged parts are stored once and few are refused.
    """
    with serving(database) as server, Client(server.port).log_in() as client:
        writers = Writers()
        ended = 0
        with writers.writing(client, 8):
            for _ in range(20):
                time.sleep(0.1)
                ended += terminate_all(database)
        there = client.skus()

    report(f"busy connections ended: {ended}; {writers.summary(there)}")
    assert writers.acknowledged <= there
    assert writers.broken == []
    # A commit without an answer is not retried: the client gets 503.
    assert {answer.status for answer in writers.refused} <= {503}
    assert len(writers.refused) <= ended
