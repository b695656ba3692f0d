"""A running demo server."""

from collections.abc import Iterator

import pytest

from tests.integration.programs import Program, serving


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A running server with demo data."""
    with serving(tmp_path_factory.mktemp("shop"), "demo", "--port", "0") as program:
        yield program
