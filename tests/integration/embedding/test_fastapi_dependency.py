"""A FastAPI dependency that yields inside `begin()`: it fails visibly and locks nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient

from mechanic_adapters.memory import MemoryStore
from mechanic_adapters.memory import store as memory_store
from mechanic_adapters.sql.engine import connection_pool
from mechanic_core.access import Actor, Role
from mechanic_core.errors import Unavailable
from mechanic_core.inventory.part import PartForm
from mechanic_core.inventory.ports import PartFilter
from mechanic_core.paging import PageRequest
from mechanic_core.shop import Shop
from mechanic_core.unit_of_work import LeftElsewhereError
from mechanic_shop import open_shop
from tests.integration.databases import new_shop_url
from tests.integration.servers import PostgresServer
from tests.strategies import sample

MANAGER = Actor(Role.MANAGER)
REQUESTS = 3


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def where(
    request: pytest.FixtureRequest, tmp_path: Path, postgres: PostgresServer
) -> Iterator[dict[str, Any]]:
    """The arguments that open a shop on each kind of store."""
    if request.param == "postgresql":
        url = new_shop_url("postgresql", tmp_path, postgres)
        yield {"url": url}
        postgres.drop_database(url)
    else:
        is_memory = request.param == "memory"
        yield {"store": MemoryStore()} if is_memory else {"url": tmp_path / "shop.db"}


def app_of(shop: Shop) -> FastAPI:
    """Return an application with one wrong dependency and one right endpoint."""
    app = FastAPI()

    def unit_of_work() -> Iterator[None]:
        with shop.begin():
            yield

    @app.post("/wrong")
    def wrong(_: Annotated[None, Depends(unit_of_work)], sku: str) -> None:
        shop.add_part(MANAGER, sample(PartForm, sku=sku))

    @app.post("/right")
    def right(sku: str) -> None:
        with shop.begin():
            shop.add_part(MANAGER, sample(PartForm, sku=sku))

    return app


def test_a_transaction_around_an_endpoint_locks_nothing(
    where: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Each request fails with a clear error, and the shop goes on working.
    """
    monkeypatch.setattr(connection_pool, "POOL_TIMEOUT_S", 0.2)
    monkeypatch.setattr(memory_store, "LOCK_TIMEOUT_S", 0.2)
    with open_shop(**where) as shop:
        client = TestClient(app_of(shop))
        for number in range(REQUESTS):
            with pytest.raises((LeftElsewhereError, Unavailable)):
                client.post("/wrong", params={"sku": f"WRONG-{number}"})
            assert 200 == client.post("/right", params={"sku": f"RIGHT-{number}"}).status_code
        found = shop.list_parts(MANAGER, PartFilter(q="RIGHT"), PageRequest())

    assert REQUESTS == len(found.items)
