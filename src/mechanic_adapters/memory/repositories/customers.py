"""Customers in memory."""

from typing import Final, final

from attrs import frozen

from mechanic_adapters.memory.paging import paginate
from mechanic_adapters.memory.tables import TableName, Tables, add_record, save_record
from mechanic_core.customers.customer import Customer, CustomerId, CustomerNotFound, EmailTaken
from mechanic_core.customers.ports import Customers
from mechanic_core.events.event import SubjectKind
from mechanic_core.paging import Page, PageRequest
from mechanic_core.search import matches, terms_with_phone
from mechanic_core.texts import email_key

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
        present = (one for one in self._tables[CUSTOMERS].all() if not one.erased_at)
        terms = None if q is None else terms_with_phone(q)
        found = (
            customer
            for customer in present
            if terms is None or matches(terms, customer.name_words | customer.contact_words)
        )
        return paginate(found, page, lambda customer: customer.id)

    def _require_free_email(self, customer: Customer) -> None:
        if customer.email is None:
            return
        email = email_key(customer.email)
        for other in self._tables[CUSTOMERS].all():
            if other.email and other.id != customer.id and email_key(other.email) == email:
                raise EmailTaken


SUBJECTS: Final = {SubjectKind.CUSTOMER: lambda tables: MemoryCustomers(tables).get}
