"""Connections that send nothing shut nobody out."""

import socket
from collections.abc import Iterable
from contextlib import ExitStack, closing
from ipaddress import ip_network
from pathlib import Path
from threading import Event
from typing import Any
from wsgiref.types import StartResponse

import pytest

from mechanic_server.client_networks import network_of
from tests.attacks.guarded_servers import DEFAULT, SHORT_S, guarded, is_closed, shortened
from tests.integration.programs import ask, serving
from tests.integration.sockets import PATIENCE_S, read_to_end, running, wait_until

ASK = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
ASK_SLOW = b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"
ASK_LAST = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
HERE, THERE = "127.0.0.1", "127.0.0.2"

finish = Event()


def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Answer with one word; `/slow` waits for `finish`."""
    if environ["PATH_INFO"] == "/slow":
        finish.wait(PATIENCE_S)
    start_response("200 OK", [("Content-Length", "3")])
    return [b"yes"]


def answered(client: socket.socket) -> bool:
    """Return whether a request on this connection is answered."""
    try:
        client.sendall(ASK)
        received = b""
        while not received.endswith(b"yes"):
            if not (read := client.recv(4096)):
                return False
            received += read
        return received.startswith(b"HTTP/1.1 200")
    except ConnectionError:
        return False


@pytest.mark.parametrize("host", [HERE, THERE])
def test_silent_connections_shut_nobody_out(host: str) -> None:
    """
    While 500 connections are silent a new one is served, from their address or another.
    """
    with guarded(application) as shop, ExitStack() as silent:
        for _ in range(DEFAULT.connections):
            silent.enter_context(shop.connect())
        wait_until(lambda: len(shop.server.active_channels) >= DEFAULT.per_address)
        with shop.connect(host) as client:
            client.sendall(ASK_LAST)
            answers = read_to_end(client, DEFAULT.first_request_s / 2)

        assert [200] == answers.statuses
        assert len(shop.server.active_channels) <= DEFAULT.per_address


def test_a_new_connection_must_send_a_request_soon() -> None:
    """
    A connection without a request times out, blank lines or not; one with a response stays.
    """
    limits = shortened(first_request_s=SHORT_S)
    with (
        guarded(application, limits=limits) as shop,
        shop.connect() as silent,
        shop.connect() as blank,
        shop.connect() as client,
    ):
        assert answered(client)
        while not is_closed(silent) or not is_closed(blank):
            try:
                blank.sendall(b"\r\n\r\n")
            except ConnectionError:
                break

        wait_until(lambda: len(shop.server.active_channels) == 1)
        assert answered(client)


def test_the_connection_idle_longest_makes_room() -> None:
    """
    When the server is full, a new connection replaces the one that is idle longest.
    """
    limits = shortened(connections=3, per_address=3)
    with guarded(application, limits=limits) as shop, ExitStack() as opened:
        first, second, third = [opened.enter_context(shop.connect()) for _ in range(3)]
        channels = shop.server.active_channels
        for client in (first, second, third, first):
            assert answered(client)
            wait_until(lambda: not any(one.served for one in list(channels.values())))
        fourth = opened.enter_context(shop.connect(THERE))

        assert answered(fourth)
        wait_until(lambda: is_closed(second))
        assert [answered(client) for client in (first, third, fourth)] == [True] * 3


def test_a_connection_being_served_is_never_closed_for_another() -> None:
    """
    A running request is not ended to make room; the next connections wait for it.
    """
    finish.clear()
    limits = shortened(connections=1, per_address=1)
    with guarded(application, limits=limits) as shop, shop.connect() as slow:
        slow.sendall(ASK_SLOW)
        wait_until(lambda: any(one.served for one in list(shop.server.active_channels.values())))
        with shop.connect() as waiting:
            waiting.sendall(ASK_LAST)
            finish.set()
            answers = [slow.recv(4096), read_to_end(waiting).bytes]

    assert all(answer.startswith(b"HTTP/1.1 200") for answer in answers)


def test_one_address_has_a_bounded_number_of_connections() -> None:
    """
    A client with too many connections loses the one idle longest, and no one else's is closed.
    """
    limits = shortened(per_address=2)
    with guarded(application, limits=limits) as shop, ExitStack() as opened:
        other = opened.enter_context(shop.connect(THERE))
        assert answered(other)
        own = [opened.enter_context(shop.connect()) for _ in range(3)]

        wait_until(lambda: is_closed(own[0]))
        assert [answered(client) for client in (*own[1:], other)] == [True] * 3


def test_a_proxy_may_open_as_many_as_all_clients() -> None:
    """
    The number of connections from a trusted proxy has no bound of its own.
    """
    limits = shortened(per_address=2)
    with (
        guarded(application, limits=limits, proxies=[ip_network("127.0.0.0/30")]) as shop,
        ExitStack() as opened,
    ):
        own = [opened.enter_context(shop.connect()) for _ in range(5)]

        assert [answered(client) for client in own] == [True] * 5


def test_a_low_limit_of_open_files_shuts_nobody_out() -> None:
    """
    Connections do not use up the files that a process may open.
    """
    low = ("sh", "-c", 'ulimit -Sn 256 && exec "$@"', "sh")
    with (
        running(["-m", "tests.integration.tiny_app", "1"], before=low) as server,
        ExitStack() as silent,
    ):
        for number in range(300):
            here = (HERE, THERE)[number % 2]
            address = (HERE, server.port)
            silent.enter_context(
                socket.create_connection(address, PATIENCE_S, source_address=(here, 0))
            )

        assert [200] == server.get("/x").statuses


@pytest.mark.parametrize(("trusted", "open_ones"), [("", 250), ("127.0.0.0/8,::1", 260)])
def test_trusted_proxies_come_from_the_settings(
    tmp_path: Path, trusted: str, open_ones: int
) -> None:
    """
    `TRUSTED_PROXIES` are exempt from the bound of 250 connections for each address.
    """
    with (
        serving(tmp_path, "serve", "--port", "0", env={"TRUSTED_PROXIES": trusted}) as shop,
        ExitStack() as opened,
    ):
        clients = [
            opened.enter_context(socket.create_connection((HERE, shop.port), PATIENCE_S))
            for _ in range(260)
        ]
        with closing(shop.connection()) as last:
            status = ask(last, "GET", "/healthz").status
            closed = sum(is_closed(client) for client in clients)

    assert 200 == status
    assert 260 - open_ones + (1 if open_ones == 250 else 0) == closed


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
    ],
)
def test_a_client_is_an_ipv4_address_or_an_ipv6_network(host: str, network: str) -> None:
    """
    Connections are counted by IPv4 address or IPv6 /64 network.
    """
    assert network == network_of(host)
