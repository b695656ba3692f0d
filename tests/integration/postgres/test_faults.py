"""Dead connections, unreachable servers and lock timeouts."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier

import pytest
from attrs import evolve

from mechanic_adapters.conformance.samples.records import (
    add_customer,
    new_customer,
)
from mechanic_adapters.sql.engine.engines import CONNECT_TIMEOUT_S
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.customers.customer import CustomerId
from mechanic_core.errors import LostRace, OutcomeUnknown, Unavailable
from mechanic_core.paging import PageRequest
from tests.integration.postgres.actions import terminate_connections

SOON: float = 1 + 1.5 * CONNECT_TIMEOUT_S
"""Seconds until `Unavailable` must be raised, on a busy machine."""


def test_reads_through_a_restart(store: SqlStore, url: str) -> None:
    """
    Dead connections in the pool do not fail a read.
    """
    customer = add_customer(store)
    with ThreadPoolExecutor(4) as readers:
        together = Barrier(4)

        def read(_: int) -> str:
            with store.read_only() as work:
                work.customers.get(customer.id)
                together.wait(10)  # so that each has its own connection
            with store.read_only() as work:
                return work.customers.get(customer.id).name

        list(readers.map(read, range(4)))
        terminate_connections(url)

        assert [customer.name] * 4 == list(readers.map(read, range(4)))


def test_reconnects_between_two_reads(store: SqlStore, url: str) -> None:
    """
    A read-only view gets a new connection for its next statement.
    """
    customer = add_customer(store)
    with store.read_only() as work:
        work.customers.get(customer.id)
        terminate_connections(url)

        assert customer == work.customers.get(customer.id)


def test_loses_at_the_first_statement(store: SqlStore, url: str) -> None:
    """
    A transaction whose connection was dead at its first statement raises `LostRace` and is retried.
    """
    add_customer(store)
    terminate_connections(url)

    with pytest.raises(LostRace), store.begin() as work:
        work.customers.add(new_customer())
    add_customer(store)


def test_does_not_repeat_what_was_begun(store: SqlStore, url: str) -> None:
    """
    A transaction that loses its connection later raises `Unavailable` and is rolled back.
    """

    def add_two() -> None:
        with store.begin() as work:
            work.customers.add(new_customer())
            terminate_connections(url)
            work.customers.add(new_customer())

    with pytest.raises(Unavailable) as caught:
        add_two()

    assert Unavailable is caught.type
    with store.read_only() as work:
        assert () == work.customers.find(None, PageRequest()).items


def test_does_not_repeat_a_commit_without_an_answer(store: SqlStore, url: str) -> None:
    """
    A commit without an answer raises `OutcomeUnknown` and is not retried.
    """

    def add_one() -> None:
        with store.begin() as work:
            work.customers.add(new_customer())
            terminate_connections(url)

    with pytest.raises(OutcomeUnknown):
        add_one()


@pytest.mark.parametrize("address", ["127.0.0.1:1", "silent"])
def test_reports_soon_that_the_server_is_unreachable(address: str) -> None:
    """
    A refusing port and an unresponsive host raise `Unavailable` within seconds.
    """
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        place = address.replace("silent", f"127.0.0.1:{listener.getsockname()[1]}")
        store = SqlStore.open(f"postgresql://nobody@{place}/none")
        began = time.monotonic()
        with pytest.raises(Unavailable):
            store.ping()
        with pytest.raises(Unavailable), store.begin():
            pass

    assert time.monotonic() - began < 2 * SOON


def test_waits_only_so_long_for_a_lock(store: SqlStore) -> None:
    """
    A lock timeout raises `LostRace`.
    """
    customer = add_customer(store)
    with store.begin() as work, ThreadPoolExecutor(1) as others:
        work.customers.lock(customer.id)

        def rename() -> None:
            with store.begin() as other:
                other.customers.save(evolve(customer, name="Other"))

        assert LostRace is type(others.submit(rename).exception(10))


def test_loses_a_deadlock(store: SqlStore) -> None:
    """
    Of two transactions in a deadlock one raises `LostRace` and the other commits.
    """
    one, other = add_customer(store), add_customer(store)
    held = Barrier(2)

    def hold(first: CustomerId, second: CustomerId) -> str:
        try:
            with store.begin() as work:
                work.customers.lock(first)
                held.wait(10)
                work.customers.lock(second)
        except LostRace:
            return "lost"
        return "kept"

    with ThreadPoolExecutor(2) as pool:
        outcomes = pool.map(hold, [one.id, other.id], [other.id, one.id])

        assert ["kept", "lost"] == sorted(outcomes)
