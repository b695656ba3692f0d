"""The servers, shops and released databases that integration tests share."""

import logging
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mechanic_adapters.sql.store import SqlStore
from tests.integration.apps import AppClient, new_furnished_shop_url, open_client, settings_for
from tests.integration.databases import (
    DATABASES,
    DatabaseShop,
    drop,
    new_shop_url,
    open_database_shop,
)
from tests.integration.log_secrets import LogRecorder, lines_with_secrets
from tests.integration.released import load_released
from tests.integration.servers import PostgresServer, RunningValkey, postgres_server, valkey_server


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


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path, postgres: PostgresServer) -> Iterator[str]:
    """The URL of a shop on each database, with Eve, Bob, Ada (customer 1) and Cleo (customer 2)."""
    url = new_furnished_shop_url(request.param, tmp_path, postgres)
    yield url
    drop(url, postgres)


@pytest.fixture
def client(url: str) -> Iterator[AppClient]:
    """A client of the application on it."""
    with open_client(settings_for(url)) as opened:
        yield opened


@pytest.fixture
def sqlite_url(tmp_path: Path, postgres: PostgresServer) -> str:
    """The URL of such a shop on SQLite."""
    return new_furnished_shop_url("sqlite", tmp_path, postgres)


@pytest.fixture(scope="module", params=DATABASES)
def shop_url(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    postgres: PostgresServer,
) -> Iterator[str]:
    """The URL of such a shop on each database, for the tests of one module."""
    url = new_furnished_shop_url(request.param, tmp_path_factory.mktemp("shop"), postgres)
    yield url
    drop(url, postgres)


@pytest.fixture(scope="module")
def shop(shop_url: str) -> Iterator[AppClient]:
    """A client of the application on it, for the tests of one module."""
    with open_client(settings_for(shop_url)) as opened:
        yield opened


@pytest.fixture(params=DATABASES)
def empty_url(
    request: pytest.FixtureRequest, tmp_path: Path, postgres: PostgresServer
) -> Iterator[str]:
    """The URL of an empty shop on each database."""
    url = new_shop_url(request.param, tmp_path, postgres)
    yield url
    drop(url, postgres)


@pytest.fixture
def store(empty_url: str) -> Iterator[SqlStore]:
    """The store on it."""
    with closing(SqlStore.open(empty_url)) as opened:
        yield opened


@pytest.fixture(params=DATABASES)
def database_shop(
    request: pytest.FixtureRequest, tmp_path: Path, postgres: PostgresServer
) -> Iterator[DatabaseShop]:
    """A shop on each database, called without HTTP."""
    with open_database_shop(request.param, tmp_path, postgres) as opened:
        yield opened
    drop(opened.url, postgres)


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
