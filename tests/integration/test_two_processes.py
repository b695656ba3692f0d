"""Two servers on one database, with and without a shared Valkey."""

import http.client
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import frozen

from mechanic_adapters.security.revocations import MAX_AGE_S
from tests.integration.apps import ADA, BOB, PASSWORD
from tests.integration.programs import JsonResponse, ask, serving
from tests.integration.servers import RunningValkey

QUOTA: Final = 1000
TTL_S: Final = 2


@frozen
class Server:
    """A running server and a connection to it."""

    connection: http.client.HTTPConnection

    def ask(self, method: str, path: str, token: str = "", body: Any = None) -> JsonResponse:
        """Send a request and return the response."""
        return ask(self.connection, method, path, body, token or None)

    def token(self, email: str) -> str:
        """Return an access token."""
        door = "/mechanics/login" if email.endswith("@shop.example") else "/login"
        token: str = self.ask("POST", door, body={"email": email, "password": PASSWORD}).body[
            "token"
        ]
        return token

    def remaining(self, token: str) -> int:
        """Return the remaining quota after one more request."""
        found = re.search(r"r=(\d+)", self.ask("GET", "/me", token).headers["RateLimit"])
        return int(found[1]) if found else -1

    def price(self) -> float:
        """Return the price of the first part in the list."""
        price: float = self.ask("GET", "/inventory").body["items"][0]["price"]
        return price


@pytest.fixture
def env(url: str) -> dict[str, str]:
    """The environment of both servers."""
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


def start_two(stack: ExitStack, folder: Path, env: dict[str, str]) -> tuple[Server, Server]:
    """Start two servers."""
    servers = []
    for name in ("here", "there"):
        (folder / name).mkdir()
        program = stack.enter_context(serving(folder / name, "serve", "--port", "0", env=env))
        servers.append(Server(stack.enter_context(closing(program.connection()))))
    return servers[0], servers[1]


def test_with_valkey(
    stack: ExitStack, tmp_path: Path, env: dict[str, str], valkey: RunningValkey
) -> None:
    """
    With a shared Valkey they share rate limits, and a write is visible to the next read.
    """
    shared = {**env, "CACHE_REDIS_URL": valkey.patient_url, "CACHE_TTL_S": "3600"}
    here, there = start_two(stack, tmp_path, shared)
    token = here.token(BOB)

    first = here.remaining(token)
    assert [first - 1, first - 2, first - 3] == [
        one.remaining(token) for one in (there, here, there)
    ]
    for price, writer, reader in ((11, here, there), (12, there, here), (13, here, there)):
        assert reader.price() != price
        written = writer.ask("PATCH", "/inventory/1", token, {"price": price})
        assert (200, price) == (written.status, reader.price())


def test_without_valkey(stack: ExitStack, tmp_path: Path, env: dict[str, str]) -> None:
    """
    Without Valkey each counts by itself, and stale reads and revoked sessions are bounded in time.
    """
    here, there = start_two(stack, tmp_path, env)
    bob, ada = here.token(BOB), there.token(ADA)

    assert [QUOTA - 1, QUOTA - 1] == [one.remaining(bob) for one in (here, there)]
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
        assert asked < ended + MAX_AGE_S
        time.sleep(0.05)
        asked = time.monotonic()
