"""No parser takes more than linear time, whatever a client sends.

A text four times as long may take six times as long; quadratic time takes sixteen times.
"""

import ast
import io
import re
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest
from opentelemetry.trace import get_tracer

from mechanic_core.accounts.account import TokenRefused
from mechanic_http.endpoint.negotiation import HTML, accepts
from mechanic_http.settings import HttpSettings
from mechanic_shop.observability.opentelemetry import OpenTelemetryTraces
from tests.linear_time import slow_texts
from tests.shops import MANAGER, ManualClock
from tests.strategies import NOON
from tests.unit.forgery import ACTOR, RINGS, tokens_of
from tests.unit.http.shop import SETTINGS, bearer, client

ROOT: Final = Path(__file__).parents[2] / "src"
READERS: Final = ("mechanic_core", "mechanic_adapters", "mechanic_http", "mechanic_server")
"""The packages that read what clients send."""

BEGINNINGS: Final = ("", "GET http://a", "GET /", "A: ", "bearer ", "1;", "a@b", '"', "1.")
"""How texts begin that get a regular expression into its repetitions."""

HEADERS: Final = {
    "ACCEPT": ("text/html;q=", 'text/html;a="'),
    "ACCEPT_ENCODING": ("gzip;q=",),
    "ACCESS_CONTROL_REQUEST_HEADERS": (),
    "ACCESS_CONTROL_REQUEST_METHOD": (),
    "AUTHORIZATION": ("bearer ", "bearer a."),
    "CONTENT_ENCODING": (),
    "COOKIE": (),
    "EXPECT": (),
    "FORWARDED": ("for=",),
    "HOST": ("[",),
    "IDEMPOTENCY_KEY": (),
    "IF_MATCH": (",", 'W/"'),
    "IF_MODIFIED_SINCE": (),
    "IF_NONE_MATCH": (",", 'W/"'),
    "ORIGIN": ("https://",),
    "RANGE": ("bytes=",),
    "X_FORWARDED_FOR": ("10.0.0.1,", "[::1]:"),
    "X_FORWARDED_HOST": (),
    "X_FORWARDED_PREFIX": ("/",),
    "X_FORWARDED_PROTO": ("https,",),
    "X_REQUEST_ID": (),
}
BEHIND_A_PROXY: Final = HttpSettings(
    cursor_secret=SETTINGS.cursor_secret,
    trusted_proxies=("127.0.0.0/8", "10.0.0.0/8", "::1"),
    cors_origins=("https://shop.example",),
    force_https=False,
)
PAGES: Final = ("/", "/inventory/", "/problems/", "/static/", "/r/", "/a/")
LISTS: Final = ("/customers", "/service_tickets")
PARAMETERS: Final = ("", "cursor=", "q=", "page=", "from=")
CUSTOMER: Final = b'{"name": "Ada", "email": "ada@example.com", "password": "correct horse"}'
BODIES: Final = {
    "anything": "{}",
    "a string": '"{}"',
    "an unfinished string": '"{}',
    "a member": '{{"name": {}}}',
    "a name": '{{"name": "{}", "email": "ada@example.com"}}',
    "an e-mail address": '{{"name": "Ada", "email": "{}"}}',
    "a domain": '{{"name": "Ada", "email": "a@{}"}}',
    "a phone number": '{{"name": "Ada", "phone": "{}"}}',
    "an address": '{{"name": "Ada", "address": "{}"}}',
    "a password": '{{"name": "Ada", "email": "ada@example.com", "password": "{}"}}',
    "the name of a member": '{{"{}": 1}}',
    "a number": '{{"name": 1{}}}',
}


class Requests:
    """An application in memory behind a trusted proxy."""

    def __init__(self) -> None:
        """Open it."""
        self._app = client(BEHIND_A_PROXY).app

    def __call__(
        self, method: str, path: str, query: str = "", body: bytes = b"", **env: str
    ) -> None:
        """Send one request as a manager; *env* are its WSGI variables."""
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path.encode("utf-8", "surrogatepass").decode("latin-1"),
            "QUERY_STRING": query,
            "SCRIPT_NAME": "",
            "SERVER_NAME": "shop",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_AUTHORIZATION": bearer(MANAGER)["Authorization"],
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
        }
        b"".join(self._app(environ | env, lambda *_: None))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def request_of() -> Requests:
    """The application that requests are sent to."""
    return Requests()


def regular_expressions() -> Iterator[tuple[str, re.Pattern[Any]]]:
    """Yield every regular expression that is written in those packages, and where."""
    for path in (path for package in READERS for path in ROOT.joinpath(package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and node.args and _takes_expression(node.func):
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str | bytes):
                    flags = re.IGNORECASE if "IGNORECASE" in ast.dump(node) else 0
                    compiled: re.Pattern[Any] = re.compile(first.value, flags)
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", compiled


def _takes_expression(function: ast.expr) -> bool:
    if isinstance(function, ast.Attribute):
        return isinstance(function.value, ast.Name) and function.value.id == "re"
    return isinstance(function, ast.Name) and function.id == "Pattern"


def test_regular_expressions_are_found() -> None:
    """
    The tests below find the regular expressions of every package that reads requests.
    """
    found = {place.partition("/")[0] for place, _ in regular_expressions()}

    assert set(READERS) == found


@pytest.mark.parametrize(
    "expression", [pytest.param(one, id=place) for place, one in regular_expressions()]
)
def test_a_regular_expression_is_linear(expression: re.Pattern[Any]) -> None:
    """
    No regular expression tries a text in more and more ways the longer it is.
    """
    encode: Callable[[str], Any] = str
    if isinstance(expression.pattern, bytes):
        encode = str.encode

    assert [] == slow_texts(
        lambda text: expression.fullmatch(encode(text)), BEGINNINGS, ends=("x", "\x00")
    )


@pytest.mark.parametrize("header", HEADERS)
def test_a_header_is_read_in_linear_time(request_of: Requests, header: str) -> None:
    """
    Every header of a read, a write and a preflight request.
    """
    method = {"IDEMPOTENCY_KEY": "POST", "ACCESS_CONTROL_REQUEST_HEADERS": "OPTIONS"}
    path = "/inventory" if header not in method else "/customers"

    def send(text: str) -> None:
        request_of(method.get(header, "GET"), path, body=CUSTOMER, **{f"HTTP_{header}": text})

    assert [] == slow_texts(send, ("", '"', *HEADERS[header]))


@pytest.mark.parametrize("header", ["IF_MATCH", "IF_NONE_MATCH"])
def test_a_condition_of_a_write_is_read_in_linear_time(request_of: Requests, header: str) -> None:
    """
    The entity tags that a write depends on.
    """

    def send(text: str) -> None:
        request_of("PUT", "/customers/1", body=CUSTOMER, **{f"HTTP_{header}": text})

    assert [] == slow_texts(send, ("", *HEADERS[header]))


def test_accept_is_read_in_linear_time_whatever_was_cached() -> None:
    """
    `Accept` is parsed anew for each text.
    """
    number = count()

    assert [] == slow_texts(lambda text: accepts(HTML, f"a/{next(number)};{text}"))


def test_a_content_type_is_read_in_linear_time(request_of: Requests) -> None:
    """
    The media type of a body with all its parameters, and its length.
    """

    def send(text: str) -> None:
        request_of("POST", "/customers", body=CUSTOMER, CONTENT_TYPE=text)
        request_of("POST", "/customers", body=CUSTOMER, CONTENT_LENGTH=text)

    assert [] == slow_texts(send, ("", "application/json;", 'application/json;charset="', "1"))


@pytest.mark.parametrize("page", PAGES)
def test_a_path_is_read_in_linear_time(request_of: Requests, page: str) -> None:
    """
    The paths of resources, problem types, static files and nothing at all.
    """
    assert [] == slow_texts(lambda text: request_of("GET", page + text), ("",))


@pytest.mark.parametrize("path", LISTS)
def test_a_query_is_read_in_linear_time(request_of: Requests, path: str) -> None:
    """
    The query of lists and of single resources: filters, pages and cursors.
    """
    assert [] == slow_texts(lambda text: request_of("GET", path, text), PARAMETERS)


@pytest.mark.parametrize("form", BODIES)
def test_a_body_is_read_in_linear_time(request_of: Requests, form: str) -> None:
    """
    A JSON body, broken or valid, and each of its texts.
    """

    def send(text: str) -> None:
        request_of("POST", "/customers", body=BODIES[form].format(text).encode())

    assert [] == slow_texts(send, ("",))


@pytest.mark.parametrize("algorithm", RINGS)
def test_a_token_is_read_in_linear_time(algorithm: str) -> None:
    """
    An access token, whatever it consists of, and also with a valid header.
    """
    tokens = tokens_of(RINGS[algorithm], ManualClock(NOON))
    header = tokens.issue(ACTOR, NOON).partition(".")[0]

    def verify(text: str) -> None:
        with pytest.raises(TokenRefused):
            tokens.verify(text)

    assert [] == slow_texts(verify, ("", f"{header}.", f"{header}.a."))


@pytest.mark.parametrize("header", ["TRACEPARENT", "TRACESTATE", "BAGGAGE"])
def test_a_trace_header_is_read_in_linear_time(header: str) -> None:
    """
    The headers of distributed traces.
    """
    traces = OpenTelemetryTraces(get_tracer("shop"))
    traced = traces.wrap(lambda *_: [])
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    environ = {"REQUEST_METHOD": "GET", "HTTP_TRACEPARENT": parent}

    def send(text: str) -> None:
        traced(environ | {f"HTTP_{header}": text}, lambda *_: None)  # type: ignore[arg-type]

    assert [] == slow_texts(send, ("", "a=b", "a=b,"))
