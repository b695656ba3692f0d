"""No request takes the server more than linear time, whatever it consists of.

A text four times as long may take six times as long; quadratic time takes sixteen times.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psutil
import pytest
from attrs import frozen
from waitress.adjustments import Adjustments

from mechanic_server import limits
from mechanic_server.request_parser import StrictParser
from tests.integration.programs import environment
from tests.integration.sockets import ROOT, Server, free_port, wait_until, wait_until_listening
from tests.linear_time import MOST_GROWTH, growth, slow_texts

TAIL: Final = "Host: shop\r\nConnection: close\r\n\r\n"
CHUNKED: Final = f"POST /inventory HTTP/1.1\r\nTransfer-Encoding: chunked\r\n{TAIL}"
REQUESTS: Final = {
    "method": f"{{}} /inventory HTTP/1.1\r\n{TAIL}",
    "target": f"GET /{{}} HTTP/1.1\r\n{TAIL}",
    "absolute target": f"GET http://shop{{}} HTTP/1.1\r\n{TAIL}",
    "target without a version": f"GET http://shop{{}}\r\n{TAIL}",
    "query": f"GET /inventory?{{}} HTTP/1.1\r\n{TAIL}",
    "version": f"GET /inventory HTTP/1.1{{}}\r\n{TAIL}",
    "before the request": f"{{}}GET /inventory HTTP/1.1\r\n{TAIL}",
    "field name": f"GET /inventory HTTP/1.1\r\nX{{}}: x\r\n{TAIL}",
    "field value": f"GET /inventory HTTP/1.1\r\nX:{{}}\r\n{TAIL}",
    "field without a colon": f"GET /inventory HTTP/1.1\r\nX{{}}\r\n{TAIL}",
    "host": "GET /inventory HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
    "connection": "GET /inventory HTTP/1.0\r\nHost: shop\r\nConnection: {}\r\n\r\n",
    "length": f"POST /inventory HTTP/1.1\r\nContent-Length: 1{{}}\r\n{TAIL}",
    "coding": f"POST /inventory HTTP/1.1\r\nTransfer-Encoding: chunked{{}}\r\n{TAIL}",
    "chunk size": f"{CHUNKED}1{{}}\r\na\r\n0\r\n\r\n",
    "chunk extension": f"{CHUNKED}1;{{}}\r\na\r\n0\r\n\r\n",
    "trailer": f"{CHUNKED}0\r\nX: {{}}\r\n\r\n",
    "broken trailer": f"{CHUNKED}0\r\n{{}}\r\n\r\n",
}
FIELDS: Final = ("Accept", "If-None-Match", "Authorization", "X-Forwarded-For", "Accept-Encoding")
MOST_IN_A_FIELD: Final = limits.MAX_FIELD_BYTES - 100
ADJUSTMENTS: Final = Adjustments(
    max_request_header_size=limits.MAX_HEAD_BYTES, max_request_body_size=limits.MAX_BODY_BYTES
)


def read(sent: bytes) -> StrictParser:
    """Read one request as the server does."""
    parser = StrictParser(ADJUSTMENTS)
    while sent and not parser.completed:
        sent = sent[parser.received(sent) :]
    return parser


@pytest.mark.parametrize("part", REQUESTS)
def test_each_part_of_a_request_is_parsed_in_linear_time(part: str) -> None:
    """
    Request line, fields, chunks and trailers, in the parser of the own server.
    """
    assert [] == slow_texts(lambda text: read(REQUESTS[part].format(text).encode()))


def test_many_small_chunks_are_parsed_in_linear_time() -> None:
    """
    A body of chunks of one byte each, with and without extensions.
    """

    def send(text: str) -> None:
        extensions = (f";{text[at : at + 200]}" for at in range(0, len(text), 200))
        chunks = ["1\r\na\r\n"] * (len(text) // 6) + [f"1{one}\r\na\r\n" for one in extensions]
        read((CHUNKED + "".join(chunks) + "0\r\n\r\n").encode())

    assert growth(send, lambda size: ";" * size) <= MOST_GROWTH


def test_blanks_around_a_value_are_removed() -> None:
    """
    Blanks and tabs before and behind a field's value do not belong to it; those inside it do.
    """
    parser = read(b"GET / HTTP/1.1\r\nX: \t  a \t b  \t\r\nY:\t\r\nZ:c\r\nHost:   shop\r\n\r\n")

    assert {"X": "a \t b", "Y": "", "Z": "c", "HOST": "shop"} == parser.headers


def test_a_trailer_field_is_at_most_as_long_as_any_other() -> None:
    """
    A trailer field of 8 KiB is read, a longer one refused: it is looked through at each packet.
    """
    longest = "X: " + "x" * (limits.MAX_FIELD_BYTES - 3)
    bodies = [f"{CHUNKED}0\r\n{field}\r\n\r\n" for field in (longest, f"{longest}x")]

    assert [None, 400] == [
        parser.error and parser.error.code for parser in (read(body.encode()) for body in bodies)
    ]


@frozen
class ServedShop:
    """A shop that is served on a port, and the CPU clocks of its processes."""

    server: Server
    clocks: tuple[int, ...]

    def send(self, request: str) -> None:
        """Send a request on a new connection, and read until the server closes it."""
        with self.server.connect() as connection:
            try:
                connection.sendall(request.encode())
                while connection.recv(65536):
                    pass
            except ConnectionError:
                pass  # refused before the end of the request

    def cpu_time(self) -> float:
        """Return the CPU time so far, to the nanosecond."""
        return sum(map(time.clock_gettime, self.clocks))


def _cpu_clock(pid: int) -> int:
    """Return the id of a process' CPU clock, as `clock_getcpuclockid` of Linux' C library does."""
    return (~pid << 3) | 2


@pytest.fixture(scope="module", params=["waitress", "granian"])
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServedShop]:
    """The shop behind a trusted proxy and without rate limits, on each server."""
    folder: Path = tmp_path_factory.mktemp(request.param)
    port = free_port()
    limits_off = {f"{name}_RATE_LIMIT": "" for name in ("GLOBAL", "LOGIN", "WRITE", "STATIC")}
    command = ("serve", f"--port={port}", "--threads=2", f"--server={request.param}")
    with (folder / "log").open("w") as log:
        process = psutil.Popen(
            [sys.executable, "-m", "mechanic_shop", *command],
            cwd=folder,
            env=environment(
                {
                    **limits_off,
                    "APP_ENV": "development",
                    "LOG_LEVEL": "ERROR",
                    "TRUSTED_PROXIES": "127.0.0.0/8,10.0.0.0/8",
                    "PYTHONPATH": str(ROOT / "src"),
                }
            ),
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
    server = Server(process, port)
    try:
        wait_until_listening(server)
        wait_until(lambda: 200 in server.get("/inventory").statuses)
        family = (process, *process.children(recursive=True))
        yield ServedShop(server, tuple(_cpu_clock(one.pid) for one in family))
    finally:
        process.terminate()
        process.wait()


@pytest.mark.parametrize("part", REQUESTS)
def test_each_part_of_a_request_is_served_in_linear_time(shop: ServedShop, part: str) -> None:
    """
    The same on real connections, where the application reads what the server accepts.
    """
    form = REQUESTS[part]

    assert [] == slow_texts(lambda text: shop.send(form.format(text)), ("",), clock=shop.cpu_time)


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_in_several_lines_is_served_in_linear_time(shop: ServedShop, field: str) -> None:
    """
    A field that is longer than one line may be reaches the application in one piece.
    """

    def send(text: str) -> None:
        starts = range(0, len(text), MOST_IN_A_FIELD)
        lines = "".join(f"{field}: {text[at : at + MOST_IN_A_FIELD]}\r\n" for at in starts)
        shop.send(f"GET /inventory HTTP/1.1\r\n{lines}{TAIL}")

    assert [] == slow_texts(send, ("", '"'), clock=shop.cpu_time)


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_in_one_line_is_served_in_linear_time(shop: ServedShop, field: str) -> None:
    """
    A field that the application reads, as long as the server allows.
    """

    def send(text: str) -> None:
        shop.send(f"GET /inventory HTTP/1.1\r\n{field}: {text}\r\n{TAIL}")

    assert [] == slow_texts(send, ("", '"'), clock=shop.cpu_time)
