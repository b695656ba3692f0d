"""The shop as rows of the rivals' bench: how it is started, asked and judged."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Final, TypeAlias

from attrs import frozen

from benchmarks.filling import as_administrator, restore
from benchmarks.rivals import Rivals
from mechanic_adapters.clock import utc_now
from mechanic_adapters.security.access_tokens import JwtTokens
from mechanic_adapters.security.signing_keys import secret_keys
from mechanic_core.access import Actor, Role, SessionId

Row: TypeAlias = dict[str, Any]

PRODUCT: Final = "product"
TICKET_PAGE: Final = 100
"""Where the rivals give all 500 tickets at once, the shop gives a hundred of them."""

MOST_STANDINGS: Final = 100
STAFF: Final = -1
MECHANIC: Final = 2

SETTINGS: Final = {
    "APP_ENV": "production",
    "FORCE_HTTPS": "false",
    "GLOBAL_RATE_LIMIT": "100000/second",
    "LOGIN_RATE_LIMIT": "100000/second",
    "WRITE_RATE_LIMIT": "100000/second",
    "PYTHONUNBUFFERED": "1",
    "SECRET_KEY": "{secret}",
}
"""Everything is on; the limits are so high that none is ever reached."""

TARGETS: Final = (
    ("shop-waitress", 18301, "waitress", "null"),
    ("shop-granian", 18302, "granian", "null"),
    ("shop-cached", 18303, "waitress", "memory"),
    ("shop-cached-granian", 18304, "granian", "memory"),
)
CACHED: Final = ("leaderboard", "inventory_list", "inventory_get")


@frozen
class Ours:
    """What a check needs to know, and that the answer is the shop's."""

    about: Any


def targets(rivals: Rivals) -> dict[str, Any]:
    """Return the shop's rows by name."""
    kind = _target(rivals)
    return {how[0]: kind(**_row(*how)) for how in TARGETS}


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


def _target(rivals: Rivals) -> Any:
    """Return the class of the shop's rows: its own database, and tokens of its own kind."""

    class Product(rivals.bench.Target):  # type: ignore[misc, name-defined]  # the bench has no types
        """The shop behind one server."""

        def place(self, data: Any) -> Row:
            """Return where it runs, and with which environment."""
            place: Row = super().place(data)
            place["env"] |= {
                "DATABASE_URL": rivals.shop_url(data.name),
                "PYTHONPATH": os.pathsep.join(map(os.path.abspath, filter(None, sys.path))),
            }
            return place

        def make_token(self, customer: int) -> str:
            """Return a token as a login would give it."""
            life = timedelta(hours=1)
            tokens = JwtTokens(keys=secret_keys(self.secret), now=utc_now, life=life)
            who = (Role.MECHANIC, MECHANIC) if customer == STAFF else (Role.CUSTOMER, customer)
            return tokens.issue(Actor(*who, SessionId("b" * 43)), utc_now())

    return Product


def known_data(rivals: Rivals) -> Any:
    """Return the class of the data set that knows of the shop's database too."""

    class Data(rivals.scenarios.Data):  # type: ignore[misc, name-defined]  # as above
        """The data set, as both databases tell it."""

        def __init__(self, dataset: str) -> None:
            super().__init__(dataset)
            self.shop = as_administrator(rivals, dataset)

        def scalar(self, query: str, *given: Any) -> Any:
            """Return one value: rows that were written are looked for in both."""
            found = super().scalar(query, *given)
            if "LIKE" in query:
                ours = self.shop.execute(query.encode(), given).fetchone()
                found += ours[0] if ours else 0
            return found

        def changeable_tickets(self) -> list[int]:
            """Return the tickets that are edited: where one is closed, the one before it."""
            return [one - (one % 3 == 2) for one in self.edited_tickets()]  # noqa: PLR2004 - the data's own rule

        def restore(self) -> None:
            """Put back what the writing scenarios have changed, in both."""
            super().restore()
            restore(self.shop, self.size["parts"], self.changeable_tickets())

    return Data


Make: TypeAlias = Callable[[Any, Any], Iterator[Any]]
Check: TypeAlias = Callable[[Any, Any, int, bytes], None]


def installed(rivals: Rivals, ours: dict[str, tuple[Make, Check]]) -> None:
    """Have the bench ask the shop in the shop's own words."""
    rivals.bench.Data = known_data(rivals)
    for name, (make, check) in ours.items():
        theirs = rivals.scenarios.SCENARIOS[name]
        rivals.scenarios.SCENARIOS[name] = _either(theirs, make, check)


def _either(theirs: Any, make: Make, check: Check) -> Any:
    def make_either(data: Any, target: Any) -> Iterator[Any]:
        if target.group != PRODUCT:
            yield from theirs.make(data, target)
            return
        for request in make(data, target):
            request.about = Ours(request.about)
            yield request

    def check_either(data: Any, request: Any, status: int, body: bytes) -> None:
        if not isinstance(request.about, Ours):
            theirs.check(data, request, status, body)
            return
        request.about = request.about.about
        try:
            check(data, request, status, body)
        finally:
            request.about = Ours(request.about)

    kind = type(theirs)
    return kind(theirs.name, make_either, check_either, theirs.writes, theirs.needs)


def bearer(target: Any, who: int = STAFF) -> dict[str, str]:
    """Return the header that speaks for staff, or for a customer."""
    return {"Authorization": f"Bearer {target.token(who)}"}


def json_of(body: Row) -> str:
    """Return a body."""
    return json.dumps(body)
