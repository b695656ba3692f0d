"""The address that a server listens on, and a sentence why it cannot."""

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_REASONS: Final = {
    errno.EADDRINUSE: "another program has this port",
    errno.EADDRNOTAVAIL: "this machine has no such address",
    errno.EACCES: "the rights for this port are missing",
    socket.EAI_NONAME: "no host has this name",
}


class CannotListen(OSError):
    """Nobody can listen on the address; the text names host and port, and says why."""


@contextmanager
def naming(host: str, port: int) -> Iterator[None]:
    """Raise `CannotListen` for an `OSError` in this block."""
    try:
        yield
    except OSError as error:
        number = error.errno or 0
        reason = _REASONS.get(number) or (os.strerror(number) if number > 0 else str(error))
        raise CannotListen(f"cannot listen on {host}, port {port}: {reason}") from error


def resolve(host: str, port: int) -> tuple[socket.AddressFamily, str]:
    """Return the family and the address of *host*; raise `CannotListen` if it has none."""
    with naming(host, port):
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    return family, str(address[0])
