"""Valkey killed under load: nobody notices; restarted, instances share limits and cache again."""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Final

import pytest
from attrs import define

from mechanic_adapters.resilience.circuit_breaker import RETRY_S
from mechanic_shop.settings.settings import Settings
from tests.integration.apps import BOB, AppClient, new_furnished_shop_url, open_client, settings_for
from tests.integration.databases import DATABASES
from tests.integration.servers import PostgresServer, RunningValkey, valkey_server

THREADS: Final = 4
QUOTA: Final = 1000
LIMIT: Final = f"{QUOTA}/hour"


@pytest.fixture
def mortal() -> Iterator[RunningValkey]:
    """A Valkey of the test's own, to be killed."""
    with valkey_server() as server:
        yield server


@pytest.fixture(params=DATABASES)
def settings(
    request: pytest.FixtureRequest, tmp_path: Path, postgres: PostgresServer, mortal: RunningValkey
) -> Settings:
    """Settings of instances that share a database and a Valkey."""
    url = new_furnished_shop_url(request.param, tmp_path, postgres)
    return settings_for(url, cache_redis_url=mortal.url, cache_ttl_s=3600)


@define
class Load:
    """Somebody who reads and writes a part of their own as fast as they can."""

    line: AppClient
    token: str
    path: str

    def go_on(self, stop: Event) -> Counter[str]:
        """Ask until *stop*; count the answers by what was wrong with them."""
        seen: Counter[str] = Counter()
        while not stop.is_set():
            begun = time.perf_counter()
            price = seen["asked"] % 9000 + 1
            answers = (
                self.line.ask("PATCH", self.path, self.token, {"price": price}),
                self.line.get(self.path, self.token),
                self.line.get("/inventory?per_page=50"),
                self.line.get("/mechanics/leaderboard"),
            )
            seen["asked"] += 1
            seen["slow"] += time.perf_counter() - begun > 5
            seen["failed"] += any(one.status_code != 200 for one in answers)
            seen["stale"] += answers[1].json["price"] != price
        return seen


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds, for as long as a store may take to be seen again."""
    deadline = time.monotonic() + 20 * RETRY_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def stores_of(line: AppClient) -> set[str]:
    """Return how cache and limits do."""
    told = line.get("/readyz").json
    return {told["cache"], told["limits"]}


def told(caplog: pytest.LogCaptureFixture) -> dict[str, list[str]]:
    """Return what was logged of each store, in order."""
    lines: dict[str, list[str]] = {"cache": [], "limiter": []}
    for one in caplog.records:
        if "store" in vars(one):
            lines[vars(one)["store"]].append(one.msg)
    return lines


def fallbacks(page: str, store: str) -> float:
    """Return how often the metrics say that *store* was done without."""
    found = re.search(
        rf'^mechanic_shop_fallbacks_total{{store="{store}"}} (\S+)$', page, re.MULTILINE
    )
    return float(found[1]) if found else 0.0


def test_killed_under_load_no_request_fails(
    settings: Settings, mortal: RunningValkey, caplog: pytest.LogCaptureFixture
) -> None:
    """
    Reads and writes are answered, and never stale, while Valkey is killed and started again.
    """
    stop = Event()
    with open_client(settings) as line, ThreadPoolExecutor(THREADS) as threads:
        token = line.token(BOB)
        made = [
            line.ask("POST", "/inventory", token, {"name": "Pad", "price": 1}).json["id"]
            for _ in range(THREADS)
        ]
        loads = [Load(line, token, f"/inventory/{one}") for one in made]
        working = [threads.submit(load.go_on, stop) for load in loads]
        try:
            time.sleep(0.5)
            mortal.kill()
            until(lambda: stores_of(line) == {"down"})
            time.sleep(0.5)  # until the last answer from before the fall has been heard
            fallen = told(caplog)
            time.sleep(2 * RETRY_S)  # in which each store is tried again, and asked in vain
            still_fallen = told(caplog)
            mortal.restart()
            until(lambda: stores_of(line) == {"up"})
            time.sleep(0.5)
        finally:
            stop.set()
        seen = sum((one.result() for one in working), Counter[str]())
        page = line.metrics.render()[0].decode()

    assert seen["asked"] > 2 * THREADS
    assert (0, 0, 0) == (seen["failed"], seen["stale"], seen["slow"])
    assert fallen == still_fallen  # one outage is told once, however many requests it meets
    for store, lines in told(caplog).items():
        outages = (len(lines) + 1) // 2  # a machine too busy to answer in time makes one more
        assert (["store away", "store back"] * outages)[: len(lines)] == lines
        assert 2 <= len(lines)
        assert "store away" == fallen[store][-1]
        assert fallbacks(page, store) > outages


def test_restarted_it_is_shared_again(settings: Settings, mortal: RunningValkey) -> None:
    """
    Two instances share quota and cache, go on by themselves without Valkey, and share again.
    """
    settings = settings_for(
        settings.database_url,
        cache_redis_url=mortal.patient_url,
        cache_ttl_s=3600,
        global_rate_limit=LIMIT,
    )
    with open_client(settings) as here, open_client(settings) as there:
        token = here.token(BOB)
        must_share(here, there, token)

        mortal.kill()
        until(lambda: {"down"} == seen_by(here) | seen_by(there))
        alone = [left(line, token) for line in (here, there)]
        assert 200 == here.ask("PATCH", "/inventory/1", token, {"price": 77}).status_code
        assert 77 == here.get("/inventory/1").json["price"]

        mortal.restart()
        until(lambda: {"up"} == seen_by(here) | seen_by(there))
        assert [QUOTA - 1, QUOTA - 1] == alone
        must_share(here, there, token)


def seen_by(line: AppClient) -> set[str]:
    """Return how cache and limits do once a request has looked for them."""
    assert 200 == line.get("/inventory/1").status_code
    return stores_of(line)


def left(line: AppClient, token: str) -> int:
    """Return how much of the quota is left after one more request."""
    told = line.get("/me", token).headers["RateLimit"]
    return int(told.partition("r=")[2].partition(";")[0])


def must_share(here: AppClient, there: AppClient, token: str) -> None:
    """Check that two instances count together, and that each sees what the other wrote."""
    first = left(here, token)
    assert [first - 1, first - 2, first - 3] == [left(one, token) for one in (there, here, there)]
    for price, writer, reader in ((11, here, there), (12, there, here), (13, here, there)):
        reader.get("/inventory/1"), reader.get("/inventory")
        assert 0 == reader.statements("/inventory")
        assert 200 == writer.ask("PATCH", "/inventory/1", token, {"price": price}).status_code
        assert price == reader.get("/inventory/1").json["price"]
        assert price == reader.get("/inventory").json["items"][0]["price"]
        assert 0 == writer.statements("/inventory")
