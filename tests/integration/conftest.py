"""The servers and the released databases that integration tests share."""

import logging
from collections.abc import Iterator

import pytest

from tests.integration.databases import DATABASES
from tests.integration.log_secrets import LogRecorder, lines_with_secrets
from tests.integration.released import load_released
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


@pytest.fixture(scope="session")
def released_template(postgres: PostgresServer) -> str:
    """The released database on PostgreSQL, to be copied."""
    url = postgres.new_database()
    load_released(url)
    return url


@pytest.fixture
def released_url(postgres: PostgresServer, released_template: str) -> Iterator[str]:
    """A copy of the released database on PostgreSQL, for one test."""
    url = postgres.new_database(released_template)
    yield url
    postgres.drop_database(url)


@pytest.fixture(scope="module", params=DATABASES)
def released_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A released database of each kind, for the tests of one module."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('released')}/shop.db"
        load_released(url)
        yield url
        return
    postgres: PostgresServer = request.getfixturevalue("postgres")
    url = postgres.new_database(request.getfixturevalue("released_template"))
    yield url
    postgres.drop_database(url)
