"""The stored column for low stock: what writers of other releases leave out, and what it is for."""

from contextlib import closing
from pathlib import Path

import psycopg
from sqlalchemy import create_engine

from mechanic_adapters.conformance.samples.records import new_part
from mechanic_adapters.sql.engine.engines import database_url
from mechanic_adapters.sql.migrations import runner
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.inventory.part import Kind
from mechanic_core.inventory.ports import PartFilter
from mechanic_core.money import Quantity
from mechanic_core.paging import PageRequest
from tests.integration.databases import new_shop_url
from tests.integration.servers import PostgresServer
from tests.integration.sockets import wait_until

RESERVATIONS = 20
PART = """
    INSERT INTO parts (id, sku, name, price, unit, quantity, reserved, reorder_point, created_at,
        updated_at, version, name_key, sku_key)
    VALUES ({0}, '{0}', 'A', 0, 'each', {1}, 0, 3, '2026-01-01 00:00:00.000000+00:00',
        '2026-01-01 00:00:00.000000+00:00', 1, 'a', '{0}')
"""
UPDATES = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'parts'"


def run(url: str, *statements: str) -> None:
    """Run statements in a transaction of their own."""
    engine = create_engine(database_url(url))
    with engine.begin() as connection:
        for sql in statements:
            connection.exec_driver_sql(sql)
    engine.dispose()


def listed(store: SqlStore) -> tuple[list[int], list[int]]:
    """Return the parts that are low, and those that are not."""
    with store.read_only() as work:
        low, enough = (
            work.parts.find(PartFilter(low_stock=wanted), PageRequest()).items
            for wanted in (True, False)
        )
    return [part.id for part in low], [part.id for part in enough]


def test_rows_of_the_previous_release_are_found(empty_url: str, store: SqlStore) -> None:
    """
    A row that is written without the column gets it, when it is new and when its stock changes.
    """
    run(empty_url, PART.format(1, 3), PART.format(2, 4), PART.format(3, 9))
    before = listed(store)
    run(
        empty_url,
        "UPDATE parts SET quantity = 4 WHERE id = 1",
        "UPDATE parts SET reserved = 1 WHERE id = 2",
        "UPDATE parts SET reorder_point = 9 WHERE id = 3",
    )

    assert ([1], [2, 3]) == before
    assert ([2, 3], [1]) == listed(store)


def test_rows_from_before_are_found(empty_url: str, store: SqlStore) -> None:
    """
    The migration fills the column of existing rows.
    """
    runner.downgrade(empty_url, "0021")
    run(empty_url, PART.format(1, 3), PART.format(2, 4))
    runner.upgrade(empty_url)

    assert ([1], [2]) == listed(store)


def test_a_reservation_adds_to_no_index(postgres: PostgresServer, tmp_path: Path) -> None:
    """
    On PostgreSQL the new version of a part's row stays in its page, and no index changes.
    """
    url = new_shop_url("postgresql", tmp_path, postgres)
    with closing(SqlStore.open(url)) as store:
        with store.begin() as work:
            part = work.parts.add(new_part(quantity=Quantity(10**6)))
        for _ in range(RESERVATIONS):
            with store.begin() as work:
                held = work.parts.lock([part.id])[part.id]
                work.parts.save([held.move(Kind.RESERVE, Quantity(1000))])

        with psycopg.connect(url, autocommit=True) as connection:

            def counted() -> bool:
                return (RESERVATIONS, RESERVATIONS) == connection.execute(UPDATES).fetchone()

            wait_until(counted)
