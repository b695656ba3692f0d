"""The servers that the tests of this folder share."""

from collections.abc import Callable, Iterator

import pytest

from tests.integration.servers import PostgresServer, postgres_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server, shared by tests that leave it running."""
    with postgres_server() as server:
        yield server


@pytest.fixture
def report(capfd: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Prints counts to the terminal; the servers' output is shown only for failures."""

    def report(counts: str) -> None:
        with capfd.disabled():
            print(f"\n{counts}")

    return report
