"""WSGI applications under granian's RSGI interface."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any, Final
from wsgiref.types import StartResponse, WSGIEnvironment
from wsgiref.validate import validator

import pytest
from attrs import define, field, frozen

from mechanic_server.limits import MAX_BODY_BYTES
from mechanic_server.rsgi import RsgiApplication

PATIENT_S: Final = 60.0


@frozen
class Fields:
    """Header fields in the order in which they were sent."""

    sent: list[tuple[str, str]]

    def items(self) -> list[tuple[str, str]]:
        """Return them."""
        return self.sent


@define
class Scope:
    """A request."""

    headers: Fields
    path: str = "/inventory/é"
    method: str = "POST"
    query_string: str = "q=a%20b"
    http_version: str = "1.1"
    scheme: str = "http"
    server: str = "127.0.0.1:8000"
    client: str = "192.0.2.7:51312"


@define
class Exchange:
    """A body that arrives in chunks, the last one never if it *stalls*, and the response."""

    chunks: list[bytes]
    stalls: bool = False
    response: list[Any] = field(factory=list)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Return the chunks."""
        for chunk in self.chunks:
            yield chunk
        if self.stalls:
            await asyncio.Event().wait()

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Record the response."""
        self.response += [status, dict(headers), body]


@define
class Application:
    """A WSGI application that records its environment and echoes the body."""

    environ: WSGIEnvironment = field(factory=dict)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Return the body."""
        self.environ.update(environ)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start_response("201 Created", [("Content-Type", "text/plain")])
        return [body]


def respond(
    exchange: Exchange, *sent: tuple[str, str], patience_s: float = PATIENT_S, **scope: Any
) -> Application:
    """Run one request through the validator of PEP 3333, and return what the application saw."""
    application = Application()
    bridge = RsgiApplication(validator(application), 1, patience_s)
    asyncio.run(bridge(Scope(Fields(list(sent)), **scope), exchange))
    return application


def test_the_application_gets_the_request_as_it_was_sent() -> None:
    """
    The environment has everything that PEP 3333 requires, and the response is sent.
    """
    exchange = Exchange([b"ab", b"c"])

    environ = respond(
        exchange,
        *(("host", "shop"), ("content-type", "text/plain"), ("transfer-encoding", "chunked")),
        *(("accept", "a"), ("accept", "b")),
    ).environ

    assert [201, {"Content-Type": "text/plain"}, b"abc"] == exchange.response
    expected = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/inventory/Ã©",
        "QUERY_STRING": "q=a%20b",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "192.0.2.7",
        "CONTENT_TYPE": "text/plain",
        "CONTENT_LENGTH": "3",
        "HTTP_ACCEPT": "a,b",
    }
    assert expected == {name: environ[name] for name in expected}


@pytest.mark.parametrize(
    ("client", "address"),
    [("[2001:db8::1]:443", "2001:db8::1"), ("2001:db8::1:443", "2001:db8::1")],
)
def test_the_client_may_have_an_ipv6_address(client: str, address: str) -> None:
    """
    The port is no part of the address.
    """
    assert address == respond(Exchange([]), client=client).environ["REMOTE_ADDR"]


@pytest.mark.parametrize("name", ["x_forwarded_for", "content_length", "_", "a-b_c"])
def test_a_name_with_an_underscore_is_refused(name: str) -> None:
    """
    The environment of WSGI cannot tell it from the name with a hyphen.
    """
    exchange = Exchange([])

    application = respond(exchange, ("x-forwarded-for", "192.0.2.1"), (name, "6.6.6.6"))

    assert 400 == exchange.response[0]
    assert not application.environ


def test_a_body_has_a_deadline() -> None:
    """
    A body that does not arrive is 408, and takes no thread.
    """
    exchange = Exchange([b"a"], stalls=True)

    application = respond(exchange, ("content-length", "2"), patience_s=0.05)

    assert 408 == exchange.response[0]
    assert not application.environ


def test_a_body_is_read_no_further_than_needed() -> None:
    """
    Of a body that is too large, the application sees that it is too large.
    """
    exchange = Exchange([b"x" * MAX_BODY_BYTES, b"y", b"z"])

    length = int(respond(exchange, ("transfer-encoding", "chunked")).environ["CONTENT_LENGTH"])

    assert length == MAX_BODY_BYTES + 1
