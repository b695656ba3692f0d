"""SIGTERM while people write: all that was begun is finished, within ten seconds, exit 0."""

import time
from collections.abc import Callable

import pytest

from tests.faults.shops import Client, Writers, command, found, serving


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
