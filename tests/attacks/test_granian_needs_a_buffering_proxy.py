"""granian sets no time limit for request bodies; `serve` and the guide say what it needs."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from mechanic_shop.commands.serve import GRANIAN_NEEDS_A_PROXY
from tests.integration.sockets import (
    LOOPBACK,
    PATIENCE_S,
    ROOT,
    Server,
    free_port,
    read_to_end,
    running,
    wait_until,
    wait_until_listening,
)

GUIDE = ROOT / "docs" / "how-to" / "run-on-a-server.md"
TINY = "tests.integration.tiny_app"
THREADS = 2
GRANIAN = "from mechanic_server.granian import run; run('{}', {}, {}, 1, '{}:application')"
HALF = b"POST /half HTTP/1.1\r\nHost: shop\r\nContent-Length: 2\r\n\r\nx"
ASK = b"GET /healthz HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n"


def answers(server: Server, patience: float = PATIENCE_S) -> bool:
    """Return whether a request on a new connection is answered."""
    try:
        return server.ask(ASK, patience).statuses == [200]
    except OSError:
        return False


def test_slow_bodies_occupy_the_threads_of_granian() -> None:
    """
    As many slow bodies as threads stop granian; when this fails the warning can go.
    """
    port = free_port()
    command = GRANIAN.format(LOOPBACK, port, THREADS, TINY)
    with running(["-c", command], port) as server, ExitStack() as slow:
        wait_until_listening(server)
        wait_until(lambda: answers(server))
        clients = [slow.enter_context(server.connect()) for _ in range(THREADS)]
        for client in clients:
            client.sendall(HALF)
        wait_until(lambda: not answers(server, 1.0))
        for client in clients:
            client.sendall(b"x")
        finished = [read_to_end(client, 1.0).statuses for client in clients]

        assert [[200]] * THREADS == finished
        assert answers(server)


@pytest.mark.parametrize(("server", "lines"), [("granian", 1), ("waitress", 0)])
def test_serve_says_that_granian_needs_a_buffering_proxy(
    tmp_path: Path, server: str, lines: int
) -> None:
    """
    `serve --server granian` says so in one line on standard error; waitress needs no proxy.
    """
    port = free_port()
    command = ["-m", "mechanic_shop", "serve", "--server", server, "--port", str(port)]
    settings = {"DATABASE_URL": f"sqlite:///{tmp_path / 'shop.db'}"}
    log = tmp_path / "log"
    logged = ("sh", "-c", f'exec "$@" 2>{log}', "sh")
    with running(command, port, settings, logged) as shop:
        wait_until_listening(shop)
        wait_until(lambda: answers(shop))
        code = shop.stop()

    assert lines == log.read_text().splitlines().count(GRANIAN_NEEDS_A_PROXY)
    assert 0 == code


def test_the_guide_says_that_granian_needs_a_buffering_proxy() -> None:
    """
    The guide to a server says how proxies buffer requests.
    """
    _, _, section = GUIDE.read_text("utf-8").partition("## With granian\n")

    assert "proxy_request_buffering on" in section.partition("\n## ")[0]
