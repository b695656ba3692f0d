"""A store with a cache in front keeps the contract of stores."""

import pytest

from mechanic_adapters.caching.cache import ResponseCache
from mechanic_adapters.caching.memory import MemoryAnswers
from mechanic_adapters.caching.store import CachedStore
from mechanic_adapters.conformance.suite import *  # noqa: F403 - the whole suite
from mechanic_adapters.memory import MemoryStore
from mechanic_core.unit_of_work import Store


@pytest.fixture
def store() -> Store:
    """An empty shop in memory behind a cache."""
    return CachedStore(MemoryStore(), ResponseCache(MemoryAnswers(ttl_s=30.0)))
