"""PostgreSQL ends connections: what has not committed is done again, unseen."""

import time
from collections.abc import Callable

import psycopg

from tests.faults.shop_processes import Client, Writers, serving

END_ALL = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def end_all(database: str) -> int:
    """End every connection to the database but this one, and return how many there were."""
    with psycopg.connect(database) as connection:
        row = connection.execute(END_ALL).fetchone()
    assert row is not None
    return int(row[0])


def test_idle_connections_are_ended(database: str, tell: Callable[[str], None]) -> None:
    """
    Between requests: nobody notices.
    """
    with serving(database) as server, Client(server.port).log_in() as client:
        statuses = []
        ended = 0
        for number in range(20):
            ended += end_all(database)
            statuses.append(client.add_part(f"P-{number}").status)
            ended += end_all(database)
            statuses.append(client.ask("GET", "/customers").status)
        there = client.skus()

    tell(f"idle connections ended: {ended}, answers {sorted(set(statuses))}, parts {len(there)}")
    assert ended >= 40
    assert {200, 201} == set(statuses)
    assert len(there) == 20


def test_busy_connections_are_ended(database: str, tell: Callable[[str], None]) -> None:
    """
    In the midst of writing: what was acknowledged is there once, and little was refused.
    """
    with serving(database) as server, Client(server.port).log_in() as client:
        writers = Writers()
        ended = 0
        with writers.at_work(client, 8):
            for _ in range(20):
                time.sleep(0.1)
                ended += end_all(database)
        there = client.skus()

    tell(f"busy connections ended: {ended}; {writers.told(there)}")
    assert writers.acknowledged <= there
    assert writers.broken == []
    # A commit whose answer was lost is never done again: whoever asked is told so.
    assert {answer.status for answer in writers.refused} <= {503}
    assert len(writers.refused) <= ended
