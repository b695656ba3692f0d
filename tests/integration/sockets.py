"""Servers in processes of their own, and raw sockets to them."""

import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from os import environ
from pathlib import Path

import psutil
from attrs import define, frozen

ROOT = Path(__file__).parents[2]
LOOPBACK = "127.0.0.1"
PATIENCE_S = 30.0


@frozen
class RawResponses:
    """The bytes received on a connection, and whether the server closed it."""

    bytes: bytes
    closed: bool

    @property
    def statuses(self) -> list[int]:
        """The status code of each response, in order."""
        return [int(code) for code in re.findall(rb"HTTP/1\.[01] ([0-9]{3})", self.bytes)]


@define(eq=False)
class Server:
    """A running server process and its port."""

    process: psutil.Popen
    port: int

    def connect(self) -> socket.socket:
        """Open a connection."""
        return socket.create_connection((LOOPBACK, self.port), timeout=PATIENCE_S)

    def ask(self, sent: bytes, patience: float = PATIENCE_S) -> RawResponses:
        """Send bytes on a new connection, and read until the server closes it."""
        with self.connect() as connection:
            connection.sendall(sent)
            return read_to_end(connection, patience)

    def get(self, path: str) -> RawResponses:
        """Send a GET and read until the server closes the connection."""
        return self.ask(f"GET {path} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n".encode())

    def workers(self) -> list[psutil.Process]:
        """Return its worker processes, without those that have ended and are not waited for yet."""
        return [one for one in self.process.children() if not has_ended(one)]

    def kill(self, *workers: psutil.Process) -> None:
        """Kill some of its workers, and wait until they have ended; the supervisor starts others."""
        for one in workers:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        wait_until(lambda: all(map(has_ended, workers)))

    def stop(self) -> int:
        """Send SIGTERM, and return the exit code."""
        self.process.terminate()
        return int(self.process.wait(PATIENCE_S))


def has_ended(process: psutil.Process) -> bool:
    """Return whether a process has ended, be it waited for or not."""
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def read_to_end(connection: socket.socket, patience: float = PATIENCE_S) -> RawResponses:
    """Read until the server closes the connection or *patience* seconds pass."""
    connection.settimeout(patience)
    received = b""
    while True:
        try:
            read = connection.recv(65536)
        except TimeoutError:
            return RawResponses(received, closed=False)
        except ConnectionResetError:
            return RawResponses(received, closed=True)
        if not read:
            return RawResponses(received, closed=True)
        received += read


@contextmanager
def running(
    command: Sequence[str],
    port: int | None = None,
    extra: Mapping[str, str] | None = None,
    before: Sequence[str] = (),
) -> Iterator[Server]:
    """Run a server; without a *port* it is read from what the server prints.

    Args:
        command: The arguments of Python.
        port: The port that the server was configured with.
        extra: Additional environment variables.
        before: A program that runs Python, with its own options.
    """
    process = psutil.Popen(
        [*before, sys.executable, *command],
        cwd=ROOT,
        env={**environ, "PYTHONPATH": f"{ROOT / 'src'}", **(extra or {})},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield Server(process, port or _printed_port(process))
    finally:
        processes = [process, *_children(process)]
        for one in processes:
            if one.is_running():
                one.kill()
        process.wait()
        process.stdout.close()


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until a condition is true."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_refused(port: int) -> bool:
    """Return whether connections to *port* are refused; while it is being closed some are reset."""
    with suppress(ConnectionResetError):
        try:
            socket.create_connection((LOOPBACK, port), timeout=PATIENCE_S).close()
        except ConnectionRefusedError:
            return True
    return False


def wait_until_listening(server: Server) -> None:
    """Wait until the server accepts connections."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            server.connect().close()
        except ConnectionRefusedError:
            if time.monotonic() > deadline or server.process.poll() is not None:
                raise
            time.sleep(0.05)
        else:
            return


def free_port() -> int:
    """Return a port that is not in use."""
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        port: int = listener.getsockname()[1]
        return port


def _printed_port(process: psutil.Popen) -> int:
    for line in process.stdout:
        if match := re.search(r"http://127\.0\.0\.1:([0-9]+)", line):
            return int(match[1])
    raise RuntimeError(f"the server ended with {process.wait()}")


def _children(process: psutil.Popen) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []
