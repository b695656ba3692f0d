"""The settings of a connection that is given back to its pool."""

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from mechanic_adapters.conformance.samples.records import (
    add_customer,
    add_mechanic,
    add_ticket,
    new_customer,
)
from mechanic_adapters.sql.engine.connection_pool import ConnectionPool
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.paging import PageRequest

SETTINGS = """
    SELECT name, setting FROM pg_settings
    WHERE name NOT IN ('application_name', 'in_hot_standby') AND name NOT LIKE 'plpgsql.%'
    ORDER BY name
"""
"""Without those of PL/pgSQL, which a session has once a trigger has run in it."""


class Interrupted(BaseException):
    """Ctrl-C, or the end of a thread, at any statement."""


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    """A store with one connection of each kind, so that the next one to take it finds it."""
    store = SqlStore.open(url, pool_size=1)
    add_ticket(store, add_customer(store), add_mechanic(store))
    yield store
    store.close()


def settings_of(pool: ConnectionPool) -> object:
    """Return whether the connection of *pool* is in a transaction, and all its settings."""
    connection = pool.take()
    try:
        status = connection.driver.info.transaction_status.name
        connection.cursor.execute(SETTINGS)
        rows = connection.cursor.fetchall()
        connection.driver.rollback()
    finally:
        pool.release(connection)
    return status, rows


def interrupt_at(store: SqlStore, place: int, action: Callable[[SqlStore], object]) -> str | None:
    """Do *action* up to a statement, by its place; return the statement, None if there is none."""
    places = count()

    def interrupt(sql: str) -> None:
        if next(places) == place:
            raise Interrupted(sql)

    store.database.on_statement = interrupt
    try:
        action(store)
    except Interrupted as interrupted:
        return str(interrupted)
    finally:
        store.database.on_statement = None
    return None


def settings(store: SqlStore) -> list[object]:
    """Return the settings of a connection that reads and of one that writes."""
    return [settings_of(pool) for pool in store.pools]


def check_in_a_transaction(store: SqlStore) -> None:
    """Compare every balance with its ledger, within a transaction that commits."""
    with store.begin() as work:
        work.ledger.disagreements()
        work.customers.find(None, PageRequest())


def add_two_customers(store: SqlStore) -> None:
    """Write something, of which the second part may fail."""
    with store.begin() as work:
        work.customers.add(new_customer())
        work.customers.add(new_customer())


ACTIONS = [
    SqlStore.miscounts,
    SqlStore.wrong_totals,
    SqlStore.recount,
    check_in_a_transaction,
    add_two_customers,
]


@pytest.mark.parametrize("action", ACTIONS)
def test_a_connection_comes_back_with_the_settings_it_was_taken_with(
    store: SqlStore, action: Callable[[SqlStore], object]
) -> None:
    """
    Success leaves no setting changed and no transaction open.
    """
    before = settings(store)

    action(store)

    assert before == settings(store)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_connection_comes_back_with_its_settings_whichever_statement_is_interrupted(
    store: SqlStore, action: Callable[[SqlStore], object]
) -> None:
    """
    So does an interruption at any statement, BEGIN, COMMIT, ROLLBACK and settings included.
    """
    before = settings(store)
    changed = []
    for place in count():
        met = interrupt_at(store, place, action)
        if met is None:
            break
        if before != settings(store):
            changed.append(met)

    assert place > 1
    assert [] == changed
