"""The shop in memory, on SQLite and on PostgreSQL agree, step by step, refusals included."""

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
"""Every step costs some hundred statements: fewer shops than in memory."""

Opened = Callable[[], AbstractContextManager[Store]]


class Agreement(ShopMachine):
    """One shop in memory and one in a database."""

    def __init__(self, opened: Opened) -> None:
        """Open both, empty."""
        self._open = opened()
        super().__init__(MemoryStore(), self._open.__enter__())

    def teardown(self) -> None:
        """Go through the books and close."""
        try:
            super().teardown()
        finally:
            self._open.__exit__(None, None, None)


@pytest.fixture
def sqlite(tmp_path: Path) -> Opened:
    """Opens an empty shop in a file of its own."""
    empty = tmp_path / "empty.db"
    runner.upgrade(f"sqlite:///{empty}")
    numbers = count(1)

    @contextmanager
    def opened() -> Iterator[Store]:
        file = Path(shutil.copy(empty, tmp_path / f"{next(numbers)}.db"))
        with closing(SqlStore.open(f"sqlite:///{file}", pool_size=1)) as store:
            yield store
        file.unlink()

    return opened


@pytest.fixture
def postgresql(postgres: PostgresServer) -> Iterator[Opened]:
    """Opens a shop on PostgreSQL, emptied first."""
    url = postgres.new_database()
    runner.upgrade(url)
    with closing(SqlStore.open(url, pool_size=1)) as store, psycopg.connect(url) as connection:

        @contextmanager
        def opened() -> Iterator[Store]:
            connection.execute(EMPTY)
            connection.commit()
            yield store

        yield opened


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_stores_agree(database: str, request: pytest.FixtureRequest) -> None:
    """
    Whatever people do, each store answers as the model says: results, refusals, books, alarms.
    """
    opened: Opened = request.getfixturevalue(database)

    class Here(Agreement):
        def __init__(self) -> None:
            super().__init__(opened)

    run_state_machine_as_test(Here, settings=FEW)
