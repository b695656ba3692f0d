"""A cable between a client and a server that can be cut: a partition of the network."""

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
    """Carries bytes from a port of its own to a server, while it is whole."""

    def __init__(self, url: str) -> None:
        """Lead to the server at *url*; `url` is this end's address."""
        there = urlsplit(url)
        self._server = (str(there.hostname), int(there.port or 0))
        self._listener = socket.create_server((LOOPBACK, 0))
        self.url = urlunsplit(
            there._replace(netloc=f"{LOOPBACK}:{self._listener.getsockname()[1]}")
        )
        self._whole = True
        self._ends: list[socket.socket] = []
        self._lock = Lock()
        Thread(target=self._serve, daemon=True).start()

    def cut(self) -> None:
        """Break every connection, and let none through."""
        with self._lock:
            self._whole = False
            for end in self._ends:
                _close(end)
            self._ends.clear()

    def mend(self) -> None:
        """Let connections through again."""
        with self._lock:
            self._whole = True

    def __enter__(self) -> Self:
        """Be whole."""
        return self

    def __exit__(
        self,
        _: type[BaseException] | None,
        __: BaseException | None,
        ___: TracebackType | None,
    ) -> None:
        """Take the cable away."""
        self.cut()
        _close(self._listener)

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                self._connect(self._listener.accept()[0])

    def _connect(self, near: socket.socket) -> None:
        with self._lock:
            if not self._whole:
                near.close()
                return
            far = socket.create_connection(self._server)
            self._ends += [near, far]
        for source, target in ((near, far), (far, near)):
            Thread(target=_carry, args=(source, target), daemon=True).start()


def _carry(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(CHUNK):
            target.sendall(data)
    _close(target)


def _close(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)  # wakes whoever waits in accept() or recv()
    end.close()
