"""State machine test: memory, SQLite and PostgreSQL agree after each step, refusals included."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from mechanic_adapters.memory import MemoryStore
from mechanic_adapters.sql.migrations import runner
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.unit_of_work import Store
from tests.integration.servers import PostgresServer
from tests.integration.test_sql_contract import EMPTY
from tests.machines.shop_machine import ShopMachine

FEW = settings(max_examples=max(5, settings().max_examples // 10), stateful_step_count=50)
"""Fewer runs than in memory: each step costs about a hundred statements."""

OpenStore = Callable[[], AbstractContextManager[Store]]


class StoresMachine(ShopMachine):
    """The state machine on a memory store and a database."""

    def __init__(self, open_store: OpenStore) -> None:
        """Open both stores, empty."""
        self._open = open_store()
        super().__init__(MemoryStore(), self._open.__enter__())

    def teardown(self) -> None:
        """Check the invariants and close the database."""
        try:
            super().teardown()
        finally:
            self._open.__exit__(None, None, None)


@pytest.fixture
def sqlite(tmp_path: Path) -> OpenStore:
    """Opens an empty SQLite file."""
    empty = tmp_path / "empty.db"
    runner.upgrade(f"sqlite:///{empty}")
    numbers = count(1)

    @contextmanager
    def open_store() -> Iterator[Store]:
        file = Path(shutil.copy(empty, tmp_path / f"{next(numbers)}.db"))
        with closing(SqlStore.open(f"sqlite:///{file}", pool_size=1)) as store:
            yield store
        file.unlink()

    return open_store


@pytest.fixture
def postgresql(postgres: PostgresServer) -> Iterator[OpenStore]:
    """Opens a PostgreSQL database, emptied first."""
    url = postgres.new_database()
    runner.upgrade(url)
    with closing(SqlStore.open(url, pool_size=1)) as store, psycopg.connect(url) as connection:

        @contextmanager
        def open_store() -> Iterator[Store]:
            connection.execute(EMPTY)
            connection.commit()
            yield store

        yield open_store


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_stores_agree(database: str, request: pytest.FixtureRequest) -> None:
    """
    After any sequence of operations both stores agree with the model: results, refusals, ledgers and low stock.
    """
    open_store: OpenStore = request.getfixturevalue(database)

    class Machine(StoresMachine):
        def __init__(self) -> None:
            super().__init__(open_store)

    run_state_machine_as_test(Machine, settings=FEW)
