"""Nested transactions, and refusals inside a transaction."""

from contextlib import suppress

import pytest
from attrs import evolve

from mechanic_adapters.conformance.samples.records import (
    add_customer,
    new_customer,
)
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.customers.customer import EmailTaken
from mechanic_core.errors import LostRace
from mechanic_core.paging import PageRequest
from mechanic_core.unit_of_work import retry_on_conflict


def test_retries_nothing_inside_a_lost_transaction(store: SqlStore) -> None:
    """
    A nested use case that raises `LostRace` is retried only with the outermost transaction.
    """
    customer = add_customer(store)
    tries: list[str] = []

    class Inner:
        @retry_on_conflict
        def __call__(self) -> None:
            with store.begin() as work:
                tries.append("inner")
                work.customers.add(new_customer())
                if len(tries) < 4:
                    work.customers.save(evolve(customer, version=99))

    class Outer:
        @retry_on_conflict
        def __call__(self) -> None:
            tries.append("outer")
            with store.begin():
                Inner()()

    Outer()()

    assert ["outer", "inner", "outer", "inner"] == tries
    with store.read_only() as work:
        assert 2 == work.customers.find(None, PageRequest(with_total=True)).total


def test_commits_nothing_of_a_lost_transaction(store: SqlStore) -> None:
    """
    A transaction whose nested block raised `LostRace` cannot commit.
    """
    customer = add_customer(store)

    def shrug_it_off() -> None:
        with store.begin() as work:
            work.customers.add(new_customer())
            with suppress(LostRace), store.begin() as inner:
                inner.customers.save(evolve(customer, version=99))

    with pytest.raises(LostRace):
        shrug_it_off()
    with store.read_only() as work:
        assert 1 == work.customers.find(None, PageRequest(with_total=True)).total


def test_goes_on_after_a_refusal(store: SqlStore) -> None:
    """
    A refused unique value does not abort the transaction (savepoint).
    """
    add_customer(store, email="ada@example.com")
    other = add_customer(store)
    with store.begin() as work:
        with pytest.raises(EmailTaken):
            work.customers.add(new_customer(email="ada@example.com"))
        with pytest.raises(EmailTaken):
            work.customers.save(evolve(other, email="ADA@example.com"))
        saved = work.customers.save(evolve(other, name="Changed"))

    with store.read_only() as work:
        assert saved == work.customers.get(other.id)
