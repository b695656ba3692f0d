"""Totals of whole lists: maintained by triggers, and equal to the number of rows."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

from attrs import evolve
from sqlalchemy import create_engine

from mechanic_adapters.conformance.samples.invoices import new_invoice
from mechanic_adapters.conformance.samples.records import (
    AT,
    LATER,
    add_customer,
    new_entry,
    new_part,
    new_vehicle,
)
from mechanic_adapters.conformance.samples.seed import add_seed
from mechanic_adapters.sql.engine.engines import database_url
from mechanic_adapters.sql.migrations import runner
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.inventory.ports import PartFilter
from mechanic_core.invoices.ports import InvoiceFilter
from mechanic_core.paging import MAX_FILTERED_TOTAL, PageRequest
from mechanic_core.payments.ports import PaymentFilter
from mechanic_core.tickets.ports import TicketFilter
from mechanic_core.vehicles.ports import VehicleFilter
from tests.integration.databases import new_shop_url
from tests.integration.servers import PostgresServer

COUNTED = PageRequest(size=1, with_total=True)
CROWD = """
INSERT INTO customers (name, email, created_at, updated_at, version, name_key, email_key)
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {})
SELECT 'Ada', n || '@x.example', '{}', '{}', 1, 'ada', n || '@x.example' FROM numbers
"""
"""So many customers of one name."""


def insert_customers(url: str, count: int) -> None:
    """Insert *count* customers named Ada directly."""
    run_statement(url, CROWD.format(count, AT, AT))


def run_statement(url: str, sql: str) -> None:
    """Run a statement in a transaction of its own."""
    engine = create_engine(database_url(url))
    with engine.begin() as connection:
        connection.exec_driver_sql(sql)
    engine.dispose()


def totals(store: SqlStore) -> tuple[int | None, ...]:
    """Return the totals of customers, vehicles, tickets and parts."""
    with store.read_only() as work:
        return (
            work.customers.find(None, COUNTED).total,
            work.vehicle_lists.find(VehicleFilter(), COUNTED).total,
            work.ticket_lists.find(TicketFilter(), COUNTED).total,
            work.parts.find(PartFilter(), COUNTED).total,
        )


def test_are_zero_at_first(store: SqlStore) -> None:
    """
    The totals of an empty shop are 0.
    """
    assert (0, 0, 0, 0) == totals(store)
    assert () == store.wrong_totals()


def test_follow_additions_and_removals(store: SqlStore) -> None:
    """
    Totals count added rows, and no longer those that are erased, archived or removed.
    """
    seed = add_seed(store)
    with store.begin() as work:
        other = work.vehicles.add(new_vehicle(seed.customer))
    before = totals(store)

    with store.begin() as work:
        work.customers.save(evolve(work.customers.lock(seed.customer.id), erased_at=LATER))
        work.vehicles.remove(other, AT)
        work.tickets.save(evolve(work.tickets.lock(seed.ticket.id), removed_at=LATER), new_entry())
        work.parts.save([evolve(work.parts.lock([seed.part.id])[seed.part.id], archived_at=LATER)])

    assert (2, 2, 1, 1) == before
    assert (1, 1, 0, 0) == totals(store)
    assert () == store.wrong_totals()


def test_count_documents(store: SqlStore) -> None:
    """
    Invoices and payments have totals too, and a recount keeps them.
    """
    seed = add_seed(store)
    with store.begin() as work:
        work.invoices.add(new_invoice(seed.ticket))

    for _ in "ab":
        with store.read_only() as work:
            found = (
                work.invoice_lists.find(InvoiceFilter(), COUNTED).total,
                work.payment_lists.find(PaymentFilter(), COUNTED).total,
            )
        assert (2, 1) == found
        assert () == store.wrong_totals()
        store.recount()


def test_are_rolled_back(store: SqlStore) -> None:
    """
    A rolled-back transaction does not change totals, which it saw changed itself.
    """
    with suppress(ZeroDivisionError), store.begin() as work:
        work.parts.add(new_part())
        inside = work.parts.find(PartFilter(), COUNTED).total
        raise ZeroDivisionError

    assert 1 == inside
    assert (0, 0, 0, 0) == totals(store)
    assert () == store.wrong_totals()


def test_count_concurrent_additions(store: SqlStore) -> None:
    """
    Rows of concurrent transactions are all counted.
    """
    with ThreadPoolExecutor(4) as others:
        list(others.map(lambda _: add_customer(store), range(80)))

    assert 80 == totals(store)[0]
    assert () == store.wrong_totals()


def test_do_not_block_other_writers(postgres: PostgresServer, tmp_path: Path) -> None:
    """
    A transaction that has added to a list does not block another that adds to it.
    """
    url = new_shop_url("postgresql", tmp_path, postgres)
    with closing(SqlStore.open(url)) as store, ThreadPoolExecutor(1) as others:
        with store.begin() as work:
            work.parts.add(new_part())
            others.submit(add_part, store).result(1)

        assert 2 == totals(store)[3]
        assert () == store.wrong_totals()


def add_part(store: SqlStore) -> None:
    """Add a part."""
    with store.begin() as work:
        work.parts.add(new_part())


def test_count_existing_rows(empty_url: str, store: SqlStore) -> None:
    """
    The migration counts existing rows, also after a downgrade.
    """
    runner.downgrade(empty_url, "0004")
    insert_customers(empty_url, 7)
    runner.upgrade(empty_url)

    assert 7 == totals(store)[0]
    assert () == store.wrong_totals()


def test_wrong_totals_are_found(empty_url: str, store: SqlStore) -> None:
    """
    A total that was changed by hand is found.
    """
    insert_customers(empty_url, 3)
    engine = create_engine(database_url(empty_url))
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE list_totals SET total = 5 WHERE list = 'customers'")
    engine.dispose()

    (found,) = store.wrong_totals()

    assert ("customers", 3) == (found.list, found.counted)
    assert found.stored != found.counted

    store.recount()

    assert () == store.wrong_totals()
    assert (3, 0, 0, 0) == totals(store)


def test_go_no_further_than_pages_behind_a_filter(empty_url: str, store: SqlStore) -> None:
    """
    A whole list has an exact total; a filtered one is counted up to the last possible page.
    """
    insert_customers(empty_url, MAX_FILTERED_TOTAL)
    run_statement(empty_url, """UPDATE customers SET name_words = '["ada"]'""")
    with store.read_only() as work:
        just = work.customers.find("ada", COUNTED).total
    add_customer(store, name="Ada")

    with store.read_only() as work:
        over = work.customers.find("ada", COUNTED).total
        behind = work.customers.find("ada", evolve(COUNTED, after=MAX_FILTERED_TOTAL + 1)).total

    assert (MAX_FILTERED_TOTAL, None, None) == (just, over, behind)
    assert MAX_FILTERED_TOTAL + 1 == totals(store)[0]
