"""What the core asks of whoever keeps the customers."""

from typing import Protocol

from mechanic_core.customers.customer import Customer, CustomerId
from mechanic_core.paging import Page, PageRequest


class Customers(Protocol):
    """Every customer of the shop; erased ones are not found."""

    def get(self, customer_id: CustomerId) -> Customer:
        """Return the customer, or raise `CustomerNotFound`."""
        ...

    def lock(self, customer_id: CustomerId) -> Customer:
        """Return the customer, kept from others' changes until the transaction ends.

        Raises `CustomerNotFound`.
        """
        ...

    def add(self, customer: Customer) -> Customer:
        """Keep a new customer and return it with its id.

        Raises `EmailTaken` when another customer has the address, whatever its case.
        """
        ...

    def save(self, customer: Customer) -> Customer:
        """Keep the change and return it with its new version.

        Raises `LostRace` when the kept version is not the customer's, and `EmailTaken`.
        """
        ...

    def find(self, q: str | None, page: PageRequest) -> Page[Customer]:
        """Return customers by id; *q* begins their name, e-mail (case ignored) or phone."""
        ...
