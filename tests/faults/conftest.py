"""What the tests of faults share: a shop on each database."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.servers import PostgresServer, postgres_server


@pytest.fixture(scope="module")
def durable_postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server that keeps what it has acknowledged, and that a test may stop."""
    with postgres_server() as server:
        yield server


@pytest.fixture
def database(durable_postgres: PostgresServer) -> Iterator[str]:
    """The address of a new database."""
    url = durable_postgres.new_database()
    yield url
    durable_postgres.drop_database(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a new database, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'shop.db'}"
    return str(request.getfixturevalue("database"))


@pytest.fixture
def tell(capfd: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print what was counted, though the servers' own lines are kept for failures."""

    def tell(counted: str) -> None:
        with capfd.disabled():
            print(f"\n{counted}")

    return tell
