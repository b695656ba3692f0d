"""PostgreSQL is stopped: 503 within seconds, no blocked threads, and automatic recovery."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.faults.shop_processes import Client, serving
from tests.integration.servers import PostgresServer
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
