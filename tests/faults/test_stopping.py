"""SIGTERM while people write: all that was begun is finished, within ten seconds, exit 0."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException

import pytest

from tests.faults.shops import Client, Writers, command, found, serving
from tests.integration.servers import PostgresServer


@pytest.mark.parametrize("workers", ["1", "2"])
def test_stops_while_people_write(url: str, workers: str, tell: Callable[[str], None]) -> None:
    """
    Nobody who was answered is answered wrongly, and nobody's work is half done.
    """
    found(url)
    with (
        serving(url, "--workers", workers) as server,
        Client(server.port).log_in() as client,
    ):
        writers = Writers()
        with writers.at_work(client, 8):
            time.sleep(1)
            started = time.monotonic()
            server.process.terminate()
            code = server.process.wait(15)
            took = time.monotonic() - started

    with serving(url) as server, Client(server.port).log_in() as client:
        there = client.skus()

    tell(f"stopped in {took:.2f} s with {workers} at work: {writers.told(there)}")
    assert code == 0
    assert took < 10
    assert writers.acknowledged <= there
    assert writers.refused == []
    assert command(url, "stock", "check").returncode == 0


def test_a_request_outlasts_the_stop(
    durable_postgres: PostgresServer, database: str, tell: Callable[[str], None]
) -> None:
    """
    A request whose database does not answer holds the stop up for ten seconds, and no longer.
    """
    found(database)
    with (
        serving(database) as server,
        Client(server.port).log_in() as client,
        client.like(server.port) as other,
        ThreadPoolExecutor(1) as hand,
    ):
        assert other.ask("GET", "/readyz").status == 200
        durable_postgres.suspend()
        try:
            stuck = hand.submit(client.ask, "GET", "/customers")
            time.sleep(0.5)
            started = time.monotonic()
            server.process.terminate()
            time.sleep(0.5)
            alive = other.ask("GET", "/healthz")
            code = server.process.wait(20)
            took = time.monotonic() - started
        finally:
            durable_postgres.resume()
        broken = stuck.exception(20)

    tell(f"stopped in {took:.2f} s with a request that never ends: {broken!r}, exit code {code}")
    assert alive.status == 200
    assert code == 0
    assert 9 < took < 15
    assert isinstance(broken, OSError | HTTPException)
