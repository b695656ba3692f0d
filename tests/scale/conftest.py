"""The servers that the tests of this folder share."""

from collections.abc import Iterator

import pytest

from tests.integration.servers import PostgresServer, postgres_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server, shared by tests that leave it running."""
    with postgres_server() as server:
        yield server
