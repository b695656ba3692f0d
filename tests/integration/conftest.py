"""The servers that integration tests share."""

from collections.abc import Iterator

import pytest

from tests.integration.servers import (
    PostgresServer,
    RunningValkey,
    postgres_server,
    valkey_server,
)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server for tests that leave it running."""
    with postgres_server(durable=False) as server:
        yield server


@pytest.fixture(scope="session")
def valkey() -> Iterator[RunningValkey]:
    """A Valkey server for tests that leave it running."""
    with valkey_server() as server:
        yield server
