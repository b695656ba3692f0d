"""The shop as rows of the peers' benchmark: how it is started, called and checked."""

import copy
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Self, TypeAlias

from attrs import frozen

from benchmarks.dataset import connect_as_administrator, restore
from benchmarks.peers import BEFORE, SHOP, Peers
from benchmarks.sessions import with_session
from mechanic_adapters.security.access_tokens import JwtTokens
from mechanic_adapters.security.signing_keys import secret_keys
from mechanic_core.access import Actor, Role
from mechanic_shop.wiring.clock import utc_now

Row: TypeAlias = dict[str, Any]

PRODUCT: Final = "product"
TICKET_PAGE: Final = 100
"""Tickets in one response of the shop, where the peers return all 500."""

MOST_STANDINGS: Final = 100
STAFF: Final = -1
MECHANIC: Final = 2

SETTINGS: Final = {
    "APP_ENV": "production",
    "FORCE_HTTPS": "false",
    "GLOBAL_RATE_LIMIT": "100000/second",
    "LOGIN_RATE_LIMIT": "100000/second",
    "STATIC_RATE_LIMIT": "100000/second",
    "WRITE_RATE_LIMIT": "100000/second",
    "PYTHONUNBUFFERED": "1",
    "SECRET_KEY": "{secret}",
}
"""Every feature is on; the rate limits are too high to be reached."""

TARGETS: Final = (
    ("shop-waitress", 18301, "waitress", "null"),
    ("shop-granian", 18302, "granian", "null"),
    ("shop-cached", 18303, "waitress", "memory"),
    ("shop-cached-granian", 18304, "granian", "memory"),
)
CACHED: Final = ("leaderboard", "inventory_list", "inventory_get")
_PORTS_BEFORE: Final = 10
"""Distance of the ports of the checkout that is compared against."""


@frozen
class Ours:
    """The data that a check needs, and the database of the shop that sent the response."""

    about: Any
    database: str


def targets(peers: Peers, against: Path | None = None) -> dict[str, Any]:
    """Return the shop's targets by name, and those of the checkout *against*, if any."""
    ours = _target(peers, SHOP, sys.path)
    rows = {how[0]: ours(**_row(*how)) for how in TARGETS}
    if against:
        theirs = _target(peers, BEFORE, [str(against / "src")])
        for name, port, server, cache in TARGETS:
            row = _row(before_of(name), port + _PORTS_BEFORE, server, cache)
            rows[row["name"]] = theirs(**row)
    return rows


def before_of(name: str) -> str:
    """Return the name of the row that measures the other checkout as *name* measures this one."""
    return name.replace("shop-", "before-", 1)


def _row(name: str, port: int, server: str, cache: str) -> Row:
    command = f"-m mechanic_shop serve --workers 2 --threads 8 --port {port} --server {server}"
    cached = cache != "null"
    return {
        "name": name,
        "group": PRODUCT,
        "port": port,
        "command": [sys.executable, *command.split()],
        "cwd": "{home}",
        "env": SETTINGS | {"CACHE_TYPE": cache, "CACHE_TTL_S": "300"},
        "secret": "0123456789abcdef0123456789abcdef-benchmark",
        "paths": {"ping": "/healthz", "keyset": "/customers"},
        "only": list(CACHED) if cached else [],
        "cached": cached,
    }


def _target(peers: Peers, database_name: str, import_path: Iterable[str]) -> Any:
    """Return the class of the shop's targets with this database and these packages."""

    class Product(peers.bench.Target):  # type: ignore[misc, name-defined]  # the harness has no types
        """The shop behind one server, with its own database and its own kind of tokens."""

        database = database_name

        def place(self, data: Any) -> Row:
            """Return the working directory and the environment of the server."""
            place: Row = super().place(data)
            self.address = peers.shop_url(data.name, database=self.database)
            place["env"] |= {
                "DATABASE_URL": self.address,
                "PYTHONPATH": os.pathsep.join(map(os.path.abspath, filter(None, import_path))),
            }
            return place

        def make_token(self, customer: int) -> str:
            """Return an access token like that of a login."""
            life = timedelta(hours=1)
            tokens = JwtTokens(keys=secret_keys(self.secret), now=utc_now, life=life)
            who = (Role.MECHANIC, MECHANIC) if customer == STAFF else (Role.CUSTOMER, customer)
            return tokens.issue(with_session(self.address, Actor(*who)), utc_now())

    return Product


def data_class(peers: Peers, databases: Iterable[str]) -> Any:
    """Return the class of the data set, extended by the shop's *databases*."""

    class Data(peers.scenarios.Data):  # type: ignore[misc, name-defined]  # as above
        """The data set in the databases of the peers and of the shop."""

        def __init__(self, dataset: str) -> None:
            super().__init__(dataset)
            self.shops = {
                name: connect_as_administrator(peers, dataset, name) for name in databases
            }

        def of(self, database: str) -> Self:
            """Return a copy whose *shop* is the connection to *database*."""
            selected = copy.copy(self)
            selected.shop = self.shops[database]
            return selected

        def scalar(self, query: str, *parameters: Any) -> Any:
            """Return one value; count the rows that a scenario has written in all databases."""
            value = super().scalar(query, *parameters)
            if "LIKE" in query:
                for shop in self.shops.values():
                    row = shop.execute(query.encode(), parameters).fetchone()
                    value += row[0] if row else 0
            return value

        def changeable_tickets(self) -> list[int]:
            """Return the tickets to edit: instead of a closed ticket the one before it."""
            return [one - (one % 3 == 2) for one in self.edited_tickets()]  # noqa: PLR2004 - every third ticket is closed

        def restore(self) -> None:
            """Undo the changes of the write scenarios, in all databases."""
            super().restore()
            for shop in self.shops.values():
                restore(shop, self.size["parts"], self.changeable_tickets())

    return Data


Make: TypeAlias = Callable[[Any, Any], Iterator[Any]]
Check: TypeAlias = Callable[[Any, Any, int, bytes], None]


def install(
    peers: Peers, ours: dict[str, tuple[Make, Check]], databases: Iterable[str] = (SHOP,)
) -> None:
    """Make the harness use the shop's own requests and checks for the shop's targets."""
    peers.bench.Data = data_class(peers, databases)
    for name, (make, check) in ours.items():
        theirs = peers.scenarios.SCENARIOS[name]
        peers.scenarios.SCENARIOS[name] = _either(theirs, make, check)


def _either(theirs: Any, make: Make, check: Check) -> Any:
    def make_either(data: Any, target: Any) -> Iterator[Any]:
        if target.group != PRODUCT:
            yield from theirs.make(data, target)
            return
        for request in make(data.of(target.database), target):
            request.about = Ours(request.about, target.database)
            yield request

    def check_either(data: Any, request: Any, status: int, body: bytes) -> None:
        if not isinstance(request.about, Ours):
            theirs.check(data, request, status, body)
            return
        ours = request.about
        request.about = ours.about
        try:
            check(data.of(ours.database), request, status, body)
        finally:
            request.about = ours

    kind = type(theirs)
    return kind(theirs.name, make_either, check_either, theirs.writes, theirs.needs)


def bearer(target: Any, who: int = STAFF) -> dict[str, str]:
    """Return the Authorization header of a mechanic, or of a customer."""
    return {"Authorization": f"Bearer {target.token(who)}"}


def json_of(body: Row) -> str:
    """Return the JSON text of *body*."""
    return json.dumps(body)
