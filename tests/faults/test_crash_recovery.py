"""kill -9, at any moment: what was acknowledged is there, and nothing is half done."""

import random
import time
from collections.abc import Callable

from tests.faults.shop_processes import Client, Writers, kept, serving
from tests.integration.servers import PostgresServer
from tests.integration.sockets import wait_until

ROUNDS = 5


def test_the_shop_is_killed(url: str, tell: Callable[[str], None]) -> None:
    """
    Killed again and again while people write, the shop has lost nothing.
    """
    writers = Writers()
    for _ in range(ROUNDS):
        with (
            serving(url) as server,
            Client(server.port).log_in() as client,
            writers.at_work(client),
        ):
            time.sleep(random.uniform(0.3, 1.2))
            server.process.kill()
            server.process.wait()

    there = kept(url)
    tell(f"shop killed {ROUNDS} times, {url.partition(':')[0]}: {writers.told(there)}")
    assert writers.acknowledged
    assert writers.acknowledged <= there
    assert there <= writers.sent
    assert writers.refused == []


def test_one_of_several_processes_is_killed(url: str, tell: Callable[[str], None]) -> None:
    """
    While one process is started again, the others go on, and nothing is lost.
    """
    with serving(url, "--workers", "2") as server, Client(server.port).log_in() as client:
        writers = Writers()
        wait_until(lambda: len(server.process.children()) == 2)
        with writers.at_work(client):
            for _ in range(ROUNDS):
                time.sleep(0.6)
                random.choice(server.process.children()).kill()
            wait_until(lambda: len(server.process.children()) == 2)
            time.sleep(0.5)
        there = client.like(server.port).skus()
        code = server.stop()

    tell(f"processes killed {ROUNDS} times, {url.partition(':')[0]}: {writers.told(there)}")
    assert writers.acknowledged <= there
    assert writers.refused == []
    assert writers.longest_gap < 5
    assert code == 0


def test_postgresql_is_killed(
    durable_postgres: PostgresServer, database: str, tell: Callable[[str], None]
) -> None:
    """
    The database server falls while people write, and comes back: nothing is lost, no one stuck.
    """
    with serving(database) as server, Client(server.port).log_in() as client:
        writers = Writers()
        with writers.at_work(client):
            time.sleep(1)
            durable_postgres.kill()
            time.sleep(1)
            durable_postgres.start()
            before = len(writers.acknowledged)
            wait_until(lambda: len(writers.acknowledged) > before + 10)
        there = client.skus()

    tell(f"PostgreSQL killed: {writers.told(there)}")
    assert writers.acknowledged <= there
    assert writers.broken == []
    assert {503} == {answer.status for answer in writers.refused}
