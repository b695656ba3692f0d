"""The HTTP response cache: hits run no SQL statement, and no role gets the view of another."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Final

import pytest

from mechanic_adapters.security import revocations
from mechanic_shop.settings.choices import CacheType
from mechanic_shop.settings.settings import Settings
from tests.integration.apps import (
    ADA,
    BOB,
    EVE,
    AppClient,
    new_furnished_shop_url,
    open_client,
    settings_for,
)
from tests.integration.servers import PostgresServer, RunningValkey

CACHED: Final = [
    "/mechanics/leaderboard",
    "/mechanics/leaderboard?limit=3&from=2026-01-01&to=2026-12-31",
    "/inventory",
    "/inventory?q=pad&page=1&per_page=5",
    "/inventory/1",
    "/mechanics",
    "/mechanics/1",
]

NEW_PRICES: Final = count(1234)
"""A new price: writing the present one would change nothing. Other tests share the shop."""


@pytest.fixture(autouse=True)
def rare_refresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the refresh of revoked sessions, a statement every two seconds, rare."""
    monkeypatch.setattr(revocations, "REFRESH_S", 3600.0)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer) -> str:
    """The URL of a shop on PostgreSQL."""
    return new_furnished_shop_url("postgresql", tmp_path_factory.mktemp("shop"), postgres)


@pytest.fixture(params=["memory", "redis"])
def settings(request: pytest.FixtureRequest, url: str, valkey: RunningValkey) -> Settings:
    """Settings for each kind of cache."""
    if request.param == "memory":
        return settings_for(url)
    return settings_for(url, cache_redis_url=valkey.patient_url, rate_limit_storage_url="memory://")


@pytest.fixture
def client(settings: Settings) -> Iterator[AppClient]:
    """A client of the application with each kind of cache."""
    with open_client(settings) as client:
        yield client


def test_without_a_cache_each_read_runs_statements(tmp_path: Path) -> None:
    """
    Without a cache each of these reads runs SQL statements.
    """
    settings = settings_for(f"sqlite:///{tmp_path / 'shop.db'}", cache_type=CacheType.NULL)
    with open_client(settings) as client:
        lists = [path for path in CACHED if not path[-1].isdigit()]
        counts = [client.statements(path) for path in (*lists, *lists)]

    assert min(counts) >= 1


@pytest.mark.parametrize("path", CACHED)
def test_a_hit_runs_no_statement(client: AppClient, path: str) -> None:
    """
    A cached response is returned byte for byte without an SQL statement.
    """
    first = client.get(path)
    again = client.get(path)

    assert (200, 0) == (again.status_code, client.access_log[-1].statements)
    assert first.content == again.content
    assert first.headers["Cache-Control"] == again.headers["Cache-Control"]


@pytest.mark.parametrize("path", CACHED)
def test_a_known_token_runs_no_statement_either(client: AppClient, path: str) -> None:
    """
    Authentication of a known token runs at most one statement in two seconds.
    """
    token = client.token(ADA)
    counts = [client.statements(path, token) for _ in range(10)]

    assert counts.count(0) >= 8


def test_nobody_gets_the_view_of_another_role(client: AppClient) -> None:
    """
    Each role gets its own view of mechanics, whichever role read first.
    """
    public = {"id", "name", "specialty"}
    staff = public | {"email", "phone"}
    manager = staff | {"salary", "role", "active"}
    views = {"": public}
    views |= {
        client.token(email): view for email, view in ((ADA, public), (BOB, staff), (EVE, manager))
    }

    for token in (*views, *reversed(views), *views):
        listed = client.get("/mechanics", token).json["items"]
        assert [views[token]] * 2 == [set(mechanic) for mechanic in listed]
        assert views[token] == set(client.get("/mechanics/1", token).json)


def test_authorization_comes_before_the_cache(client: AppClient) -> None:
    """
    A cached response does not bypass a policy.
    """
    low = "/inventory?low_stock=true"
    bob, ada = client.token(BOB), client.token(ADA)
    assert [200, 200] == [client.get(low, bob).status_code for _ in range(2)]

    assert [401, 403, 401] == [client.get(low, token).status_code for token in ("", ada, "forged")]
    assert 401 == client.get("/mechanics/leaderboard", "forged").status_code


def test_errors_are_not_cached(client: AppClient) -> None:
    """
    Errors (401, 404) are not cached.
    """
    low, bob = "/inventory?low_stock=true&per_page=7", client.token(BOB)
    assert [401, 404] == [client.get(path).status_code for path in (low, "/inventory/999")]

    assert 200 == client.get(low, bob).status_code


def test_a_write_is_seen_by_the_next_read(client: AppClient) -> None:
    """
    A write invalidates the responses that it changes, and only those.
    """
    bob = client.token(BOB)
    client.get("/inventory/1"), client.get("/inventory"), client.get("/mechanics/leaderboard")
    price = next(NEW_PRICES)

    changed = client.ask("PATCH", "/inventory/1", bob, {"price": price})

    assert 200 == changed.status_code
    assert 0 == client.statements("/mechanics/leaderboard")
    assert price == client.get("/inventory/1").json["price"]
    assert price in [part["price"] for part in client.get("/inventory").json["items"]]


def test_metrics_count_hits_and_misses(client: AppClient) -> None:
    """
    Cache hits and misses are counted by the name of the cached response.
    """
    path = "/mechanics/leaderboard?limit=17"
    client.get(path), client.get(path)
    page = client.metrics.render()[0].decode()

    assert 'mechanic_shop_cache_lookups_total{cache="leaderboard",outcome="hit"} 1.0' in page
    assert 'mechanic_shop_cache_lookups_total{cache="leaderboard",outcome="miss"} 1.0' in page


def test_a_manager_reads_past_the_cache(url: str) -> None:
    """
    A manager reads at once what another process has written, so that a mirror misses nothing.
    """
    with open_client(settings_for(url)) as reading, open_client(settings_for(url)) as writing:
        eve = reading.token(EVE)
        reading.get("/inventory/1", eve)
        price = next(NEW_PRICES)
        writing.ask("PATCH", "/inventory/1", eve, {"price": price})

        assert price == reading.get("/inventory/1", eve).json["price"]
