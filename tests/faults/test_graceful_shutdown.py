"""SIGTERM during writes: requests in progress finish within ten seconds, exit code 0."""

import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from typing import Final

import pytest

from mechanic_server.limits import DRAIN_TIMEOUT_S
from tests.faults.shop_processes import Client, Writers, serving, stored_skus
from tests.integration.servers import PostgresServer
from tests.integration.sockets import LOOPBACK

HALF: Final = b"POST /login HTTP/1.1\r\nHost: shop\r\nContent-Length: 9\r\n\r\n{"
REST: Final = b'"a": 1 }'
LONG: Final = 100 * b"GET /openapi.json HTTP/1.1\r\nHost: shop\r\n\r\n"


@pytest.mark.parametrize("workers", ["1", "2"])
def test_stops_during_writes(url: str, workers: str, report: Callable[[str], None]) -> None:
    """
    Every request that was acknowledged is stored, and none is half done.
    """
    with (
        serving(url, "--workers", workers) as server,
        Client(server.port).log_in() as client,
    ):
        writers = Writers()
        with writers.writing(client, 8):
            time.sleep(1)
            started = time.monotonic()
            server.process.terminate()
            code = server.process.wait(15)
            took = time.monotonic() - started

    there = stored_skus(url)
    report(f"stopped in {took:.2f} s with {workers} at work: {writers.summary(there)}")
    assert code == 0
    assert took < 10
    assert writers.acknowledged <= there
    assert writers.refused == []


def test_endless_requests_delay_the_shutdown(
    durable_postgres: PostgresServer, database: str, report: Callable[[str], None]
) -> None:
    """
    Requests that never end delay the shutdown by ten seconds at most.

    One waits for a database that does not respond, one is half sent, and of one the response is not
    read.
    """
    with (
        serving(database, "--workers", "2") as server,
        Client(server.port, 30.0).log_in() as client,
        server.connect() as half,
        socket.socket() as unread,
        ThreadPoolExecutor(1) as hand,
    ):
        half.sendall(HALF)
        unread.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        unread.connect((LOOPBACK, server.port))
        unread.sendall(LONG)
        durable_postgres.suspend()
        try:
            stuck = hand.submit(client.ask, "GET", "/customers")
            time.sleep(0.5)
            started = time.monotonic()
            server.process.terminate()
            code = server.process.wait(20)
            took = time.monotonic() - started
        finally:
            durable_postgres.resume()
        broken = stuck.exception(20)

    report(f"stopped in {took:.2f} s with requests that never end: {broken!r}, exit code {code}")
    assert code == 0
    assert DRAIN_TIMEOUT_S - 1 < took < DRAIN_TIMEOUT_S + 3
    assert isinstance(broken, OSError | HTTPException)


def test_serves_open_connections_while_it_drains(url: str) -> None:
    """
    While one request is unfinished, connections that are open are served; then it stops at once.
    """
    with (
        serving(url, "--workers", "1") as server,
        Client(server.port) as other,
        server.connect() as half,
    ):
        assert other.ask("GET", "/healthz").status == 200
        half.sendall(HALF)
        assert other.ask("GET", "/healthz").status == 200
        server.process.terminate()
        time.sleep(0.5)
        alive = other.ask("GET", "/healthz")
        half.sendall(REST)
        answer = half.recv(4096)
        code = server.process.wait(5)

    assert alive.status == 200
    assert answer.startswith(b"HTTP/1.1 4")
    assert code == 0
