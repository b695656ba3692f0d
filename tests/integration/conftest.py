"""The servers that integration tests share."""

import logging
from collections.abc import Iterator

import pytest

from tests.integration.log_secrets import LogRecorder, telling
from tests.integration.servers import (
    PostgresServer,
    RunningValkey,
    postgres_server,
    valkey_server,
)


@pytest.fixture(scope="session", autouse=True)
def nothing_secret_is_logged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The logs of the whole run, searched in the end: ours, and those of the programs we ran."""
    spoken = LogRecorder()
    logging.getLogger().addHandler(spoken)
    yield
    logging.getLogger().removeHandler(spoken)
    assert [] == telling(spoken.lines, tmp_path_factory.getbasetemp())


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
