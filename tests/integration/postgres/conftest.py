"""Empty shops on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mechanic_adapters.sql.store import SqlStore
from tests.integration.databases import new_shop_url
from tests.integration.servers import PostgresServer


@pytest.fixture
def url(tmp_path: Path, postgres: PostgresServer) -> Iterator[str]:
    """The URL of an empty shop."""
    url = new_shop_url("postgresql", tmp_path, postgres)
    yield url
    postgres.drop_database(url)


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    """The store on it."""
    store = SqlStore.open(url)
    yield store
    store.close()
