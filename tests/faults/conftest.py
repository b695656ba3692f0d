"""What the tests of faults share: a shop with a manager in it, on each database."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.shop_processes import found
from tests.integration.servers import PostgresServer, postgres_server


@pytest.fixture(scope="session")
def durable_postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server that keeps what it has acknowledged; who stops it starts it again."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def first_database(durable_postgres: PostgresServer) -> str:
    """A shop on PostgreSQL, to be copied."""
    url = durable_postgres.new_database()
    found(url)
    return url


@pytest.fixture(scope="session")
def first_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop on SQLite, to be copied."""
    file = tmp_path_factory.mktemp("first") / "shop.db"
    found(f"sqlite:///{file}")
    assert [file] == [*file.parent.glob("shop.db*")]
    return file


@pytest.fixture
def database(durable_postgres: PostgresServer, first_database: str) -> Iterator[str]:
    """The address of a new shop on PostgreSQL."""
    url = durable_postgres.new_database(first_database)
    yield url
    durable_postgres.drop_database(url)


@pytest.fixture
def file(first_file: Path, tmp_path: Path) -> Path:
    """The file of a new shop on SQLite."""
    return Path(shutil.copy(first_file, tmp_path / "shop.db"))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The address of a new shop, on each database in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{request.getfixturevalue('file')}"
    return str(request.getfixturevalue("database"))


@pytest.fixture
def tell(capfd: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print what was counted, though the servers' own lines are kept for failures."""

    def tell(counted: str) -> None:
        with capfd.disabled():
            print(f"\n{counted}")

    return tell
