"""SIGKILL at any moment: acknowledged writes are durable and none is half done."""

import random
import time
from collections.abc import Callable

from tests.faults.shop_processes import Client, Writers, serving, stored_skus
from tests.integration.servers import PostgresServer
from tests.integration.sockets import wait_until

ROUNDS = 5


def test_the_shop_is_killed(url: str, report: Callable[[str], None]) -> None:
    """
    A shop that is killed repeatedly during writes loses no acknowledged write.
    """
    writers = Writers()
    for _ in range(ROUNDS):
        with (
            serving(url) as server,
            Client(server.port).log_in() as client,
            writers.writing(client),
        ):
            time.sleep(random.uniform(0.3, 1.2))
            server.process.kill()
            server.process.wait()

    there = stored_skus(url)
    report(f"shop killed {ROUNDS} times, {url.partition(':')[0]}: {writers.summary(there)}")
    assert writers.acknowledged
    assert writers.acknowledged <= there
    assert there <= writers.sent
    assert writers.refused == []


def test_one_of_several_processes_is_killed(url: str, report: Callable[[str], None]) -> None:
    """
    While a killed worker process is restarted the others serve, and nothing is lost.
    """
    with serving(url, "--workers", "2") as server, Client(server.port).log_in() as client:
        writers = Writers()
        with writers.writing(client):
            for _ in range(ROUNDS):
                wait_until(lambda: len(server.workers()) == 2)
                time.sleep(0.6)
                server.kill(random.choice(server.workers()))
            wait_until(lambda: len(server.workers()) == 2)
            time.sleep(0.5)
        there = client.copy_for(server.port).skus()
        code = server.stop()

    report(f"processes killed {ROUNDS} times, {url.partition(':')[0]}: {writers.summary(there)}")
    assert writers.acknowledged <= there
    assert writers.refused == []
    assert writers.longest_gap < 5
    assert code == 0


def test_postgresql_is_killed(
    durable_postgres: PostgresServer, database: str, report: Callable[[str], None]
) -> None:
    """
    When PostgreSQL is killed during writes and restarted, nothing is lost and no client hangs.
    """
    with serving(database) as server, Client(server.port).log_in() as client:
        writers = Writers()
        with writers.writing(client):
            time.sleep(1)
            durable_postgres.kill()
            time.sleep(1)
            durable_postgres.start()
            before = len(writers.acknowledged)
            wait_until(lambda: len(writers.acknowledged) > before + 10)
        there = client.skus()

    report(f"PostgreSQL killed: {writers.summary(there)}")
    assert writers.acknowledged <= there
    assert writers.broken == []
    assert {503} == {answer.status for answer in writers.refused}
