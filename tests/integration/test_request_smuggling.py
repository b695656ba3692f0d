"""HTTP request framing: no hidden request is ever executed (request smuggling)."""

import json
import re
import socket
from collections.abc import Iterator

import pytest

from mechanic_server.limits import MAX_BODY_BYTES
from tests.integration.request_smuggling import ATTACKS, HIDDEN, NO_CHUNKS, Attack, chunks
from tests.integration.sockets import Server, free_port, read_to_end, running, wait_until_listening

TINY = "tests.integration.tiny_app"


@pytest.fixture(scope="module")
def guarded() -> Iterator[Server]:
    """The guarded waitress."""
    with running(["-m", TINY, "1"]) as server:
        yield server


@pytest.fixture(scope="module", params=["gunicorn", "granian"])
def other(request: pytest.FixtureRequest) -> Iterator[tuple[str, Server]]:
    """Another WSGI server, and its name."""
    port = free_port()
    options = {
        "gunicorn": ["--bind", f"127.0.0.1:{port}", "--threads", "4", "--log-level", "critical"],
        "granian": ["--interface", "wsgi", "--http", "1", "--port", str(port), "--no-log"],
    }[request.param]
    with running(["-m", request.param, *options, f"{TINY}:application"], port) as server:
        wait_until_listening(server)
        yield request.param, server


def hidden_runs(server: Server) -> int:
    """Return how often the hidden request was executed."""
    answer = server.get("/seen").bytes
    seen: list[str] = json.loads(answer.partition(b"\r\n\r\n")[2])["seen"]
    return seen.count("/hidden")


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_refuses_and_closes(guarded: Server, attack: Attack) -> None:
    """
    An ambiguous request gets one error and the connection is closed.
    """
    before = hidden_runs(guarded)

    answers = guarded.ask(attack.sent)

    assert [attack.status] == answers.statuses[-1:]
    assert answers.closed
    assert b"connection: close" in answers.bytes.lower()
    assert before == hidden_runs(guarded)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_refuses_split_requests(guarded: Server, attack: Attack) -> None:
    """
    The result does not depend on how the bytes are split.
    """
    before = hidden_runs(guarded)
    size = 1 + len(attack.sent) // 200

    with guarded.connect() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for place in range(0, len(attack.sent), size):
            connection.sendall(attack.sent[place : place + size])
        answers = read_to_end(connection)

    assert [attack.status] == answers.statuses[-1:]
    assert answers.closed
    assert before == hidden_runs(guarded)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_other_servers_run_nothing_hidden(other: tuple[str, Server], attack: Attack) -> None:
    """
    Gunicorn and granian execute no hidden request either, where parsers are likely to differ.
    """
    name, server = other
    before = hidden_runs(server)

    answers = server.ask(attack.sent, patience=0.3)

    assert 500 not in answers.statuses
    if name in attack.also_refused_by:
        assert before == hidden_runs(server)


def test_waitress_alone_would_run_it() -> None:
    """
    Unguarded waitress executes a request hidden behind Content-Length with Transfer-Encoding.
    """
    port = free_port()
    listen = ["--listen", f"127.0.0.1:{port}"]
    with running(["-m", "waitress", *listen, f"{TINY}:application"], port) as server:
        wait_until_listening(server)
        server.ask(ATTACKS[0].sent, patience=2)

        assert hidden_runs(server) == 1


def test_answers_what_follows_in_order(guarded: Server) -> None:
    """
    Valid pipelined requests are answered in order on one connection.
    """
    sent = (
        b"\r\nPOST /a HTTP/1.1\r\nHost: shop\r\nContent-Length: 3\r\n\r\nabc"
        b"POST /b HTTP/1.1\r\nHost: [::1]:80\r\nTransfer-Encoding: CHUNKED\r\n\r\n"
        b"1;a=b\r\nx\r\n2\r\nyz\r\n0\r\nExpires: never\r\n\r\n"
        b"GET http://shop/c?d=%20 HTTP/1.1\r\nHost: shop\r\nConnection: foo, close\r\n\r\n" + HIDDEN
    )

    answers = guarded.ask(sent)

    assert [200, 200, 200] == answers.statuses
    assert [b"3", b"3", b"0"] == re.findall(rb'"length": ([0-9]+)', answers.bytes)
    assert answers.closed


@pytest.mark.parametrize(
    ("size", "read"),
    [(MAX_BODY_BYTES, MAX_BODY_BYTES), (MAX_BODY_BYTES + 1, 0), (5 * MAX_BODY_BYTES, 0)],
    ids=["most", "more", "much more"],
)
def test_limits_the_body(guarded: Server, size: int, read: int) -> None:
    """
    A body of 1 MiB is passed on; of a larger one only the length.
    """
    head = f"POST /large HTTP/1.1\r\nHost: shop\r\nContent-Length: {size}\r\n\r\n".encode()

    with guarded.connect() as connection:
        connection.sendall(head + b"x" * size + HIDDEN)
        answers = read_to_end(connection, 2)

    assert f'"length": {read}, "declared": "{size}"'.encode() in answers.bytes
    assert answers.closed is (read == 0)
    assert len(answers.statuses) == (1 if read == 0 else 2)


def test_limits_a_chunked_body(guarded: Server) -> None:
    """
    A chunked body is limited to the same size.
    """
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"

    with guarded.connect() as connection:
        connection.sendall(chunks(chunk * 20 + NO_CHUNKS))
        answers = read_to_end(connection)

    assert b'"length": 0' in answers.bytes
    assert [200] == answers.statuses
    assert answers.closed


@pytest.mark.parametrize(
    ("field", "statuses"),
    [(b"Content-Length: 3", [100, 200]), (b"Content-Length: 99999999", [200]), (b"X: a", [200])],
    ids=["a body", "too large a body", "no body"],
)
def test_continues_for_a_body_that_will_be_read(
    guarded: Server, field: bytes, statuses: list[int]
) -> None:
    """
    `Expect: 100-continue` is answered only where the body will be read.
    """
    head = b"POST /x HTTP/1.1\r\nHost: shop\r\nExpect: 100-continue\r\n" + field + b"\r\n\r\n"

    with guarded.connect() as connection:
        connection.sendall(head)
        first = read_to_end(connection, 0.3)
        if [100] == first.statuses:
            connection.sendall(b"abc")
        last = read_to_end(connection, 0.3) if not first.closed else first

    assert statuses[-1:] == last.statuses[-1:] or statuses == first.statuses
    assert statuses[:1] == first.statuses[:1]
