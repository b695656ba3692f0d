"""Connections to PostgreSQL: their options, and the statements that are sent."""

from collections.abc import Callable
from contextlib import closing

import psycopg
import pytest
from psycopg import sql

from mechanic_adapters.conformance.samples.records import (
    add_customer,
    add_mechanic,
    add_part,
    add_ticket,
)
from mechanic_adapters.sql.engine.engines import database_url
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.errors import Unavailable
from mechanic_core.paging import PageRequest
from mechanic_core.tickets.ports import TicketFilter
from tests.integration.postgres.actions import replace_mechanics
from tests.integration.servers import PostgresServer
from tests.integration.sockets import wait_until
from tests.integration.statements import counted


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_goes_by_any_name(scheme: str) -> None:
    """
    The URL may begin with `postgres://`.
    """
    assert "postgresql+psycopg://u:p@h/shop" == database_url(
        f"{scheme}://u:p@h/shop"
    ).render_as_string(hide_password=False)


def test_keeps_options_of_the_address(url: str) -> None:
    """
    Options in the URL are combined with ours.
    """
    store = SqlStore.open(f"{url}?options=-c%20work_mem%3D5MB")
    connection = store.database.readers.take()
    try:
        said = [
            connection.cursor.execute(f"SHOW {name}").fetchone()[0]
            for name in ("work_mem", "default_transaction_read_only", "timezone")
        ]
    finally:
        store.database.readers.release(connection)
        store.close()

    assert ["5MB", "on", "UTC"] == said


def test_reads_only(store: SqlStore) -> None:
    """
    A connection for reading cannot write.
    """
    connection = store.database.readers.take()
    try:
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.cursor.execute("DELETE FROM customers")
    finally:
        store.database.readers.release(connection)


def test_writes_again_when_the_server_lets_it(url: str) -> None:
    """
    Where transactions are read-only by default nothing is written, until that is no longer so.

    Sessions that were opened meanwhile find it out by themselves.
    """
    name = sql.Identifier(url.rpartition("/")[2])
    change = sql.SQL("ALTER DATABASE {} {} default_transaction_read_only")
    admin = psycopg.connect(url, autocommit=True)
    with closing(SqlStore.open(url, pool_size=3)) as store, admin:
        admin.execute(change.format(name, sql.SQL("SET")) + sql.SQL(" = on"))
        taken = [store.database.readers.take() for _ in range(3)]
        for connection in taken:
            store.database.readers.release(connection)
        store.ping()
        with pytest.raises(Unavailable):
            add_customer(store)
        admin.execute(change.format(name, sql.SQL("RESET")))
        wait_until(lambda: writes(store))

        assert all(writes(store) for _ in range(3))


def writes(store: SqlStore) -> bool:
    """Return whether a write succeeds."""
    try:
        add_customer(store)
    except Unavailable:
        return False
    return True


def test_has_timeouts(store: SqlStore) -> None:
    """
    Every connection has timeouts for statements, locks and idle transactions.
    """
    connection = store.database.writers.take()
    try:
        limits = [
            connection.cursor.execute(f"SHOW {name}").fetchone()[0]
            for name in (
                "statement_timeout",
                "lock_timeout",
                "idle_in_transaction_session_timeout",
                "transaction_isolation",
            )
        ]
        connection.driver.rollback()
    finally:
        store.database.writers.release(connection)

    assert ["15s", "2s", "30s", "read committed"] == limits


@pytest.fixture
def logged(postgres: PostgresServer, url: str) -> Callable[[], list[str]]:
    """Returns the statements in the log of the server."""
    name = sql.Identifier(url.rsplit("/", 1)[1])
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("ALTER DATABASE {} SET log_statement = 'all'").format(name))
    start = postgres._log.stat().st_size

    def statements_since() -> list[str]:
        with postgres._log.open() as log:
            log.seek(start)
            lines = [line for line in log if "LOG:  " in line]
        return [line.split("LOG:  ")[1].split(":", 1)[1].strip() for line in lines]

    return statements_since


def test_reads_in_one_statement(store: SqlStore, logged: Callable[[], list[str]]) -> None:
    """
    A single read is one statement without a transaction.
    """
    part = add_part(store)
    with store.read_only() as work:  # the driver queries the server on the first connection
        work.parts.get(part.id)
    before = len(logged())

    with counted(store) as statements:
        for _ in range(5):
            with store.read_only() as work:
                work.parts.get(part.id)

    sent = logged()[before:]
    assert 5 == len(sent) == len(statements)
    assert {"SELECT"} == {line.split()[0] for line in sent}
    assert [] == statements.controls


def test_counts_what_it_sends(store: SqlStore, logged: Callable[[], list[str]]) -> None:
    """
    The counted statements of a transaction are those that the server receives.
    """
    ticket = add_ticket(store, add_customer(store), add_mechanic(store))
    joining = add_mechanic(store)
    before = len(logged())

    with counted(store) as statements, store.begin() as work:
        replace_mechanics(work, ticket, joining.id)

    verbs = [line.split()[0] for line in logged()[before:]]
    assert ["BEGIN", *(line.split()[0] for line in statements.proper), "COMMIT"] == verbs


@pytest.mark.parametrize("wanted", [TicketFilter(), TicketFilter(customer_id=1)])
def test_plans_a_page_once(url: str, wanted: TicketFilter) -> None:
    """
    A page of the usual size becomes a prepared statement with a fixed plan on each connection.
    """
    store = SqlStore.open(url, pool_size=1)
    add_ticket(store, add_customer(store))
    for _ in range(10):
        with store.read_only() as work:
            work.ticket_lists.find(wanted, PageRequest())

    connection = store.database.readers.take()
    cursor = connection.cursor
    cursor.execute("SELECT generic_plans >= 4, custom_plans <= 5 FROM pg_prepared_statements")
    planned = cursor.fetchall()
    store.database.readers.release(connection)
    store.close()

    assert [(True, True)] == planned
