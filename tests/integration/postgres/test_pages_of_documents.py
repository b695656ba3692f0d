"""Pages of invoices and payments, and the cost of receivables, in a shop that is old."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

import psycopg
import pytest

from mechanic_adapters.sql.engine.compiled_statements import Params, Row
from mechanic_adapters.sql.engine.executor import NO_PARAMS, Executor
from mechanic_adapters.sql.migrations import runner
from mechanic_adapters.sql.repositories.invoices.balances import SqlBalances
from mechanic_adapters.sql.repositories.invoices.invoices import SqlInvoices
from mechanic_adapters.sql.repositories.payments import SqlPayments
from mechanic_adapters.sql.repositories.statements.statements import SqlStatements
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.customers.customer import CustomerId
from mechanic_core.invoices.invoice import PaymentStatus
from mechanic_core.invoices.ports import InvoiceFilter
from mechanic_core.paging import PageRequest
from mechanic_core.payments.payment import PaymentMethod
from mechanic_core.payments.ports import PaymentFilter
from mechanic_core.profile.calendar import Period
from tests.integration.servers import PostgresServer

ROWS: Final = 30_000
CUSTOMERS: Final = 300
A_DAY: Final = 30
"""How many documents are issued on a day."""

FIRST: Final = date(2020, 1, 1)
OPEN: Final = 50
"""How many of the last invoices are not paid."""

LOAD: Final = """
SET session_replication_role = replica;
INSERT INTO customers (id, name, email, created_at, updated_at, version)
SELECT n, 'Ada', n || '@x.example', now(), now(), 1 FROM generate_series(1, {customers}) AS n;
INSERT INTO tickets (id, customer_id, service_date, service_month, description, status, created_at,
    updated_at, version)
SELECT n, 1 + n % {customers}, '2020-01-01', '2020-01-01', '', 'closed', now(), now(), 1
FROM generate_series(1, {rows}) AS n;
INSERT INTO invoices (id, number, series, sequence, ticket_id, customer, seller, service_date,
    description, jobs, lines, discounts, tax, totals, deposit, decisions, issued_at, issued_on,
    due_date, by_id, digest)
SELECT n, 'INV-' || n, 'INV-', n, n,
    '{{"name": "Ada", "address": null, "email": null, "phone": null}}', '{{}}', '2020-01-01', '',
    '[]', '[]', '[]', '[]',
    '{{"parts": 0, "labor": 0, "charges": 0, "supplies": 0, "discount": 0, "net": 9, "tax": 0, "total": 9}}',
    0, '[]', now(), DATE '2020-01-01' + n / {a_day}, DATE '2020-01-31' + n / {a_day}, 0, ''
FROM generate_series(1, {rows}) AS n;
INSERT INTO invoice_states (invoice_id, ticket_id, customer_id, total, credited, paid,
    fully_credited, payment_status, issued_on, issued_month, due_date, updated_at, version)
SELECT id, id, 1 + id % {customers}, 9, 0, CASE WHEN id > {settled} THEN 0 ELSE 9 END, false,
    CASE WHEN id > {settled} THEN 'unpaid' ELSE 'paid' END, issued_on,
    date_trunc('month', issued_on)::date, due_date, now(), 1
FROM invoices;
INSERT INTO payments (id, ticket_id, amount, method, received_on, received_month, at, by_id)
SELECT id, id, 9, CASE WHEN id % 9 = 0 THEN 'card' ELSE 'cash' END, issued_on,
    date_trunc('month', issued_on)::date, now(), 0
FROM invoices WHERE id <= {settled};
INSERT INTO ticket_balances (ticket_id, invoiced, received, invoice_id)
SELECT id, 9, CASE WHEN id > {settled} THEN 0 ELSE 9 END, id FROM invoices;
INSERT INTO list_totals (list, total) VALUES ('invoices', {rows}), ('payments', {settled});
"""
ANALYZE: Final = """
VACUUM ANALYZE customers, tickets, invoices, invoice_states, payments, ticket_balances, list_totals
"""


def load(url: str, rows: int) -> None:
    """Fill an empty shop with so many invoices, each of a ticket of its own."""
    sql = LOAD.format(rows=rows, settled=rows - OPEN, customers=CUSTOMERS, a_day=A_DAY)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql)
        connection.execute(ANALYZE)


class ExplainingExecutor(Executor):
    """Reads, and counts the database pages that each statement touches."""

    def __init__(self, store: SqlStore) -> None:
        """Have counted none yet."""
        super().__init__(store.database)
        self.pages = 0

    def all(self, statement: Any, params: Params = NO_PARAMS) -> Sequence[Row]:
        """Return every row that *statement* selects."""
        connection = self._connection or self._connect()
        compiled = self.database.statements[statement]
        values = {**compiled.constants, **params}
        for name, convert in compiled.bind_converters:
            values[name] = convert(values[name])
        sql = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {compiled.sql}"
        connection.cursor.execute(sql, values)
        ((found,),) = connection.cursor.fetchall()
        plan: Mapping[str, int] = found[0]["Plan"]
        self.pages += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
        return super().all(statement, params)


@pytest.fixture(scope="module")
def old_shop(postgres: PostgresServer) -> Iterator[SqlStore]:
    """A shop with many invoices, of which the last are unpaid."""
    url = postgres.new_database()
    runner.upgrade(url)
    load(url, ROWS)
    store = SqlStore.open(url)
    yield store
    store.close()
    postgres.drop_database(url)


def pages_of(store: SqlStore, read: Callable[[Executor], object]) -> int:
    """Return how many database pages a read touches."""
    executor = ExplainingExecutor(store)
    try:
        read(executor)
    finally:
        executor.release()
    return executor.pages


MANY_DAYS: Final = Period(since=FIRST + timedelta(days=3), until=date(2199, 5, 5))
LISTS: Final[Mapping[str, Callable[[Executor, PageRequest], object]]] = {
    "invoices": lambda executor, page: SqlInvoices(executor).find(InvoiceFilter(), page),
    "paid invoices": lambda executor, page: SqlInvoices(executor).find(
        InvoiceFilter(payment_status=PaymentStatus.PAID), page
    ),
    "invoices of many days": lambda executor, page: SqlInvoices(executor).find(
        InvoiceFilter(period=MANY_DAYS), page
    ),
    "payments": lambda executor, page: SqlPayments(executor).find(PaymentFilter(), page),
    "payments in cash": lambda executor, page: SqlPayments(executor).find(
        PaymentFilter(method=PaymentMethod.CASH), page
    ),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_page_costs_the_same_at_both_ends(old_shop: SqlStore, name: str) -> None:
    """
    A page by cursor touches as many database pages at the end of a list as at its start.
    """
    read = LISTS[name]
    first, last = (
        pages_of(old_shop, lambda executor, at=at: read(executor, PageRequest(after=at)))  # type: ignore[misc]
        for at in (200, ROWS - OPEN - 40)
    )

    assert last <= first + 20, (first, last)


READS: Final[Mapping[str, tuple[Callable[[Executor], object], int]]] = {
    "unpaid invoices": (
        lambda executor: SqlInvoices(executor).find(
            InvoiceFilter(payment_status=PaymentStatus.UNPAID), PageRequest(with_total=True)
        ),
        150,
    ),
    "invoices of one day": (
        lambda executor: SqlInvoices(executor).find(
            InvoiceFilter(period=Period(since=FIRST, until=FIRST)), PageRequest(after=5)
        ),
        200,
    ),
    "receivables": (
        lambda executor: SqlStatements(executor).open_tickets(FIRST + timedelta(days=ROWS)),
        50 * OPEN,
    ),
    "unsettled tickets": (
        lambda executor: SqlBalances(executor).unsettled(CustomerId(2)),
        10 * ROWS // CUSTOMERS,
    ),
    "statement": (
        lambda executor: SqlStatements(executor).of(CustomerId(2), Period()),
        20 * ROWS // CUSTOMERS,
    ),
}


@pytest.mark.parametrize("name", READS)
def test_does_not_read_what_is_settled(old_shop: SqlStore, name: str) -> None:
    """
    What is open, of a day or of one customer is found by indexes, however much there ever was.
    """
    read, most = READS[name]

    assert pages_of(old_shop, read) <= most
