"""The memory store keeps the contract of stores."""

import pytest

from mechanic_adapters.conformance.suite import *  # noqa: F403 - the whole suite
from mechanic_adapters.memory import MemoryStore
from mechanic_core.unit_of_work import Store


@pytest.fixture
def store() -> Store:
    """An empty shop in memory."""
    return MemoryStore()
