"""Customers in memory."""

from typing import final

from attrs import evolve, frozen

from mechanic_adapters.memory.tables import Tables, replace
from mechanic_adapters.memory.window import cut
from mechanic_core.customers.customer import Customer, CustomerId, CustomerNotFound, EmailTaken
from mechanic_core.customers.ports import Customers
from mechanic_core.page import Slice, Window
from mechanic_core.texts import folded


@final
@frozen
class MemoryCustomers(Customers):
    """Every customer of the shop."""

    _tables: Tables

    def get(self, customer_id: CustomerId) -> Customer:
        """Return the customer, or raise `CustomerNotFound`."""
        customer = self._tables.customers.get(customer_id)
        if customer is None or customer.erased_at:
            raise CustomerNotFound
        return customer

    def hold(self, customer_id: CustomerId) -> Customer:
        """Return the customer; nobody else writes meanwhile."""
        return self.get(customer_id)

    def add(self, customer: Customer) -> Customer:
        """Keep a new customer."""
        self._email_must_be_free(customer)
        new_id = CustomerId(self._tables.customers.next_id())
        return self._tables.customers.put(new_id, evolve(customer, id=new_id))

    def save(self, customer: Customer) -> Customer:
        """Keep the change."""
        self._email_must_be_free(customer)
        return replace(self._tables.customers, customer)

    def find(self, q: str | None, window: Window) -> Slice[Customer]:
        """Return customers by id."""
        start = folded(q or "")
        wanted = (
            customer
            for customer in self._tables.customers.all()
            if not customer.erased_at and _begins(customer, start)
        )
        return cut(wanted, window, lambda customer: customer.id)

    def _email_must_be_free(self, customer: Customer) -> None:
        if customer.erased_at:
            return
        email = folded(customer.email)
        for other in self._tables.customers.all():
            if not other.erased_at and other.id != customer.id and folded(other.email) == email:
                raise EmailTaken


def _begins(customer: Customer, start: str) -> bool:
    told = (customer.name, customer.email, customer.phone or "")
    return any(folded(text).startswith(start) for text in told)
