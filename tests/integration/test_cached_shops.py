"""Two instances on one database with a cache in Valkey: every read is an uncached read."""

import secrets
import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from mechanic_adapters.caching.cache import ResponseCache
from mechanic_adapters.sql.migrations import runner
from mechanic_adapters.sql.store import SqlStore
from tests.cache_machine import CachedShops, Instance
from tests.integration.servers import PostgresServer, RunningValkey
from tests.integration.test_shared_cache import answers_at

FEW = settings(
    max_examples=max(5, settings().max_examples // 20), stateful_step_count=20, deadline=None
)


@pytest.fixture
def sqlite(tmp_path: Path) -> Callable[[], str]:
    """Makes empty shops in files."""
    empty = tmp_path / "empty.db"
    runner.upgrade(f"sqlite:///{empty}")
    numbers = count(1)
    return lambda: f"sqlite:///{shutil.copy(empty, tmp_path / f'shop{next(numbers)}.db')}"


@pytest.fixture
def postgresql(postgres: PostgresServer) -> Iterator[Callable[[], str]]:
    """Makes empty shops on PostgreSQL."""
    empty = postgres.new_database()
    runner.upgrade(empty)
    made = [empty]

    def make() -> str:
        made.append(postgres.new_database(template=empty))
        return made[-1]

    yield make
    for url in made:
        postgres.drop_database(url)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_every_read_is_an_uncached_read(
    request: pytest.FixtureRequest, valkey: RunningValkey, database: str
) -> None:
    """
    With any interleaving of reads and writes in two instances, caches change nothing.
    """
    empty_shop: Callable[[], str] = request.getfixturevalue(database)

    class SqlShops(CachedShops):
        """Two stores on one database, each with a connection of its own to the cache."""

        def instances(self) -> tuple[Instance, Instance]:
            """Return two instances that share database and cache."""
            url, prefix = empty_shop(), f"test:{secrets.token_hex(8)}"
            one, two = (
                Instance(SqlStore.open(url), ResponseCache(answers_at(valkey.url, prefix)))
                for _ in range(2)
            )
            return one, two

    run_state_machine_as_test(SqlShops, settings=FEW)
