"""The guarded server in this process, with limits that a test shortens."""

import socket
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Final
from wsgiref.types import WSGIApplication

from attrs import frozen

from mechanic_server.client_networks import Network
from mechanic_server.limits import ConnectionLimits
from mechanic_server.waitress import GuardedServer
from tests.integration.sockets import LOOPBACK, PATIENCE_S

SHORT_S: Final = 0.3
"""A shortened time-out."""

DEFAULT: Final = ConnectionLimits()


def shortened(**limits: float) -> ConnectionLimits:
    """Return the default limits with some changed, and time-outs checked often."""
    return ConnectionLimits(**{"sweep_s": 0.02, **limits})  # type: ignore[arg-type]  # counts too


@frozen
class Guarded:
    """A running server and the port it listens on."""

    server: GuardedServer
    port: int

    def connect(self, host: str = LOOPBACK) -> socket.socket:
        """Open a connection from the address *host*."""
        return socket.create_connection(
            (LOOPBACK, self.port), timeout=PATIENCE_S, source_address=(host, 0)
        )


@contextmanager
def guarded(
    application: WSGIApplication,
    threads: int = 2,
    limits: ConnectionLimits = DEFAULT,
    proxies: Collection[Network] = (),
) -> Iterator[Guarded]:
    """Serve *application* within the block."""
    with socket.create_server((LOOPBACK, 0), backlog=256) as listener:
        port: int = listener.getsockname()[1]
        server = GuardedServer(application, listener, threads, limits, proxies)
        thread = Thread(target=server.run)
        thread.start()
        try:
            yield Guarded(server, port)
        finally:
            server.stop()
            thread.join(PATIENCE_S)


def is_closed(client: socket.socket) -> bool:
    """Return whether the server has closed the connection, on which nothing is left to read."""
    client.setblocking(False)
    try:
        return client.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    finally:
        client.settimeout(PATIENCE_S)
