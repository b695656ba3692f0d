"""What the caches do for whoever asks over HTTP: no statement, and nobody else's view."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Final

import pytest

from mechanic_shop.settings.settings import Cache, Settings
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
"""A price that the part has already is not written, and the shop is that of other tests too."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer) -> str:
    """A shop on PostgreSQL."""
    return new_furnished_shop_url("postgresql", tmp_path_factory.mktemp("shop"), postgres)


@pytest.fixture(params=["memory", "redis"])
def settings(request: pytest.FixtureRequest, url: str, valkey: RunningValkey) -> Settings:
    """Settings with each kind of cache."""
    if request.param == "memory":
        return settings_for(url)
    return settings_for(url, cache_redis_url=valkey.patient_url, rate_limit_storage_url="memory://")


@pytest.fixture
def client(settings: Settings) -> Iterator[AppClient]:
    """The application with each kind of cache."""
    with open_client(settings) as client:
        yield client


def test_without_a_cache_each_read_runs_statements(tmp_path: Path) -> None:
    """
    The count counts: where nothing is kept, each of these reads asks the database.
    """
    settings = settings_for(f"sqlite:///{tmp_path / 'shop.db'}", cache_type=Cache.NULL)
    with open_client(settings) as client:
        lists = [path for path in CACHED if not path[-1].isdigit()]
        counts = [client.statements(path) for path in (*lists, *lists)]

    assert min(counts) >= 1


@pytest.mark.parametrize("path", CACHED)
def test_a_hit_runs_no_statement(client: AppClient, path: str) -> None:
    """
    What was read once is answered from the cache, byte for byte, without the database.
    """
    first = client.get(path)
    again = client.get(path)

    assert (200, 0) == (again.status_code, client.access_log[-1].statements)
    assert first.content == again.content
    assert first.headers["Cache-Control"] == again.headers["Cache-Control"]


@pytest.mark.parametrize("path", CACHED)
def test_a_known_token_runs_no_statement_either(client: AppClient, path: str) -> None:
    """
    Who asks is told from what is remembered, but for one look in two seconds.
    """
    token = client.token(ADA)
    counts = [client.statements(path, token) for _ in range(10)]

    assert counts.count(0) >= 8


def test_nobody_gets_the_view_of_another_role(client: AppClient) -> None:
    """
    Whoever reads first, each role sees of mechanics what is for it, and no more.
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
    An answer that is kept is no way round a policy: refusals stay what they are.
    """
    low = "/inventory?low_stock=true"
    bob, ada = client.token(BOB), client.token(ADA)
    assert [200, 200] == [client.get(low, bob).status_code for _ in range(2)]

    assert [401, 403, 401] == [client.get(low, token).status_code for token in ("", ada, "forged")]
    assert 401 == client.get("/mechanics/leaderboard", "forged").status_code


def test_a_refusal_is_not_kept(client: AppClient) -> None:
    """
    A stranger's 401 or a missing part keeps nobody else out.
    """
    low, bob = "/inventory?low_stock=true&per_page=7", client.token(BOB)
    assert [401, 404] == [client.get(path).status_code for path in (low, "/inventory/999")]

    assert 200 == client.get(low, bob).status_code


def test_a_write_is_seen_by_the_next_read(client: AppClient) -> None:
    """
    What a write changes, the next read tells; what it does not change stays kept.
    """
    bob = client.token(BOB)
    client.get("/inventory/1"), client.get("/inventory"), client.get("/mechanics/leaderboard")
    price = next(NEW_PRICES)

    changed = client.ask("PATCH", "/inventory/1", bob, {"price": price})

    assert 200 == changed.status_code
    assert 0 == client.statements("/mechanics/leaderboard")
    assert price == client.get("/inventory/1").json["price"]
    assert price in [part["price"] for part in client.get("/inventory").json["items"]]


def test_metrics_tell_hits_from_misses(client: AppClient) -> None:
    """
    Each look into the cache is counted, under the name of what was looked for.
    """
    path = "/mechanics/leaderboard?limit=17"
    client.get(path), client.get(path)
    page = client.metrics.render()[0].decode()

    assert 'mechanic_shop_cache_lookups_total{cache="leaderboard",outcome="hit"} 1.0' in page
    assert 'mechanic_shop_cache_lookups_total{cache="leaderboard",outcome="miss"} 1.0' in page
