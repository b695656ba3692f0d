"""No secret leaks: every route is requested at the most verbose log level."""

import json
import re
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import field, frozen

from mechanic_adapters.security.signing_keys import new_rsa_key
from mechanic_core.accounts.account import digest_of
from mechanic_http.routes import ROUTES
from tests.integration.apps import ADA, BOB, CLEO, EVE, PASSWORD, new_furnished_shop_url
from tests.integration.log_secrets import SECRET_SHAPES
from tests.integration.programs import send, serving
from tests.integration.servers import LOOPBACK, PostgresServer
from tests.unit.http.test_contract import CONTRACT, RequestCase

SECRET_KEY: Final = "a-secret-key-that-nobody-may-ever-read"
FORMER_KEY: Final = "a-former-key-that-nobody-may-ever-read"
METRICS_TOKEN: Final = "the-token-of-whoever-counts-what-we-do"
STORE_PASSWORD: Final = "the-password-of-the-side-store"
SENT: Final = {
    PASSWORD,
    "correct horse battery",
    "another good one",
    "a wrong password of somebody",
    "new-hire-password",
}

ISSUING: Final = {"/login", "/mechanics/login", "/token/refresh", "/customers/login"}


@frozen
class RecordingClient:
    """A client that records every response and every issued token."""

    connection: HTTPConnection
    responses: list[str] = field(factory=list)
    tokens: set[str] = field(factory=set)

    def ask(self, method: str, path: str, body: object = None, token: str = "") -> tuple[int, Any]:
        """Send a request and return status and body; record the response without issued tokens."""
        send(self.connection, method, path, body, token or None)
        answer = self.connection.getresponse()
        text = answer.read().decode(errors="replace")  # a PDF is no text
        response: Any = (
            json.loads(text) if "json" in answer.headers.get("Content-Type", "") else text
        )
        if path in ISSUING and answer.status == 200:
            self.tokens.update((response["token"], response["refresh_token"]))
            text = f"{response.keys()}"
        self.responses.append(f"{method} {path} {answer.status} {answer.headers} {text}")
        return answer.status, response

    def log_in(self, email: str) -> Any:
        """Return a new pair of tokens."""
        door = "/mechanics/login" if email.endswith("@shop.example") else "/login"
        return self.ask("POST", door, {"email": email, "password": PASSWORD})[1]


@pytest.fixture(params=["HS256", "RS256"])
def env(request: pytest.FixtureRequest, tmp_path: Path, postgres: PostgresServer) -> dict[str, str]:
    """An environment full of secrets, with unreachable Redis servers."""
    (tmp_path / "key.pem").write_text(new_rsa_key())
    keys = {"JWT_PREVIOUS_KEYS": FORMER_KEY}
    if request.param == "RS256":
        keys = {"JWT_ALG": "RS256", "JWT_PRIVATE_KEY_FILE": str(tmp_path / "key.pem")}
    off = {f"{name}_RATE_LIMIT": "100000/minute" for name in ("GLOBAL", "LOGIN", "STATIC", "WRITE")}
    return {
        **keys,
        **off,
        "DATABASE_URL": new_furnished_shop_url("sqlite", tmp_path, postgres),
        "SECRET_KEY": SECRET_KEY,
        "METRICS_TOKEN": METRICS_TOKEN,
        "CACHE_REDIS_URL": f"redis://shop:{STORE_PASSWORD}@{LOOPBACK}:1/0",
        "LOG_LEVEL": "debug",
        "LOG_FORMAT": "json",
    }


def body_of(asked: RequestCase) -> Any:
    """Return the body of a request, with a searchable password for a new mechanic."""
    if asked.method == "POST" and asked.path == "/mechanics":
        return {**asked.body, "password": "new-hire-password"}
    return asked.body


def request_everything(client: RecordingClient) -> None:
    """Request every route as every role, with good and bad logins and bad tokens."""
    pairs = {email: client.log_in(email) for email in (ADA, CLEO, BOB, EVE)}
    for email in (ADA, BOB):
        bad = {"email": email, "password": "a wrong password of somebody"}
        for door in ("/login", "/mechanics/login"):
            client.ask("POST", door, bad)
            client.ask("POST", door, {**bad, "password": ["a wrong password of somebody"]})
        client.ask("POST", "/login", b'{"email": "a wrong password of somebody')
    for pair in (pairs[ADA], pairs[EVE]):
        for asked in CONTRACT:
            if asked.path not in ("/logout", "/me/password", *ISSUING):
                client.ask(asked.method, asked.path, body_of(asked), pair["token"])
    client.ask("POST", "/token/refresh", {"refresh_token": pairs[CLEO]["refresh_token"]})
    client.ask("POST", "/token/refresh", {"refresh_token": pairs[CLEO]["refresh_token"]})
    for token in (pairs[EVE]["token"][:-4], f"{pairs[EVE]['token']}x", "nonsense"):
        client.ask("GET", "/me", token=token)
    eve = pairs[EVE]["token"]
    client.ask("PUT", "/me/password", {"current_password": PASSWORD}, eve)
    change = {"current_password": PASSWORD, "new_password": "another good one"}
    client.ask("PUT", "/me/password", {**change, "current_password": change["new_password"]}, eve)
    assert client.ask("PUT", "/me/password", change, eve)[0] == 204
    client.ask("POST", "/logout", {"refresh_token": pairs[BOB]["refresh_token"]}, eve)
    for path in ("/metrics", "/readyz"):
        client.ask("GET", path, token=eve)


def secrets_in(folder: Path) -> Iterator[str]:
    """Yield the secrets that the database stores."""
    with closing(sqlite3.connect(folder / "shop.db")) as file:
        for (password_hash,) in file.execute("SELECT password_hash FROM accounts"):
            yield password_hash
            yield password_hash.rpartition("$")[2]


def test_no_secret_is_revealed(env: dict[str, str], tmp_path: Path) -> None:
    """
    No log line or response contains a password, hash, token, key or Authorization header.
    """
    with serving(tmp_path, "serve", "--port", "0", env=env) as program:
        with closing(program.connection()) as connection:
            client = RecordingClient(connection)
            request_everything(client)
        program.process.send_signal(signal.SIGTERM)
        assert program.process.wait(60) == 0
    log = (tmp_path / "log").read_text()
    pem = (tmp_path / "key.pem").read_text().split("\n")
    secrets = SENT | client.tokens | {digest_of(token) for token in client.tokens}
    secrets |= {
        SECRET_KEY,
        FORMER_KEY,
        METRICS_TOKEN,
        STORE_PASSWORD,
        *pem[1:-2],
        *secrets_in(tmp_path),
    }
    secrets |= {part for token in client.tokens for part in token.split(".") if len(part) > 60}

    assert log.count('"request"') >= len(client.responses)
    assert len(client.tokens) >= 8
    assert {"token refused", "store away"} <= set(re.findall(r'"event":"([^"]+)"', log))
    for output in (log, *client.responses):
        assert not [secret for secret in secrets if secret in output]
    assert not SECRET_SHAPES.search(log)


def test_every_route_is_requested() -> None:
    """
    The requests above cover every route.
    """
    served = {(method, route.template) for route in ROUTES for method in route.operations}

    assert len(served) - 1 == len({(a.method, a.path.split("?")[0]) for a in CONTRACT})
