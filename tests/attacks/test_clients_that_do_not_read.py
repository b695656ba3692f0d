"""Clients that do not read their responses hold no thread, and lose their connection."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from threading import Event
from typing import Any
from wsgiref.types import StartResponse

import pytest

from tests.attacks.guarded_servers import SHORT_S, guarded, shortened
from tests.integration.sockets import PATIENCE_S, read_to_end, wait_until

LARGE = b"x" * 1_700_000
ASK_LARGE = b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n"
ASK_ENDLESS = b"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n"
ASK_LAST = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
THREADS = 2

ended = Event()


def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Answer with much, with output that never ends, or with one word."""
    match environ["PATH_INFO"]:
        case "/large":
            start_response("200 OK", [("Content-Length", str(len(LARGE)))])
            return [LARGE]
        case "/endless":
            start_response("200 OK", [])
            return endless()
        case _:
            start_response("200 OK", [("Content-Length", "3")])
            return [b"yes"]


def endless() -> Iterator[bytes]:
    """Yield without end, and set `ended` when closed."""
    try:
        while True:
            yield LARGE
    finally:
        ended.set()


def test_pipelined_requests_wait_while_output_waits() -> None:
    """
    Clients that pipeline large files and read nothing leave every thread to others.
    """
    with guarded(application, THREADS) as shop, ExitStack() as clients:
        for _ in range(3 * THREADS):
            clients.enter_context(shop.connect()).sendall(24 * ASK_LARGE)
        channels = shop.server.active_channels
        wait_until(lambda: len(channels) == 3 * THREADS)
        wait_until(lambda: all(one.total_outbufs_len for one in list(channels.values())))
        with shop.connect() as other:
            other.sendall(ASK_LAST)
            answers = read_to_end(other, PATIENCE_S / 2)
        waiting = [one.total_outbufs_len for one in list(channels.values())]

    assert [200] == answers.statuses
    assert all(length < 2 * len(LARGE) for length in waiting)


def test_pipelined_requests_continue_once_the_client_reads() -> None:
    """
    A client that reads late gets every response that it has pipelined, in order.
    """
    with guarded(application, THREADS) as shop, shop.connect() as client:
        client.sendall(8 * ASK_LARGE + ASK_LAST)
        channels = shop.server.active_channels
        wait_until(lambda: any(one.total_outbufs_len for one in list(channels.values())))
        received = read_to_end(client)

    assert 9 * [200] == received.statuses
    assert 8 * len(LARGE) == received.bytes.count(b"x")
    assert received.bytes.endswith(b"yes")
    assert received.closed


def test_output_that_does_not_shrink_closes_the_connection() -> None:
    """
    A client that reads nothing loses its connection after a time-out.
    """
    limits = shortened(output_s=SHORT_S)
    with guarded(application, THREADS, limits) as shop, shop.connect() as client:
        client.sendall(24 * ASK_LARGE)
        channels = shop.server.active_channels
        wait_until(lambda: len(channels) == 1)
        wait_until(lambda: not channels)
        received = read_to_end(client)

    assert received.closed
    assert received.bytes.count(b"x") < 24 * len(LARGE)


def test_a_thread_that_cannot_write_is_freed() -> None:
    """
    A response of any length occupies a thread no longer than its client reads.
    """
    ended.clear()
    limits = shortened(output_s=SHORT_S)
    with guarded(application, 1, limits) as shop, shop.connect() as client:
        client.sendall(ASK_ENDLESS)
        assert ended.wait(PATIENCE_S)
        with shop.connect() as other:
            other.sendall(ASK_LAST)
            answers = read_to_end(other)

    assert [200] == answers.statuses


def test_output_that_shrinks_keeps_the_connection() -> None:
    """
    The time-out starts anew whenever the client has read something.
    """
    with guarded(application, THREADS) as shop, shop.connect() as client:
        client.sendall(24 * ASK_LARGE)
        channels = shop.server.active_channels
        wait_until(lambda: any(one.total_outbufs_len for one in list(channels.values())))
        (channel,) = channels.values()
        stalled = channel.last_activity
        allowed = shop.server.limits.output_s

        late = [channel.is_late(stalled + allowed + more) for more in (-0.1, 0.1)]
        while channel.last_activity == stalled:
            client.recv(100_000)

        assert [False, True] == late
        assert not channel.is_late(stalled + allowed + 0.001)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits how long it keeps output")
def test_output_in_the_kernel_is_limited_too() -> None:
    """
    Output that the operating system has taken but the client does not read is not kept for long.
    """
    limits = shortened(output_s=1.0)
    with guarded(application, THREADS, limits) as shop, shop.connect() as client:
        client.sendall(ASK_LARGE)
        channels = shop.server.active_channels
        wait_until(lambda: len(channels) == 1)
        wait_until(lambda: not channels)
