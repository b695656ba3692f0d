"""A client cannot choose the address that a trusted proxy passes on."""

from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from tests.integration.sockets import (
    LOOPBACK,
    Server,
    free_port,
    read_to_end,
    running,
    wait_until,
    wait_until_listening,
)

TINY: Final = "tests.integration.tiny_app"
THREADS: Final = 2
GRANIAN: Final = (
    "from mechanic_server.granian import run; run('{}', {}, {}, 1, '{}', behind_proxy=True)"
)
HEALTH: Final = b"GET /healthz HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n%s\r\n"
MISSING: Final = b"GET /nowhere HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n%s\r\n"
HALF: Final = (
    b"POST /half HTTP/1.1\r\nHost: shop\r\nContent-Length: 2\r\nConnection: close\r\n\r\nx"
)


def status(server: Server, request: bytes) -> int:
    """Return the status of a request on a new connection; 0 without a response."""
    try:
        return server.ask(request).statuses[0]
    except (OSError, IndexError):
        return 0


@pytest.mark.parametrize("server", ["granian", "waitress"])
def test_a_header_with_an_underscore_is_not_that_of_the_proxy(tmp_path: Path, server: str) -> None:
    """
    `X_Forwarded_For` never replaces `X-Forwarded-For`: granian refuses it, waitress drops it.

    F6: each client behind a proxy that adds ports to addresses has a budget of its own.
    """
    port = free_port()
    command = ["-m", "mechanic_shop", "serve", "--server", server, "--port", str(port)]
    settings = {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'shop.db'}",
        "STATIC_RATE_LIMIT": "5/hour",
        "TRUSTED_PROXIES": LOOPBACK,
    }
    with running(command, port, settings) as shop:
        wait_until_listening(shop)
        wait_until(lambda: status(shop, HEALTH % b"") == 200)

        forged = [
            status(
                shop, MISSING % b"X-Forwarded-For: 192.0.2.1\r\nX_Forwarded_For: 6.6.6.%d\r\n" % n
            )
            for n in range(7)
        ]
        honest = [
            status(shop, MISSING % b"X-Forwarded-For: 192.0.2.%d:5131\r\n" % n) for n in (2, 2, 3)
        ]

    assert [404] * 3 == honest
    assert forged == ([400] * 7 if server == "granian" else [404] * 5 + [429] * 2)


def test_slow_bodies_do_not_stop_granian_behind_a_proxy() -> None:
    """
    A request takes a thread of granian when all of it has arrived.
    """
    port = free_port()
    command = GRANIAN.format(LOOPBACK, port, THREADS, f"{TINY}:application")
    with running(["-c", command], port) as server, ExitStack() as slow:
        wait_until_listening(server)
        wait_until(lambda: status(server, HEALTH % b"") == 200)
        clients = [slow.enter_context(server.connect()) for _ in range(4 * THREADS)]
        for client in clients:
            client.sendall(HALF)

        meanwhile = [status(server, HEALTH % b"") for _ in range(20)]
        for client in clients:
            client.sendall(b"x")
        finished = [read_to_end(client).statuses for client in clients]

    assert [200] * 20 == meanwhile
    assert [[200]] * 4 * THREADS == finished
