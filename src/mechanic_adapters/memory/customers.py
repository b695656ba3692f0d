"""Customers in memory."""

from typing import Final, final

from attrs import frozen

from mechanic_adapters.memory.paging import paginate
from mechanic_adapters.memory.tables import TableName, Tables, add_record, save_record
from mechanic_core.customers.customer import Customer, CustomerId, CustomerNotFound, EmailTaken
from mechanic_core.customers.ports import Customers
from mechanic_core.events.event import SubjectKind
from mechanic_core.paging import Page, PageRequest
from mechanic_core.texts import email_key, fold_case

CUSTOMERS: Final = TableName[int, Customer]("customers", "customers")


@final
@frozen
class MemoryCustomers(Customers):
    """The customers."""

    _tables: Tables

    def get(self, customer_id: CustomerId) -> Customer:
        customer = self._tables[CUSTOMERS].get(customer_id)
        if customer is None or customer.erased_at:
            raise CustomerNotFound
        return customer

    def lock(self, customer_id: CustomerId) -> Customer:
        return self.get(customer_id)

    def add(self, customer: Customer) -> Customer:
        self._require_free_email(customer)
        return add_record(self._tables, CUSTOMERS, customer)

    def save(self, customer: Customer) -> Customer:
        self._require_free_email(customer)
        return save_record(self._tables, CUSTOMERS, customer)

    def find(self, q: str | None, page: PageRequest) -> Page[Customer]:
        start = fold_case(q or "")
        wanted = (
            customer
            for customer in self._tables[CUSTOMERS].all()
            if not customer.erased_at and _starts_with(customer, start)
        )
        return paginate(wanted, page, lambda customer: customer.id)

    def _require_free_email(self, customer: Customer) -> None:
        if customer.email is None:
            return
        email = email_key(customer.email)
        for other in self._tables[CUSTOMERS].all():
            if other.email and other.id != customer.id and email_key(other.email) == email:
                raise EmailTaken


def _starts_with(customer: Customer, start: str) -> bool:
    texts = (customer.name, customer.email or "", customer.phone or "")
    return any(fold_case(text).startswith(start) for text in texts)


SUBJECTS: Final = {SubjectKind.CUSTOMER: lambda tables: MemoryCustomers(tables).get}
