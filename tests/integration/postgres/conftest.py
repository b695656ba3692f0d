"""Empty shops on PostgreSQL."""

from collections.abc import Iterator

import pytest

from mechanic_adapters.sql.migrations import runner
from mechanic_adapters.sql.store import SqlStore
from tests.integration.servers import PostgresServer


@pytest.fixture(scope="module")
def template(postgres: PostgresServer) -> str:
    """An empty shop, as a template."""
    url = postgres.new_database()
    runner.upgrade(url)
    return url


@pytest.fixture
def url(postgres: PostgresServer, template: str) -> Iterator[str]:
    """The URL of an empty shop."""
    url = postgres.new_database(template=template)
    yield url
    postgres.drop_database(url)


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    """The store on it."""
    store = SqlStore.open(url)
    yield store
    store.close()
