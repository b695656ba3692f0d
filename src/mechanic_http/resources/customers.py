"""Customers and their personal data."""

from typing import Annotated, Final, final

from attrs import frozen

from mechanic_core.access import Actor
from mechanic_core.customers.customer import (
    Customer,
    CustomerForm,
    CustomerId,
    CustomerMerge,
    NewCustomer,
    Registration,
)
from mechanic_core.customers.merge import MergeCustomers
from mechanic_core.customers.use_cases import (
    ChangeCustomer,
    EraseCustomer,
    ListCustomers,
    ReadCustomer,
    RegisterCustomer,
)
from mechanic_core.paging import Page, PageRequest
from mechanic_core.rules import Description, checked
from mechanic_core.shop import Shop
from mechanic_core.unit_of_work import Prepared
from mechanic_core.values import SearchText
from mechanic_http.endpoint.merge_patch import MergePatch, Replacement
from mechanic_http.endpoint.operation import endpoint
from mechanic_http.endpoint.query import ListQuery
from mechanic_http.endpoint.route import Route


@frozen(kw_only=True, field_transformer=checked)
class CustomerQuery(ListQuery):
    """Filters of the list of customers."""

    q: Annotated[
        SearchText | None,
        Description(
            "Words that begin words of the name or e-mail address, in any order, without regard to"
            " case and accents; or the beginning of the phone number, with or without its country"
            " code and in any spelling."
        ),
    ] = None


@final
@frozen
class CustomerCollection:
    """The list of customers."""

    shop: Shop

    @endpoint(ListCustomers)
    def on_get(self, actor: Actor, query: CustomerQuery, page: PageRequest) -> Page[Customer]:
        """List customers."""
        return self.shop.list_customers(actor, query.q, page)

    @endpoint(RegisterCustomer, creates="/customers/{id}")
    def on_post(self, actor: Actor, registration: Registration | NewCustomer) -> Prepared[Customer]:
        """Register as a customer; staff may leave out the password."""
        if isinstance(registration, NewCustomer):
            return self.shop.add_customer.prepare(actor, registration)
        return self.shop.register_customer.prepare(actor, registration)


@final
@frozen
class CustomerItem:
    """One customer."""

    shop: Shop

    @endpoint(ReadCustomer)
    def on_get(self, actor: Actor, customer_id: CustomerId) -> Customer:
        """Get a customer."""
        return self.shop.read_customer(actor, customer_id)

    @endpoint(ChangeCustomer)
    def on_put(
        self,
        actor: Actor,
        customer_id: CustomerId,
        change: Replacement[CustomerForm],
        expected: int | None,
    ) -> Customer:
        """Replace a customer."""
        return self.shop.change_customer(actor, customer_id, change, expected)

    @endpoint(ChangeCustomer)
    def on_patch(
        self,
        actor: Actor,
        customer_id: CustomerId,
        change: MergePatch[CustomerForm],
        expected: int | None,
    ) -> Customer:
        """Update a customer."""
        return self.shop.change_customer(actor, customer_id, change, expected)

    @endpoint(EraseCustomer)
    def on_delete(self, actor: Actor, customer_id: CustomerId, expected: int | None) -> None:
        """Erase a customer's personal data; finished tickets remain."""
        self.shop.erase_customer(actor, customer_id, expected)


@final
@frozen
class CustomerMerges:
    """Merges of other records into one customer."""

    shop: Shop

    @endpoint(MergeCustomers)
    def on_post(
        self, actor: Actor, customer_id: CustomerId, form: CustomerMerge, expected: int | None
    ) -> Customer:
        """Merge another record of the same customer into this one."""
        return self.shop.merge_customers(actor, customer_id, form, expected)


ROUTES: Final = (
    Route("/customers", CustomerCollection),
    Route("/customers/{customer_id}", CustomerItem),
    Route("/customers/{customer_id}/merge", CustomerMerges),
)
