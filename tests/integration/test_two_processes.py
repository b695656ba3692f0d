"""Two real servers on one database: what they share, with a Valkey between them and without."""

import http.client
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import frozen

from mechanic_adapters.security.revocations import STALE_S
from tests.integration.apps import ADA, BOB, PASSWORD, new_furnished_shop_url
from tests.integration.databases import DATABASES
from tests.integration.programs import JsonResponse, ask, serving
from tests.integration.servers import PostgresServer, RunningValkey

QUOTA: Final = 1000
TTL_S: Final = 2


@frozen
class Server:
    """A server that runs, and a connection to it."""

    connection: http.client.HTTPConnection

    def ask(self, method: str, path: str, token: str = "", body: Any = None) -> JsonResponse:
        """Return the answer to a request."""
        return ask(self.connection, method, path, body, token or None)

    def token(self, email: str) -> str:
        """Return an access token."""
        door = "/mechanics/login" if email.endswith("@shop.example") else "/login"
        token: str = self.ask("POST", door, body={"email": email, "password": PASSWORD}).body[
            "token"
        ]
        return token

    def left(self, token: str) -> int:
        """Return how much of the quota is left after one more request."""
        found = re.search(r"r=(\d+)", self.ask("GET", "/me", token).headers["RateLimit"])
        return int(found[1]) if found else -1

    def price(self) -> float:
        """Return the price of the first part, as the list has it."""
        price: float = self.ask("GET", "/inventory").body["items"][0]["price"]
        return price


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path, postgres: PostgresServer) -> str:
    """A shop in each database."""
    return new_furnished_shop_url(request.param, tmp_path, postgres)


@pytest.fixture
def env(url: str) -> dict[str, str]:
    """What both servers are told."""
    return {
        "DATABASE_URL": url,
        "SECRET_KEY": "s" * 40,
        "GLOBAL_RATE_LIMIT": f"{QUOTA}/hour",
        "CACHE_TTL_S": str(TTL_S),
    }


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Closes what a test has opened."""
    with ExitStack() as stack:
        yield stack


def two(stack: ExitStack, folder: Path, env: dict[str, str]) -> tuple[Server, Server]:
    """Start two servers."""
    servers = []
    for name in ("here", "there"):
        (folder / name).mkdir()
        program = stack.enter_context(serving(folder / name, "serve", "--port", "0", env=env))
        servers.append(Server(stack.enter_context(closing(program.connection()))))
    return servers[0], servers[1]


def test_with_a_store_between_them(
    stack: ExitStack, tmp_path: Path, env: dict[str, str], valkey: RunningValkey
) -> None:
    """
    They count together, and what one writes is what the other reads next.
    """
    shared = {**env, "CACHE_REDIS_URL": valkey.patient_url, "CACHE_TTL_S": "3600"}
    here, there = two(stack, tmp_path, shared)
    token = here.token(BOB)

    first = here.left(token)
    assert [first - 1, first - 2, first - 3] == [one.left(token) for one in (there, here, there)]
    for price, writer, reader in ((11, here, there), (12, there, here), (13, here, there)):
        assert reader.price() != price
        written = writer.ask("PATCH", "/inventory/1", token, {"price": price})
        assert (200, price) == (written.status, reader.price())


def test_without_a_store(stack: ExitStack, tmp_path: Path, env: dict[str, str]) -> None:
    """
    Each counts by itself, reads nothing older than it may be, and learns of ended sessions soon.
    """
    here, there = two(stack, tmp_path, env)
    bob, ada = here.token(BOB), there.token(ADA)

    assert [QUOTA - 1, QUOTA - 1] == [one.left(bob) for one in (here, there)]
    before = there.price()
    assert here.ask("PATCH", "/inventory/1", bob, {"price": 77}).status == 200
    written = time.monotonic()
    assert here.price() == 77
    asked = time.monotonic()
    while there.price() != 77:
        assert asked < written + TTL_S
        time.sleep(0.05)
        asked = time.monotonic()
    assert before != 77

    assert [200, 200] == [one.ask("GET", "/me", ada).status for one in (here, there)]
    assert here.ask("POST", "/logout", ada).status == 204
    ended = time.monotonic()
    assert here.ask("GET", "/me", ada).status == 401
    asked = time.monotonic()
    while there.ask("GET", "/me", ada).status != 401:
        assert asked < ended + STALE_S
        time.sleep(0.05)
        asked = time.monotonic()
