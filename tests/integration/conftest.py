"""The servers that integration tests share."""

import logging
from collections.abc import Iterator

import pytest

from tests.integration.log_secrets import LogRecorder, lines_with_secrets
from tests.integration.servers import (
    PostgresServer,
    RunningValkey,
    postgres_server,
    valkey_server,
)


@pytest.fixture(scope="session", autouse=True)
def nothing_secret_is_logged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fails at the end of the run if a secret was logged, here or by a program that a test ran."""
    recorder = LogRecorder()
    logging.getLogger().addHandler(recorder)
    yield
    logging.getLogger().removeHandler(recorder)
    assert [] == lines_with_secrets(recorder.lines, tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server, shared by tests that leave it running."""
    with postgres_server(durable=False) as server:
        yield server


@pytest.fixture(scope="session")
def valkey() -> Iterator[RunningValkey]:
    """A Valkey server, shared by tests that leave it running."""
    with valkey_server() as server:
        yield server
