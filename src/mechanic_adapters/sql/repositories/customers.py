"""Customers in SQL."""

from collections.abc import Mapping
from typing import final

from attrs import frozen

from mechanic_adapters.sql.counters.list_totals import total_of
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.queries.keyset_pagination import Listing
from mechanic_adapters.sql.queries.prefix_search import begins, bounds
from mechanic_adapters.sql.repositories.record_table import RecordTable
from mechanic_adapters.sql.schema.customers import customers
from mechanic_core.customers.customer import Customer, CustomerId, CustomerNotFound, EmailTaken
from mechanic_core.customers.ports import Customers
from mechanic_core.paging import Page, PageRequest
from mechanic_core.values import fold_case


def _keys(customer: Customer) -> Mapping[str, str | None]:
    """Return how a customer is found; an erased one is not, and gives the address free."""
    if customer.erased_at:
        return {"name_key": None, "email_key": None}
    return {"name_key": fold_case(customer.name), "email_key": fold_case(customer.email)}


CUSTOMERS = RecordTable(customers, Customer, _keys, EmailTaken)

_PRESENT = CUSTOMERS.rows.where(customers.c.erased_at.is_(None))
_ALL = Listing(rows=_PRESENT, key=customers.c.id, total=total_of(customers))
_BEGINNING = Listing(
    rows=_PRESENT.where(begins(customers.c.name_key, customers.c.email_key, customers.c.phone)),
    key=customers.c.id,
    anew=True,
)


@final
@frozen
class SqlCustomers(Customers):
    """Every customer of the shop."""

    _executor: Executor

    def get(self, customer_id: CustomerId) -> Customer:
        """Return the customer, or raise `CustomerNotFound`."""
        return _present(CUSTOMERS.get(self._executor, customer_id))

    def lock(self, customer_id: CustomerId) -> Customer:
        """Return the customer with the row locked."""
        return _present(CUSTOMERS.lock(self._executor, customer_id))

    def add(self, customer: Customer) -> Customer:
        """Keep a new customer."""
        return CUSTOMERS.add(self._executor, customer)

    def save(self, customer: Customer) -> Customer:
        """Keep the change."""
        return CUSTOMERS.save(self._executor, customer)

    def find(self, q: str | None, page: PageRequest) -> Page[Customer]:
        """Return customers by id."""
        if q is None:
            return _ALL.piece(self._executor, page, CUSTOMERS.make)
        return _BEGINNING.piece(self._executor, page, CUSTOMERS.make, bounds(fold_case(q)))


def _present(customer: Customer | None) -> Customer:
    if customer is None or customer.erased_at:
        raise CustomerNotFound
    return customer
