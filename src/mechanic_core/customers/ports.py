"""The port of customers."""

from typing import Protocol

from mechanic_core.customers.customer import Customer, CustomerId
from mechanic_core.paging import Page, PageRequest


class Customers(Protocol):
    """The customers, without erased ones."""

    def get(self, customer_id: CustomerId) -> Customer:
        """Return the customer, or raise `CustomerNotFound`."""
        ...

    def lock(self, customer_id: CustomerId) -> Customer:
        """Return the customer after locking it until the transaction ends.

        Raises `CustomerNotFound`.
        """
        ...

    def add(self, customer: Customer) -> Customer:
        """Store a new customer and return it with its id.

        Raises `EmailTaken` when another customer has the address, by `email_key`.
        """
        ...

    def save(self, customer: Customer) -> Customer:
        """Store the changed customer and return it with its new version.

        Raises `LostRace` when the stored version is another one, and `EmailTaken`.
        """
        ...

    def find(self, q: str | None, page: PageRequest) -> Page[Customer]:
        """Return customers by id; *q* is a query for words of name and e-mail, or for the phone."""
        ...
