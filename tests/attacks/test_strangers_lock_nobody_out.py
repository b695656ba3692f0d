"""Guesses at a password are limited, and keep nobody but the guesser out."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

import pytest

from tests.integration.apps import ADA, BOB, CLEO, EVE, PASSWORD, new_furnished_shop_url
from tests.integration.programs import Program, ask, serving
from tests.integration.servers import LOOPBACK, PostgresServer

LIMIT: Final = 10
THREADS: Final = 12


@pytest.fixture
def shop(tmp_path: Path, postgres: PostgresServer) -> Iterator[Program]:
    """A served shop behind a proxy, with the default limit of failed logins, per hour."""
    settings = {
        "DATABASE_URL": new_furnished_shop_url("sqlite", tmp_path, postgres),
        "GLOBAL_RATE_LIMIT": "",
        "LOGIN_RATE_LIMIT": f"{LIMIT}/hour",
        "TRUSTED_PROXIES": LOOPBACK,
        "WRITE_RATE_LIMIT": "",
    }
    with serving(tmp_path, "serve", "--port", "0", env=settings) as program:
        yield program


def log_in(shop: Program, address: str, email: str, password: str = PASSWORD) -> int:
    """Return the status of a login from *address*."""
    path = "/mechanics/login" if email.endswith("@shop.example") else "/login"
    with closing(shop.connection()) as connection:
        body = f'{{"email": "{email}", "password": "{password}"}}'
        headers = {"Content-Type": "application/json", "X-Forwarded-For": address}
        connection.request("POST", path, body, headers)
        return connection.getresponse().status


def at_once(*requests: Callable[[], int]) -> list[int]:
    """Return the statuses of requests that are sent at the same time."""
    with ThreadPoolExecutor(THREADS) as threads:
        return sorted(threads.map(lambda request: request(), requests))


def test_a_storm_of_guesses_does_not_keep_the_owner_out(shop: Program) -> None:
    """
    F7: sixty guesses at once: ten are tried, and the owner logs in from another network.
    """
    guesses = [partial(log_in, shop, "192.0.2.66", ADA, f"guess {n}") for n in range(60)]

    assert [401] * LIMIT + [429] * 50 == at_once(*guesses)
    assert 429 == log_in(shop, "192.0.2.66", ADA)
    assert [200] * 5 == [log_in(shop, "192.0.2.7", ADA) for _ in range(5)]
    assert 200 == log_in(shop, "192.0.2.66", CLEO)


def test_addresses_of_one_client_are_one_network(shop: Program) -> None:
    """
    The 2^64 addresses of an IPv6 client give no more guesses than one.
    """
    guesses = [partial(log_in, shop, f"2001:db8::{n:x}", ADA, f"guess {n}") for n in range(1, 31)]

    assert [401] * LIMIT + [429] * 20 == at_once(*guesses)


def test_everybody_behind_one_address_logs_in_at_eight(shop: Program) -> None:
    """
    Twelve logins at once behind one address, ten times, are all accepted.
    """
    people = [partial(log_in, shop, "192.0.2.1", email) for email in (EVE, BOB, CLEO, ADA)]

    assert [200] * 120 == [status for _ in range(10) for status in at_once(*(people * 3))]


def test_a_stolen_token_gives_no_more_guesses(shop: Program) -> None:
    """
    Wrong current passwords and failed logins are counted together.
    """
    with closing(shop.connection()) as connection:
        token = ask(connection, "POST", "/login", {"email": ADA, "password": PASSWORD}).body[
            "token"
        ]
        statuses = [change_password(connection, token, f"guess {n}") for n in range(8)]

    assert [403] * 8 == statuses
    assert [401, 401, 429] == [log_in(shop, LOOPBACK, ADA, "guess") for _ in range(3)]
    assert 200 == log_in(shop, "192.0.2.7", ADA)


def change_password(connection: HTTPConnection, token: str, current: str) -> int:
    """Return the status of a change of the password."""
    body = {"current_password": current, "new_password": "a new password"}
    return ask(connection, "PUT", "/me/password", body, token).status
