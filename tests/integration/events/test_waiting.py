"""Requests that wait for events: woken by commits, few at a time, and in nobody's way."""

import shutil
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from pathlib import Path
from typing import Final

import psycopg
import pytest
from attrs import frozen

from mechanic_core.access import SYSTEM
from mechanic_core.inventory.part import PartForm
from mechanic_shop import open_shop
from tests.faults.shop_processes import Client, Response, create_shop, serving
from tests.integration.databases import DATABASES
from tests.integration.servers import PostgresServer
from tests.integration.sockets import Server, wait_until
from tests.strategies import sample

THREADS: Final = 8
MOST_WAITING: Final = THREADS // 4
WAIT_S: Final = 20
SETTLE_S: Final = 1.5
"""Enough for requests to begin to wait."""

SOON_S: Final = 8.0
"""Less than any wait and than a shutdown that is not clean, and enough on a busy machine."""


@frozen
class WaitingShop:
    """A served shop, its manager, and hands that send requests at the same time."""

    url: str
    server: Server
    client: Client
    hands: ThreadPoolExecutor
    last: int

    def wait(self) -> "Future[Response]":
        """Send a request that waits for the next event."""
        path = f"/events?after={self.last}&wait={WAIT_S}"
        return self.hands.submit(self.client.copy_for(self.server.port).ask, "GET", path)

    def fill_places(self) -> "list[Future[Response]]":
        """Send as many waiting requests as may wait; return when none has been answered."""
        waiting = [self.wait() for _ in range(MOST_WAITING)]
        assert set() == wait(waiting, SETTLE_S, FIRST_COMPLETED).done
        return waiting


@pytest.fixture(scope="module", params=DATABASES)
def first_url(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    postgres: PostgresServer,
) -> str:
    """The URL of a shop with a manager, on each database, to copy."""
    folder = tmp_path_factory.mktemp("first")
    url = f"sqlite:///{folder}/shop.db" if request.param == "sqlite" else postgres.new_database()
    create_shop(url)
    return url


@pytest.fixture
def shop(first_url: str, tmp_path: Path, postgres: PostgresServer) -> Iterator[WaitingShop]:
    """A shop of its own, served by eight threads of one process."""
    if first_url.startswith("sqlite"):
        file = shutil.copy(first_url.removeprefix("sqlite:///"), tmp_path)
        url = f"sqlite:///{file}"
    else:
        url = postgres.new_database(first_url)
    with (
        ThreadPoolExecutor(THREADS) as hands,  # the last to leave: the server's end ends all waits
        serving(url, "--threads", str(THREADS)) as server,
        Client(server.port, 60).log_in() as client,
    ):
        last = client.ask("GET", "/events?limit=500").body["last"]
        yield WaitingShop(url, server, client, hands, last)


def test_a_commit_of_the_same_process_wakes(shop: WaitingShop) -> None:
    """
    A request that waits gets what the same process commits at once.
    """
    waiting = shop.fill_places()
    committed = time.monotonic()
    assert 201 == shop.client.add_part("PAD").status

    subjects = [found.result(WAIT_S).body["items"][0]["subject"] for found in waiting]

    assert ["/inventory/1"] * MOST_WAITING == subjects
    assert time.monotonic() - committed < SOON_S


def test_a_commit_of_another_process_is_found(shop: WaitingShop) -> None:
    """
    A request that waits gets what another process commits soon.
    """
    waiting = shop.fill_places()
    with open_shop(shop.url) as library:
        committed = time.monotonic()
        library.add_part(SYSTEM, sample(PartForm, sku="PAD"))

        found = [one.result(WAIT_S).body["items"] for one in waiting]

    assert [1] * MOST_WAITING == [len(items) for items in found]
    assert time.monotonic() - committed < SOON_S


def test_only_a_quarter_of_the_threads_wait(shop: WaitingShop) -> None:
    """
    While two of eight threads wait, further requests are answered at once.
    """
    waiting = shop.fill_places()

    third = shop.wait().result(WAIT_S)
    others = [shop.client.ask("GET", path) for path in 3 * ("/healthz", "/customers")]

    assert (200, [], shop.last) == (third.status, third.body["items"], third.body["last"])
    assert {200} == {one.status for one in others}
    assert max(one.seconds for one in (third, *others)) < SOON_S
    assert not any(one.done() for one in waiting)


def test_a_waiting_request_holds_no_connection(shop: WaitingShop) -> None:
    """
    While requests wait, no connection of the pools is in use, and none is in a transaction.
    """
    shop.fill_places()

    wait_until(lambda: 0 == connections_in_use(shop))
    if shop.url.startswith("postgresql"):
        wait_until(lambda: 0 == busy_sessions(shop.url))


def test_sigterm_ends_the_waiting(shop: WaitingShop) -> None:
    """
    SIGTERM ends waits early: each request is answered, and the server exits with 0.
    """
    waiting = shop.fill_places()
    started = time.monotonic()

    code = shop.server.stop()

    took = time.monotonic() - started
    answers = [one.result(WAIT_S) for one in waiting]
    assert 0 == code
    assert took < SOON_S
    assert [(200, [])] * MOST_WAITING == [(one.status, one.body["items"]) for one in answers]


def connections_in_use(shop: WaitingShop) -> int:
    """Return the number of database connections in use, as the metrics say."""
    page = shop.server.get("/metrics").bytes.decode()
    (line,) = (one for one in page.splitlines() if one.startswith(IN_USE))
    return int(float(line.rpartition(" ")[2]))


IN_USE: Final = 'mechanic_shop_database_connections{state="in_use"}'


def busy_sessions(url: str) -> int:
    """Return the number of other sessions of PostgreSQL that are not idle."""
    with closing(psycopg.connect(url)) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND state <> 'idle'"
        ).fetchone()
    return int(row[0]) if row else 0
