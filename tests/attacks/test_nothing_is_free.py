"""Every route but the probes has a limit, and accounts do not multiply it."""

import json
from collections import Counter
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

from tests.integration.apps import PASSWORD, new_furnished_shop_url
from tests.integration.programs import serving
from tests.integration.servers import LOOPBACK, PostgresServer

FREE: Final = ("/healthz", "/readyz", "/metrics")
STATIC: Final = (
    *("/", "/docs", "/openapi.json", "/static/swagger.yaml", "/problems/not-found"),
    *("/static/swagger-ui/swagger-ui-bundle.js", "/nowhere", "/customers/0", "/%00"),
)


def statuses(connection: HTTPConnection, method: str, path: str, number: int) -> Counter[int]:
    """Return how often each status was the response."""
    seen: Counter[int] = Counter()
    for _ in range(number):
        connection.request(method, path, headers={"If-None-Match": "*"})
        response = connection.getresponse()
        response.read()
        seen[response.status] += 1
    return seen


def test_files_and_unknown_paths_are_limited(tmp_path: Path) -> None:
    """
    Documents, files, unknown paths, unknown methods and preflights have one limit; probes have none.
    """
    settings = {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'shop.db'}",
        "STATIC_RATE_LIMIT": "40/hour",
        "LOG_LEVEL": "error",
    }
    with (
        serving(tmp_path, "serve", "--port", "0", env=settings) as shop,
        closing(shop.connection()) as connection,
    ):
        for path in STATIC:
            assert 429 not in statuses(connection, "GET", path, 3)
        assert 429 not in statuses(connection, "OPTIONS", "/inventory", 3)
        assert 429 not in statuses(connection, "PURGE", "/inventory", 3)
        assert 429 not in statuses(connection, "HEAD", "/nowhere", 7)
        for path in STATIC:
            assert {429: 3} == statuses(connection, "GET", path, 3)
        assert {429: 9} == statuses(connection, "OPTIONS", "/inventory", 9)
        for path in FREE:
            assert {200: 60} == statuses(connection, "GET", path, 60)
        assert 429 not in statuses(connection, "GET", "/inventory", 20)


def test_accounts_do_not_multiply_a_limit(tmp_path: Path, postgres: PostgresServer) -> None:
    """
    Fifteen accounts from one address get ten times the limit of one together.
    """
    settings = {
        "DATABASE_URL": new_furnished_shop_url("sqlite", tmp_path, postgres),
        "GLOBAL_RATE_LIMIT": "12/hour",
        "TRUSTED_PROXIES": LOOPBACK,
        "WRITE_RATE_LIMIT": "",
    }
    seen: Counter[int] = Counter()
    with serving(tmp_path, "serve", "--port", "0", env=settings) as shop:
        tokens = [register(shop.connection(), f"bot{n}@example.com", n) for n in range(15)]
        for token in tokens:
            with closing(shop.connection()) as connection:
                for _ in range(15):
                    headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": "192.0.2.66"}
                    connection.request("GET", "/me", headers=headers)
                    response = connection.getresponse()
                    response.read()
                    seen[response.status] += 1

    assert {200: 120, 429: 105} == seen


def register(connection: HTTPConnection, email: str, number: int) -> str:
    """Register from an address of its own, and return a token."""
    who = {"name": "Bot", "email": email, "password": PASSWORD}
    headers = {"Content-Type": "application/json", "X-Forwarded-For": f"198.51.100.{number}"}
    with closing(connection):
        connection.request("POST", "/customers", json.dumps(who), headers)
        connection.getresponse().read()
        del who["name"]
        connection.request("POST", "/login", json.dumps(who), headers)
        token: str = json.loads(connection.getresponse().read())["token"]
        return token
