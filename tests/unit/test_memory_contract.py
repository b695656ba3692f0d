"""Run the conformance suite on the memory store."""

import pytest

from mechanic_adapters.conformance.suite import *  # noqa: F403 - the whole suite
from mechanic_adapters.memory import MemoryStore
from mechanic_core.unit_of_work import Store


@pytest.fixture
def store() -> Store:
    """Return an empty memory store."""
    return MemoryStore()
