"""A TCP proxy that can be disconnected, to simulate a network partition."""

import socket
from contextlib import suppress
from threading import Lock, Thread
from types import TracebackType
from typing import Final, Self, final
from urllib.parse import urlsplit, urlunsplit

from tests.integration.servers import LOOPBACK

CHUNK: Final = 65536


@final
class TcpProxy:
    """Forwards bytes from a port of its own to a server while it is connected."""

    def __init__(self, url: str) -> None:
        """Listen for connections to forward to the server at *url*; `url` is its address."""
        target = urlsplit(url)
        self._server = (str(target.hostname), int(target.port or 0))
        self._listener = socket.create_server((LOOPBACK, 0))
        self.url = urlunsplit(
            target._replace(netloc=f"{LOOPBACK}:{self._listener.getsockname()[1]}")
        )
        self._connected = True
        self._sockets: list[socket.socket] = []
        self._lock = Lock()
        Thread(target=self._serve, daemon=True).start()

    def disconnect(self) -> None:
        """Close every connection, and accept no more."""
        with self._lock:
            self._connected = False
            for connection in self._sockets:
                _close(connection)
            self._sockets.clear()

    def reconnect(self) -> None:
        """Accept connections again."""
        with self._lock:
            self._connected = True

    def __enter__(self) -> Self:
        """Return the proxy."""
        return self

    def __exit__(
        self,
        _: type[BaseException] | None,
        __: BaseException | None,
        ___: TracebackType | None,
    ) -> None:
        """Close every connection and the listener."""
        self.disconnect()
        _close(self._listener)

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                self._connect(self._listener.accept()[0])

    def _connect(self, client: socket.socket) -> None:
        with self._lock:
            if not self._connected:
                client.close()
                return
            server = socket.create_connection(self._server)
            self._sockets += [client, server]
        for source, target in ((client, server), (server, client)):
            Thread(target=_forward, args=(source, target), daemon=True).start()


def _forward(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(CHUNK):
            target.sendall(data)
    _close(target)


def _close(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)  # wakes threads blocked in accept() or recv()
    connection.close()
