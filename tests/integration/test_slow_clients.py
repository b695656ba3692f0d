"""Slow clients (slowloris) lose their connection; busy clients do not delay others."""

import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Thread
from typing import Any
from wsgiref.types import StartResponse

import pytest

from mechanic_adapters.conformance.samples.threads import in_parallel
from mechanic_server.limits import ConnectionLimits
from mechanic_server.waitress import GuardedServer
from tests.integration.sockets import PATIENCE_S, read_to_end

LIMITS = ConnectionLimits()
ASK = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
LAST = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
ANSWERED = b"\r\n\r\nyes"


def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Answer every request."""
    start_response("200 OK", [("Content-Length", "3")])
    return [b"yes"]


@contextmanager
def served(limits: ConnectionLimits = LIMITS) -> Iterator[tuple[GuardedServer, int]]:
    """A server in this process, whose clock the test controls."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        server = GuardedServer(application, listener, 2, limits)
        thread = Thread(target=server.run)
        thread.start()
        try:
            yield server, port
        finally:
            server.stop()
            thread.join(15)


@pytest.mark.parametrize(
    ("sent", "allowed"),
    [
        (b"GET / HTTP/1.1\r\nHost", LIMITS.head_s),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx", LIMITS.request_s),
    ],
    ids=["head", "body"],
)
def test_an_incomplete_request_times_out(sent: bytes, allowed: float) -> None:
    """
    An incomplete request times out, even when single bytes keep arriving.
    """
    with served() as (server, port), socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(sent)
        while not (channels := list(server.active_channels.values())) or not channels[0].request:
            time.sleep(0.01)
        began = channels[0].request.began

        late = [channels[0].is_late(began + allowed + more) for more in (-0.1, 0.1)]
        channels[0].request.began -= allowed
        client.sendall(b"x")
        answers = read_to_end(client, LIMITS.head_s / 2)

    assert [False, True] == late
    assert answers.closed
    assert answers.bytes == b""


def test_a_refused_client_reads_why() -> None:
    """
    A client that keeps sending receives the error before the connection is closed.
    """
    with served() as (_, port), socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n")
        for _ in range(20):
            client.sendall(b"x" * 10_000)
            time.sleep(0.01)
        answers = read_to_end(client)

    assert [400] == answers.statuses
    assert answers.closed


def test_lingering_connections_are_closed() -> None:
    """
    Lingering connections are closed after a timeout.
    """
    with served() as (server, port), socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET / HTTP/9.9\r\n\r\n")
        assert read_to_end(client, 2).statuses == [505]
        deadline = time.monotonic() + LIMITS.linger_s + LIMITS.sweep_s + 2
        while server.active_channels and time.monotonic() < deadline:
            time.sleep(0.05)

        assert not server.active_channels


def test_time_outs_are_checked_while_clients_come() -> None:
    """
    A late connection is closed also while new connections arrive.
    """
    limits = ConnectionLimits(first_request_s=0.2, sweep_s=0.01)
    with served(limits) as (_, port), socket.create_connection(("127.0.0.1", port)) as silent:
        silent.setblocking(False)
        deadline = time.monotonic() + PATIENCE_S
        while is_open(silent):
            assert time.monotonic() < deadline
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(ASK)
                assert read_answer(client)


def test_busy_clients_do_not_delay_others() -> None:
    """
    More busy clients than threads all get their responses in order.
    """

    def ask(port: int) -> int:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
            for _ in range(200):
                client.sendall(ASK)
                assert read_answer(client)
            client.sendall(ASK * 19 + LAST)
            return read_to_end(client).bytes.count(ANSWERED)

    with served() as (_, port):
        assert [20] * 5 == in_parallel(*[partial(ask, port) for _ in range(5)])


def is_open(client: socket.socket) -> bool:
    """Return whether the server has left this silent connection open."""
    try:
        return bool(client.recv(1))
    except BlockingIOError:
        return True


def read_answer(client: socket.socket) -> bool:
    """Read one response, and return whether it is the expected one."""
    found = b""
    while ANSWERED not in found:
        if not (piece := client.recv(4096)):
            return False
        found += piece
    return found.startswith(b"HTTP/1.1 200") and found.endswith(ANSWERED)
