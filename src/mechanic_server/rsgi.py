"""A WSGI application under granian's RSGI interface, which shows each request as it was sent.

Under granian's WSGI interface `X_Forwarded_For` replaces the `X-Forwarded-For` of a proxy, and a
slow body occupies a thread. Here a header name with an underscore is refused, and a thread is taken
when the body is complete.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any, Final, Protocol, final
from wsgiref.types import WSGIApplication, WSGIEnvironment

from attrs import field, frozen

from mechanic_server.limits import MAX_BODY_BYTES

_NAMES: Final = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}

REFUSAL_HEADERS: Final = [("Content-Type", "text/plain; charset=utf-8"), ("Connection", "close")]
_BODY: Final = frozenset({"content-length", "transfer-encoding"})


class RequestHeaders(Protocol):
    """The header fields of a request, with names in lower case."""

    def items(self) -> list[tuple[str, str]]:
        """Return names and values as sent, a repeated name repeatedly."""
        ...


class Scope(Protocol):
    """A request in granian's RSGI."""

    http_version: str
    server: str
    client: str
    scheme: str
    method: str
    path: str
    query_string: str

    @property
    def headers(self) -> RequestHeaders:
        """The header fields."""
        ...


class Exchange(Protocol):
    """The body of a request and the response to it, in granian's RSGI."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Return the chunks of the body."""
        ...

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Send the response."""
        ...


class Refusal(Exception):
    """A request that is refused before it reaches the application: a status and the reason."""


@final
@frozen
class RsgiApplication:
    """Runs a WSGI application in at most *threads* threads."""

    application: WSGIApplication
    threads: int
    body_timeout_s: float
    _executor: ThreadPoolExecutor = field(init=False)

    @_executor.default
    def _start_executor(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.threads)

    async def __call__(self, scope: Scope, exchange: Exchange) -> None:
        """Respond to one request."""
        try:
            environ = await self._receive(scope, exchange)
        except Refusal as refusal:
            status, reason = refusal.args
            exchange.response_bytes(status, REFUSAL_HEADERS, f"{reason}\n".encode())
            return
        loop = asyncio.get_running_loop()
        response = await loop.run_in_executor(self._executor, call, self.application, environ)
        exchange.response_bytes(*response)

    async def _receive(self, scope: Scope, exchange: Exchange) -> WSGIEnvironment:
        """Return the complete request; raise `Refusal`."""
        fields = scope.headers.items()
        if any("_" in name for name, _ in fields):
            raise Refusal(400, "A header name must not contain an underscore")
        body = bytearray()
        if any(name in _BODY for name, _ in fields):
            try:
                async with asyncio.timeout(self.body_timeout_s):
                    async for chunk in exchange:
                        body += chunk
                        if len(body) > MAX_BODY_BYTES:
                            break  # the application refuses what is too large
            except TimeoutError:
                raise Refusal(408, "The body did not arrive in time") from None
        return environ_of(scope, fields, bytes(body))


def call(
    application: WSGIApplication, environ: WSGIEnvironment
) -> tuple[int, list[tuple[str, str]], bytes]:
    """Return status, headers and body of the response."""
    started: list[tuple[int, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> Any:
        started[:] = [(int(status[:3]), headers)]

    chunks = application(environ, start_response)
    try:
        content = b"".join(chunks)
    finally:
        getattr(chunks, "close", _do_nothing)()
    return (*started[0], content)


def _do_nothing() -> None:
    """Close an iterable that needs no closing."""


def environ_of(scope: Scope, fields: list[tuple[str, str]], body: bytes) -> WSGIEnvironment:
    """Return the WSGI environment (PEP 3333) of a request."""
    name, _, port = scope.server.rpartition(":")
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": name,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for field_name, value in fields:
        key = _NAMES.get(field_name) or f"HTTP_{field_name.upper().replace('-', '_')}"
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    if body:
        environ["CONTENT_LENGTH"] = str(len(body))
    return environ
