"""CPU microseconds of each layer of a request, in this process, without a server.

Run `python -m benchmarks.layers [--postgres URL]`; that database must be empty.
"""

# ruff: noqa: T201 - a command-line program prints

import argparse
import io
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, redirect_stderr
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from wsgiref.types import WSGIApplication

import falcon
from attrs import frozen
from falcon.routing import CompiledRouter

from benchmarks.sessions import with_session
from mechanic_adapters.rate_limits.limiter import open_rate_limiter
from mechanic_adapters.sql.migrations import runner
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.access import SYSTEM, Actor, Role
from mechanic_core.inventory.part import Part, PartForm, PartId
from mechanic_core.inventory.ports import PartFilter
from mechanic_core.inventory.use_cases import ReadPart
from mechanic_core.mechanics.mechanic import Hiring
from mechanic_core.money import Money, Quantity
from mechanic_core.paging import PageRequest
from mechanic_http.endpoint.arguments import IdConverter
from mechanic_http.endpoint.etags import make_etag
from mechanic_http.json import codec
from mechanic_http.ports import AccessLog, AccessLogEntry
from mechanic_http.routes import ROUTES
from mechanic_shop.observability.logs import configure_logging
from mechanic_shop.settings.choices import CacheType, LogFormat
from mechanic_shop.settings.settings import Settings
from mechanic_shop.wiring.access_tokens import create_tokens
from mechanic_shop.wiring.application import open_application
from mechanic_shop.wiring.clock import utc_now
from mechanic_shop.wiring.shop import open_shop

ROUNDS: Final = 7
SECRET: Final = "s" * 40
UNREACHED: Final = "100000/second"
MECHANIC: Final = Actor(Role.MECHANIC, 1)


@frozen
class Layer:
    """A call to measure, and its repetitions per round."""

    name: str
    call: Callable[[], object]
    times: int = 2_000


def cost_of(layer: Layer) -> float:
    """Return the CPU microseconds of one call: the minimum of several rounds."""
    layer.call()
    rounds = []
    for _ in range(ROUNDS):
        started = time.process_time_ns()
        for _ in range(layer.times):
            layer.call()
        rounds.append((time.process_time_ns() - started) / layer.times / 1000)
    return min(rounds)


def settings_for(url: str, cache: CacheType) -> Settings:
    """Return settings with every feature on, and rate limits that are never reached."""
    return Settings(
        database_url=url,
        secret_key=SECRET,
        cache_type=cache,
        global_rate_limit=UNREACHED,
        login_rate_limit=UNREACHED,
        write_rate_limit=UNREACHED,
        static_rate_limit=UNREACHED,
        log_format=LogFormat.JSON,
    )


@contextmanager
def discarded_log(settings: Settings) -> Iterator[AccessLog]:
    """Yield a function that writes log lines unbuffered, as a server does, to the null device."""
    with Path(os.devnull).open("w", buffering=1) as null, redirect_stderr(null):
        yield configure_logging(settings)


@contextmanager
def client(settings: Settings, token: str) -> Iterator[Callable[..., Callable[[], object]]]:
    """Yield a function that returns a request to the application, ready to send."""
    with (
        discarded_log(settings) as log,
        open_application(settings, access_log=log) as application,
    ):

        def request(method: str, path: str, body: Any = None) -> Callable[[], object]:
            return lambda: call(application, method, path, token, body)

        yield request


def call(application: WSGIApplication, method: str, path: str, token: str, body: object) -> bytes:
    """Send one request and return the body of the response."""
    address, _, query = path.partition("?")
    sent = b"" if body is None else json.dumps(body).encode()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": address,
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "localhost",
        "HTTP_AUTHORIZATION": f"Bearer {token}",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(sent),
        "wsgi.errors": io.StringIO(),
    }
    if sent:
        environ |= {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(sent))}
    return b"".join(application(environ, _started))


def _started(status: str, *_: object) -> Callable[[bytes], object]:
    if status[0] != "2":
        raise SystemExit(f"a request was answered {status}")
    return len


class Empty:
    """A resource that does nothing, to measure Falcon itself."""

    def on_get(self, _: falcon.Request, resp: falcon.Response, **ids: int) -> None:
        """Return constant bytes."""
        resp.data = b"{}" if ids else b"[]"


def falcon_layers() -> Iterator[Layer]:
    """Return the layers of Falcon with our routes and empty resources."""
    router, app = CompiledRouter(), falcon.App()
    for options in (router.options, app.router_options):
        options.converters["id"] = IdConverter
    for route in ROUTES:
        for address in route.templates:
            router.add_route(address, Empty())
            app.add_route(address, Empty())
    yield Layer("routing", lambda: router.find("/inventory/1"))
    yield Layer("Falcon with no middleware", lambda: call(app, "GET", "/inventory/1", "", None))


def pure_layers(settings: Settings, token: str) -> Iterator[Layer]:
    """Return the layers without a database."""
    at = utc_now()
    part = Part(id=PartId(1), sku="PAD", name="Pad", price=Money(1), created_at=at, updated_at=at)
    tokens = create_tokens(settings, SECRET, utc_now)
    limits = open_rate_limiter({"default": UNREACHED})
    body = codec.encode(part)
    tree = {"name": "Brake pad", "sku": "NEW", "price": Decimal("45.99"), "quantity": 12}
    twenty = [part] * 20
    line = AccessLogEntry("r" * 32, "GET", "/inventory", "list_parts", 200, Role.MECHANIC, 1, 1.2)
    yield Layer("token, cached", lambda: tokens.verify(token))
    yield Layer(
        "rate limit, in memory", lambda: limits.hit(("default",), ("mechanic:1", "192.0.2.1"))
    )
    yield Layer("policy", lambda: ReadPart.policy.admit(MECHANIC))
    yield Layer("body into a record", lambda: codec.structure(tree, PartForm))
    yield Layer("record into JSON", lambda: codec.encode(part))
    yield Layer(
        "20 records into JSON", lambda: codec.dumps(list(map(codec.unstructure_hook(Part), twenty)))
    )
    yield Layer("ETag", lambda: make_etag(part, body))
    with discarded_log(settings) as log:
        yield Layer("log line", lambda: log(line))


def stored_layers(store: SqlStore) -> Iterator[Layer]:
    """Return the layers with a database."""
    read = ReadPart(store.read_only)

    def get() -> Part:
        with store.read_only() as work:
            return work.parts.get(PartId(1))

    def page() -> object:
        with store.read_only() as work:
            return work.parts.find(PartFilter(), PageRequest())

    def empty() -> None:
        with store.begin():
            pass

    yield Layer("empty transaction", empty, 300)
    yield Layer("SQL and record: one part", get, 300)
    yield Layer("use case: one part", lambda: read(MECHANIC, PartId(1)), 300)
    yield Layer("SQL and records: page of 20", page, 300)


def request_layers(request: Callable[..., Callable[[], object]]) -> Iterator[Layer]:
    """Return the whole requests."""
    changes = iter(range(10**9))
    yield Layer("Falcon with all middleware: /healthz", request("GET", "/healthz"))
    yield Layer("request: one part", request("GET", "/inventory/1"), 300)
    yield Layer("request: page of 20", request("GET", "/inventory"), 300)
    yield Layer("request: leaderboard", request("GET", "/mechanics/leaderboard"), 300)

    def change() -> object:
        return request("PATCH", "/inventory/1", {"price": next(changes) % 1000})()

    yield Layer("request: change a part", change, 100)


def measure(url: str) -> dict[str, float]:
    """Return the CPU microseconds of all layers on one database."""
    runner.upgrade(url)
    settings = settings_for(url, CacheType.NULL)
    with open_shop(settings=settings) as shop:
        shop.hire_mechanic(SYSTEM, Hiring(name="Bo", email="bo@x.example", password="bo " * 4))
        for n in range(20):
            form = PartForm(name=f"Part {n}", price=Money(199), quantity=Quantity(5000))
            shop.add_part(SYSTEM, form)
    mechanic = with_session(url, MECHANIC)
    token = create_tokens(settings, SECRET, utc_now).issue(mechanic, utc_now())
    costs = {layer.name: cost_of(layer) for layer in falcon_layers()}
    costs |= {layer.name: cost_of(layer) for layer in pure_layers(settings, token)}
    with closing(SqlStore.open(url)) as store:
        costs |= {layer.name: cost_of(layer) for layer in stored_layers(store)}
    with client(settings, token) as request:
        costs |= {layer.name: cost_of(layer) for layer in request_layers(request)}
    with client(settings_for(url, CacheType.MEMORY), token) as request:
        reads = [layer for layer in request_layers(request) if "change" not in layer.name]
        costs |= {f"{layer.name}, cached": cost_of(layer) for layer in reads[1:]}
    return costs


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgres", help="the URL of an empty database")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        columns = {"SQLite": measure(f"sqlite:///{Path(folder) / 'shop.db'}")}
    if options.postgres:
        columns["PostgreSQL"] = measure(options.postgres)
    print(f"| layer | {' | '.join(f'{name}, µs' for name in columns)} |")
    print("|---|" + "---:|" * len(columns))
    for layer in columns["SQLite"]:
        cells = (f"{column[layer]:.0f}" for column in columns.values())
        print(f"| {layer} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
