"""Customers in SQL."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final, final

from attrs import frozen

from mechanic_adapters.sql.counters.list_totals import total_of
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.queries.keyset_pagination import PageQuery
from mechanic_adapters.sql.queries.prefix_search import prefix_range, starts_with
from mechanic_adapters.sql.repositories.record_table import RecordTable
from mechanic_adapters.sql.schema.customers import customers
from mechanic_core.customers.customer import Customer, CustomerId, CustomerNotFound
from mechanic_core.customers.ports import Customers
from mechanic_core.events.event import SubjectKind
from mechanic_core.paging import Page, PageRequest
from mechanic_core.texts import email_key, fold_case


def _keys(customer: Customer) -> Mapping[str, str | None]:
    if customer.erased_at:  # not found by any search, and the email is free again
        return {"name_key": None, "email_key": None}
    key = None if customer.email is None else email_key(customer.email)
    return {"name_key": fold_case(customer.name), "email_key": key}


_TABLE = RecordTable(customers, Customer, _keys)

_NOT_ERASED = _TABLE.rows.where(customers.c.erased_at.is_(None))
_ALL = PageQuery(rows=_NOT_ERASED, key=customers.c.id, total=total_of(customers))
_BY_PREFIX = PageQuery(
    rows=_NOT_ERASED.where(
        starts_with(customers.c.name_key, customers.c.email_key, customers.c.phone)
    ),
    key=customers.c.id,
    no_prepare=True,
)


@final
@frozen
class SqlCustomers(Customers):
    """The table of customers."""

    _executor: Executor

    def get(self, customer_id: CustomerId) -> Customer:
        return _required(_TABLE.get(self._executor, customer_id))

    def lock(self, customer_id: CustomerId) -> Customer:
        return _required(_TABLE.lock(self._executor, customer_id))

    def add(self, customer: Customer) -> Customer:
        return _TABLE.add(self._executor, customer)

    def save(self, customer: Customer) -> Customer:
        return _TABLE.save(self._executor, customer)

    def find(self, q: str | None, page: PageRequest) -> Page[Customer]:
        if q is None:
            return _ALL.fetch(self._executor, page, _TABLE.read)
        return _BY_PREFIX.fetch(self._executor, page, _TABLE.read, prefix_range(fold_case(q)))


def _required(customer: Customer | None) -> Customer:
    if customer is None or customer.erased_at:
        raise CustomerNotFound
    return customer


def read_customers(executor: Executor, ids: Collection[int]) -> Iterable[Customer]:
    """Return those of *ids* that can be read."""
    return (one for one in _TABLE.get_all(executor, ids) if one.erased_at is None)


SUBJECTS: Final = {SubjectKind.CUSTOMER: read_customers}
