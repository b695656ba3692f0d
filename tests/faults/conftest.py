"""Fixtures: a shop with a manager, on each database."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.shop_processes import create_shop
from tests.integration.servers import PostgresServer, postgres_server


@pytest.fixture(scope="session")
def durable_postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server that flushes commits; a test that stops it starts it again."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def first_database(durable_postgres: PostgresServer) -> str:
    """The URL of a shop on PostgreSQL, as a template."""
    url = durable_postgres.new_database()
    create_shop(url)
    return url


@pytest.fixture(scope="session")
def first_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop in a SQLite file, as a template."""
    file = tmp_path_factory.mktemp("first") / "shop.db"
    create_shop(f"sqlite:///{file}")
    assert [file] == [*file.parent.glob("shop.db*")]
    return file


@pytest.fixture
def database(durable_postgres: PostgresServer, first_database: str) -> Iterator[str]:
    """The URL of a new shop on PostgreSQL."""
    url = durable_postgres.new_database(first_database)
    yield url
    durable_postgres.drop_database(url)


@pytest.fixture
def file(first_file: Path, tmp_path: Path) -> Path:
    """The file of a new shop on SQLite."""
    return Path(shutil.copy(first_file, tmp_path / "shop.db"))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The URL of a new shop on each database."""
    if request.param == "sqlite":
        return f"sqlite:///{request.getfixturevalue('file')}"
    return str(request.getfixturevalue("database"))
