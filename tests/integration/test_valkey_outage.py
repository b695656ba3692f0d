"""Valkey is killed under load: no request fails; restarted, it is shared again."""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Final

import pytest
from attrs import define

from mechanic_adapters.resilience.circuit_breaker import RETRY_S
from mechanic_adapters.security import revocations
from mechanic_shop.settings.settings import Settings
from tests.integration.apps import BOB, AppClient, open_client, settings_for
from tests.integration.servers import RunningValkey, valkey_server

THREADS: Final = 4
QUOTA: Final = 1000
LIMIT: Final = f"{QUOTA}/hour"


@pytest.fixture
def rare_refresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the refresh of revoked sessions, a statement every two seconds, rare."""
    monkeypatch.setattr(revocations, "REFRESH_S", 3600.0)


@pytest.fixture
def own_valkey() -> Iterator[RunningValkey]:
    """A Valkey server of this test, to be killed."""
    with valkey_server() as server:
        yield server


@pytest.fixture
def settings(url: str, own_valkey: RunningValkey) -> Settings:
    """Settings of instances that share a database and a Valkey server."""
    return settings_for(url, cache_redis_url=own_valkey.url, cache_ttl_s=3600)


@define
class Load:
    """A client that reads and writes its own part in a loop."""

    client: AppClient
    token: str
    path: str

    def run(self, stop: Event) -> Counter[str]:
        """Send requests until *stop*; count the responses by error."""
        seen: Counter[str] = Counter()
        while not stop.is_set():
            begun = time.perf_counter()
            price = seen["asked"] % 9000 + 1
            answers = (
                self.client.ask("PATCH", self.path, self.token, {"price": price}),
                self.client.get(self.path, self.token),
                self.client.get("/inventory?per_page=50"),
                self.client.get("/mechanics/leaderboard"),
            )
            seen["asked"] += 1
            seen["slow"] += time.perf_counter() - begun > 5
            seen["failed"] += any(one.status_code != 200 for one in answers)
            seen["stale"] += answers[1].json["price"] != price
        return seen


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait until a condition is true, for as long as reconnecting may take."""
    deadline = time.monotonic() + 20 * RETRY_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def stores_of(client: AppClient) -> set[str]:
    """Return the readiness of cache and rate limits."""
    log_lines = client.get("/readyz").json
    return {log_lines["cache"], log_lines["limits"]}


def log_lines(caplog: pytest.LogCaptureFixture) -> dict[str, list[str]]:
    """Return the log lines about each Redis server, in order."""
    lines: dict[str, list[str]] = {"cache": [], "limiter": []}
    for one in caplog.records:
        if "store" in vars(one):
            lines[vars(one)["store"]].append(one.msg)
    return lines


def fallbacks(page: str, store: str) -> float:
    """Return the number of fallbacks of *store* in the metrics."""
    found = re.search(
        rf'^mechanic_shop_fallbacks_total{{store="{store}"}} (\S+)$', page, re.MULTILINE
    )
    return float(found[1]) if found else 0.0


def test_killed_under_load_no_request_fails(
    settings: Settings, own_valkey: RunningValkey, caplog: pytest.LogCaptureFixture
) -> None:
    """
    Reads and writes succeed, and are never stale, while Valkey is killed and restarted.
    """
    stop = Event()
    with open_client(settings) as client, ThreadPoolExecutor(THREADS) as threads:
        token = client.token(BOB)
        made = [
            client.ask("POST", "/inventory", token, {"name": "Pad", "price": 1}).json["id"]
            for _ in range(THREADS)
        ]
        loads = [Load(client, token, f"/inventory/{one}") for one in made]
        working = [threads.submit(load.run, stop) for load in loads]
        try:
            time.sleep(0.5)
            own_valkey.kill()
            wait_until(lambda: stores_of(client) == {"down"})
            time.sleep(0.5)  # until the last response from before the crash
            fallen = log_lines(caplog)
            time.sleep(2 * RETRY_S)  # in which each server is tried again in vain
            still_fallen = log_lines(caplog)
            own_valkey.restart()
            wait_until(lambda: stores_of(client) == {"up"})
            time.sleep(0.5)
        finally:
            stop.set()
        seen = sum((one.result() for one in working), Counter[str]())
        page = client.metrics.render()[0].decode()

    assert seen["asked"] > 2 * THREADS
    assert (0, 0, 0) == (seen["failed"], seen["stale"], seen["slow"])
    assert fallen == still_fallen  # one outage is logged once, however many requests it affects
    for store, lines in log_lines(caplog).items():
        outages = (len(lines) + 1) // 2  # a busy machine may cause one more
        assert (["store away", "store back"] * outages)[: len(lines)] == lines
        assert 2 <= len(lines)
        assert "store away" == fallen[store][-1]
        assert fallbacks(page, store) > outages


@pytest.mark.usefixtures("rare_refresh")
def test_restarted_it_is_shared_again(settings: Settings, own_valkey: RunningValkey) -> None:
    """
    Two instances share quota and cache, work without Valkey, and share again after its restart.
    """
    settings = settings_for(
        settings.database_url,
        cache_redis_url=own_valkey.patient_url,
        cache_ttl_s=3600,
        global_rate_limit=LIMIT,
    )
    with open_client(settings) as here, open_client(settings) as there:
        token = here.token(BOB)
        check_shared(here, there, token)

        own_valkey.kill()
        wait_until(
            lambda: {"down"} == readiness_after_a_request(here) | readiness_after_a_request(there)
        )
        alone = [remaining(client, token) for client in (here, there)]
        assert 200 == here.ask("PATCH", "/inventory/1", token, {"price": 77}).status_code
        assert 77 == here.get("/inventory/1").json["price"]

        own_valkey.restart()
        wait_until(
            lambda: {"up"} == readiness_after_a_request(here) | readiness_after_a_request(there)
        )
        assert [QUOTA - 1, QUOTA - 1] == alone
        check_shared(here, there, token)


def readiness_after_a_request(client: AppClient) -> set[str]:
    """Return the readiness of cache and rate limits after a request."""
    assert 200 == client.get("/inventory/1").status_code
    return stores_of(client)


def remaining(client: AppClient, token: str) -> int:
    """Return the remaining quota after one more request."""
    log_lines = client.get("/me", token).headers["RateLimit"]
    return int(log_lines.partition("r=")[2].partition(";")[0])


def check_shared(here: AppClient, there: AppClient, token: str) -> None:
    """Check that two instances share the quota and see each other's writes."""
    first = remaining(here, token)
    assert [first - 1, first - 2, first - 3] == [
        remaining(one, token) for one in (there, here, there)
    ]
    for price, writer, reader in ((11, here, there), (12, there, here), (13, here, there)):
        reader.get("/inventory/1"), reader.get("/inventory")
        assert 0 == reader.statements("/inventory")
        assert 200 == writer.ask("PATCH", "/inventory/1", token, {"price": price}).status_code
        assert price == reader.get("/inventory/1").json["price"]
        assert price == reader.get("/inventory").json["items"][0]["price"]
        assert 0 == writer.statements("/inventory")
