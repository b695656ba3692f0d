"""Servers in processes of their own, and sockets that speak to them byte by byte."""

import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from os import environ
from pathlib import Path

import psutil
from attrs import define, frozen

ROOT = Path(__file__).parents[2]
LOOPBACK = "127.0.0.1"
PATIENCE_S = 30.0


@frozen
class Answers:
    """What came back on a connection, and whether the server closed it."""

    bytes: bytes
    closed: bool

    @property
    def statuses(self) -> list[int]:
        """The status of each answer, in order."""
        return [int(code) for code in re.findall(rb"HTTP/1\.[01] ([0-9]{3})", self.bytes)]


@define(eq=False)
class Server:
    """A server that runs, and where it listens."""

    process: psutil.Popen
    port: int

    def connect(self) -> socket.socket:
        """Open a connection."""
        return socket.create_connection((LOOPBACK, self.port), timeout=PATIENCE_S)

    def ask(self, sent: bytes, patience: float = PATIENCE_S) -> Answers:
        """Send bytes on a connection of their own, and read until the server closes it."""
        with self.connect() as connection:
            connection.sendall(sent)
            return read_to_end(connection, patience)

    def get(self, path: str) -> Answers:
        """Send a plain request."""
        return self.ask(f"GET {path} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n".encode())

    def stop(self) -> int:
        """Ask the server to stop, and return its exit code."""
        self.process.terminate()
        return int(self.process.wait(PATIENCE_S))


def read_to_end(connection: socket.socket, patience: float = PATIENCE_S) -> Answers:
    """Read until the server closes the connection, or is silent for too long."""
    connection.settimeout(patience)
    came = b""
    while True:
        try:
            read = connection.recv(65536)
        except TimeoutError:
            return Answers(came, closed=False)
        except ConnectionResetError:
            return Answers(came, closed=True)
        if not read:
            return Answers(came, closed=True)
        came += read


@contextmanager
def running(
    command: Sequence[str],
    port: int | None = None,
    extra: Mapping[str, str] | None = None,
    before: Sequence[str] = (),
) -> Iterator[Server]:
    """Run a server; without a *port* it prints where it listens.

    Args:
        command: What Python is to run.
        port: Where the server listens, if it was told.
        extra: Variables of the environment.
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
        yield Server(process, port or _announced(process))
    finally:
        family = [process, *_children(process)]
        for one in family:
            if one.is_running():
                one.kill()
        process.wait()
        process.stdout.close()


def until(true: Callable[[], bool]) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


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
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        port: int = listener.getsockname()[1]
        return port


def _announced(process: psutil.Popen) -> int:
    for line in process.stdout:
        if found := re.search(r"http://127\.0\.0\.1:([0-9]+)", line):
            return int(found[1])
    raise RuntimeError(f"the server ended with {process.wait()}")


def _children(process: psutil.Popen) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []
