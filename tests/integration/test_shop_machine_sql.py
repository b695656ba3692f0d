"""State machine test: memory, SQLite and PostgreSQL agree after each step, refusals included."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from mechanic_adapters.memory import MemoryStore
from mechanic_adapters.sql.store import SqlStore
from tests.integration.databases import new_shop_url
from tests.integration.servers import PostgresServer
from tests.integration.test_sql_contract import EMPTY
from tests.machines.shop_machine import ShopMachine

FEW = settings(max_examples=max(5, settings().max_examples // 10), stateful_step_count=50)
"""Fewer runs than in memory: each step costs about a hundred statements."""

FEWER = settings(max_examples=max(5, FEW.max_examples // 2), stateful_step_count=30)
"""Half as many shorter runs, for machines of one ticket or one customer."""

OpenStore = Callable[[], AbstractContextManager[SqlStore]]


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
def sqlite(tmp_path: Path, postgres: PostgresServer) -> OpenStore:
    """Opens an empty SQLite file."""

    @contextmanager
    def open_store() -> Iterator[SqlStore]:
        url = new_shop_url("sqlite", tmp_path, postgres)
        with closing(SqlStore.open(url, pool_size=1)) as store:
            yield store

    return open_store


@pytest.fixture
def postgresql(tmp_path: Path, postgres: PostgresServer) -> Iterator[OpenStore]:
    """Opens a PostgreSQL database, emptied first."""
    url = new_shop_url("postgresql", tmp_path, postgres)
    with closing(SqlStore.open(url, pool_size=1)) as store, psycopg.connect(url) as connection:

        @contextmanager
        def open_store() -> Iterator[SqlStore]:
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
