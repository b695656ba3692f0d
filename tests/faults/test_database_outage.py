"""PostgreSQL is stopped: 503 within seconds, no blocked threads, and automatic recovery."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg

from tests.faults.shop_processes import (
    Client,
    create_shop,
    outages_in,
    serving,
    serving_with_log,
)
from tests.integration.servers import PostgresServer, postgres_server
from tests.integration.sockets import wait_until

AT_ONCE = 24


def test_the_database_is_unavailable(
    durable_postgres: PostgresServer, database: str, report: Callable[[str], None]
) -> None:
    """
    Requests get 503 within two seconds, and succeed as soon as the database is back.
    """
    with serving(database) as server, Client(server.port).log_in() as client:
        assert client.add_part("BEFORE").status == 201
        threads = server.process.num_threads()

        durable_postgres.stop()
        try:
            with ThreadPoolExecutor(AT_ONCE) as hands:
                answers = list(
                    hands.map(
                        lambda _: client.copy_for(server.port).ask("GET", "/customers"), range(96)
                    )
                )
            alive = client.ask("GET", "/healthz")
            ready = client.ask("GET", "/readyz")
            stopped_threads = server.process.num_threads()
        finally:
            durable_postgres.start()
        back = time.monotonic()
        wait_until(lambda: client.ask("GET", "/readyz").status == 200)
        wait_until(lambda: client.ask("GET", "/customers").status == 200)
        recovery = time.monotonic() - back
        after = client.add_part("AFTER")
        there = client.skus()

    slowest = max(answer.seconds for answer in answers)
    report(
        f"PostgreSQL away: {len(answers)} requests, "
        f"{sum(answer.status == 503 for answer in answers)} got 503, slowest {slowest:.2f} s, "
        f"threads {threads} before and {stopped_threads} meanwhile, recovery {recovery:.2f} s"
    )
    assert {503} == {answer.status for answer in answers}
    assert slowest < 2
    for answer in answers:
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert int(answer.headers["retry-after"]) > 0
    assert alive.status == 200
    assert ready.status == 503
    assert stopped_threads <= threads
    assert recovery < 5
    assert after.status == 201
    assert there >= {"BEFORE", "AFTER"}


def test_a_restart_is_told_once(
    durable_postgres: PostgresServer, database: str, tmp_path: Path
) -> None:
    """
    However many requests are 503 while the database is away, the log has two lines about it.
    """
    with serving_with_log(tmp_path, database) as port, Client(port).log_in() as client:
        durable_postgres.stop()
        try:
            statuses = {client.ask("GET", "/customers").status for _ in range(20)}
            statuses |= {client.add_part(f"AWAY-{n}").status for n in range(20)}
            ready = client.ask("GET", "/readyz")
        finally:
            durable_postgres.start()
        wait_until(
            lambda: client.ask("GET", "/readyz").status == 200 and len(outages_in(tmp_path)) > 1
        )
        told = outages_in(tmp_path)

    assert {503} == statuses
    assert (503, "down") == (ready.status, ready.body["database"])
    assert [("database outage", "database away"), ("database outage over", "database away")] == [
        (line["event"], line["cause"]) for line in told
    ]


def test_a_standby_takes_no_writes(tmp_path: Path) -> None:
    """
    A server that comes back as a standby makes the shop not ready until it is promoted.
    """
    with postgres_server() as server:
        url = server.new_database()
        create_shop(url)
        with serving_with_log(tmp_path, url) as port, Client(port).log_in() as client:
            server.stop()
            server.make_standby()
            server.start()
            # The login has proved for a second that writes succeed.
            wait_until(lambda: client.ask("GET", "/readyz").status == 503)
            wait_until(lambda: client.ask("GET", "/inventory").status == 200)
            standby = client.ask("GET", "/readyz")
            refused = client.add_part("REFUSED")
            with psycopg.connect(server.url(), autocommit=True) as connection:
                connection.execute("SELECT pg_promote()")
            wait_until(lambda: client.ask("GET", "/readyz").status == 200)
            accepted = client.add_part("ACCEPTED")
            told = outages_in(tmp_path)

    assert (503, "up", "read only") == (
        standby.status,
        standby.body["database"],
        standby.body["writes"],
    )
    assert (503, 201) == (refused.status, accepted.status)
    assert ("database outage", "read only", "25006") in {
        (line["event"], line["cause"], line["code"]) for line in told
    }
    assert ("database outage over", "read only") == (told[-1]["event"], told[-1]["cause"])
