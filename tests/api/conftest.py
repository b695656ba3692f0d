"""A demo shop that is served, for tools that come over the network."""

from collections.abc import Iterator

import pytest

from tests.integration.programs import Program, serving


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A demo shop that is served."""
    with serving(tmp_path_factory.mktemp("shop"), "demo", "--port", "0") as program:
        yield program
