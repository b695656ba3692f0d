"""A restored backup, under running servers: no former token works, and no id is given again."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import frozen

from mechanic_adapters.security.revocations import MAX_AGE_S
from tests.integration.apps import ADA, EVE, PASSWORD, new_furnished_shop_url
from tests.integration.databases import DATABASES
from tests.integration.programs import JsonResponse, Program, ask, run, serving
from tests.integration.servers import PostgresServer, RunningValkey

MARGIN_S: Final = 10.0
"""For a busy machine, beyond what is promised."""


@frozen
class Shop:
    """A shop on one database, its backup, and the environment of its programs."""

    folder: Path
    env: Mapping[str, str]

    def command(self, *words: str) -> None:
        """Run a command of `mechanic-shop`."""
        done = run(self.folder, *words, env=self.env)
        assert 0 == done.returncode, done.stderr

    def back_up(self) -> None:
        """Make a backup."""
        self.command("backup", "shop.backup")

    def restore(self) -> None:
        """Replace the data by those of the backup."""
        self.command("restore", "--force", "shop.backup")


@frozen
class Client:
    """A client of one running server."""

    program: Program

    def ask(self, method: str, path: str, token: str = "", body: Any = None) -> JsonResponse:
        """Send a request and return the response."""
        with closing(self.program.connection()) as connection:
            return ask(connection, method, path, body, token or None)

    def status(self, path: str, token: str) -> int:
        """Return the status of a GET with *token*."""
        return self.ask("GET", path, token).status

    def log_in(self, email: str) -> dict[str, str]:
        """Return new tokens."""
        path = "/mechanics/login" if email.endswith("@shop.example") else "/login"
        pair: dict[str, str] = self.ask(
            "POST", path, body={"email": email, "password": PASSWORD}
        ).body
        return pair

    def register(self, name: str) -> int:
        """Register a customer and return their id."""
        body = {"name": name, "email": f"{name}@example.com", "password": PASSWORD}
        made = self.ask("POST", "/customers", body=body)
        assert 201 == made.status, made.body
        number: int = made.body["id"]
        return number

    def price(self) -> float:
        """Return the price of the first part in the list, which is cached."""
        price: float = self.ask("GET", "/inventory").body["items"][0]["price"]
        return price


@pytest.fixture(params=DATABASES)
def shop(
    request: pytest.FixtureRequest, tmp_path: Path, postgres: PostgresServer, valkey: RunningValkey
) -> Shop:
    """A shop on each database, with a cache that servers share."""
    env = {
        "DATABASE_URL": new_furnished_shop_url(request.param, tmp_path, postgres),
        "SECRET_KEY": "s" * 40,
        "CACHE_REDIS_URL": valkey.patient_url,
        "CACHE_TTL_S": "3600",
        "RATE_LIMIT_STORAGE_URL": "memory://",
        "PATH": f"{postgres._programs}{os.pathsep}{os.environ['PATH']}",
    }
    return Shop(tmp_path, env)


@pytest.fixture
def servers(shop: Shop) -> Iterator[tuple[Client, Client]]:
    """Two running servers."""
    with ExitStack() as stack:
        clients = []
        for name in ("here", "there"):
            (shop.folder / name).mkdir()
            command = serving(shop.folder / name, "serve", "--port", "0", env=shop.env)
            clients.append(Client(stack.enter_context(command)))
        yield clients[0], clients[1]


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait as long as a restore may take to be known."""
    since = time.monotonic()
    while not holds():
        assert time.monotonic() < since + MAX_AGE_S + MARGIN_S
        time.sleep(0.05)


def test_no_token_from_before_a_restore_is_accepted(
    shop: Shop, servers: tuple[Client, Client]
) -> None:
    """
    All sessions end: those of the backup, those that began later, and those of the same ids.
    """
    here, there = servers
    shared = here.log_in(ADA)
    shop.back_up()
    manager, ada = here.log_in(EVE), there.log_in(ADA)
    stranger = here.register("bo")
    bo = here.log_in("bo@example.com")
    tokens = [pair["token"] for pair in (shared, manager, ada, bo)]
    for token in tokens:
        assert [200, 200] == [one.status("/me", token) for one in servers]

    shop.restore()
    for client in servers:
        for token in tokens:
            wait_until(lambda client=client, token=token: client.status("/me", token) == 401)  # type: ignore[misc]  # mypy infers no type for default arguments

    hired = {"name": "Mallory", "email": "m@shop.example", "password": PASSWORD}
    assert 401 == here.ask("POST", "/mechanics", manager["token"], hired).status
    for pair in (shared, ada, bo):
        refresh = {"refresh_token": pair["refresh_token"]}
        assert 401 == here.ask("POST", "/token/refresh", body=refresh).status
    assert here.register("cy") > stranger
    assert 401 == there.status(f"/customers/{stranger}", bo["token"])
    again = there.log_in(ADA)["token"]
    assert [200, 200] == [one.status("/me", again) for one in servers]


def test_ids_go_on_above_the_backup_and_the_replaced_database(
    shop: Shop, servers: tuple[Client, Client]
) -> None:
    """
    No id is given twice, whichever of both databases had the greater one.
    """
    here, _ = servers
    shop.back_up()
    replaced = [here.register(f"replaced{n}") for n in range(3)]
    shop.restore()
    between = here.register("between")
    shop.command("backup", "--force", "shop.backup")
    shop.restore()
    after = here.register("after")

    assert replaced[-1] < between < after


def test_nothing_cached_of_the_replaced_data_is_shown(
    shop: Shop, servers: tuple[Client, Client]
) -> None:
    """
    Responses in a shared cache that lives for an hour are of the restored data within seconds.
    """
    here, there = servers
    shop.back_up()
    before = here.price()
    token = here.log_in(EVE)["token"]
    assert 200 == here.ask("PATCH", "/inventory/1", token, {"price": 77}).status
    assert [77, 77] == [one.price() for one in servers]

    shop.restore()

    for client in (there, here):
        wait_until(lambda client=client: client.price() == before)  # type: ignore[misc]  # mypy infers no type for default arguments
