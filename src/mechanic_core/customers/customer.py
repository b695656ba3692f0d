"""A customer and the rules of being one."""

from datetime import datetime
from typing import Annotated, ClassVar, NewType, Self

from attrs import evolve, field, frozen

from mechanic_core.accounts.password import Password, masked
from mechanic_core.errors import Conflict, NotFound, Stale
from mechanic_core.rules import Description, Example, Unpublished, checked
from mechanic_core.values import Address, Email, Name, Phone, Version

CustomerId = NewType("CustomerId", Annotated[int, Example(7)])


class CustomerNotFound(NotFound):
    """No such customer."""


class EmailTaken(Conflict):
    """This e-mail address is in use already."""


class CustomerChanged(Stale):
    """The customer has changed since you read it."""


class TicketsUnfinished(Conflict):
    """The customer still has unfinished tickets."""

    fact_types: ClassVar = {
        "tickets": Annotated[
            tuple[int, ...], Example((15,)), Description("The ids of the unfinished tickets.")
        ]
    }


@frozen(kw_only=True, field_transformer=checked)
class CustomerForm:
    """What a customer tells about themselves."""

    name: Name
    email: Email
    phone: Phone | None = None
    address: Address | None = None


@frozen(kw_only=True, field_transformer=checked)
class Registration(CustomerForm):
    """What a new customer fills in: the form and a password."""

    password: Password = field(repr=masked)


@frozen(kw_only=True, field_transformer=checked)
class Customer:
    """Somebody who brings vehicles."""

    id: CustomerId
    name: Name
    email: Email
    phone: Phone | None = None
    address: Address | None = None
    created_at: datetime
    updated_at: datetime
    erased_at: Annotated[datetime | None, Unpublished()] = None
    version: Version = 1

    def require_version(self, expected: int | None) -> None:
        """Refuse with `CustomerChanged` when *expected* is another version."""
        if expected not in (None, self.version):
            raise CustomerChanged

    @property
    def form(self) -> CustomerForm:
        """What the customer has told, to be changed."""
        return CustomerForm(
            name=self.name, email=self.email, phone=self.phone, address=self.address
        )

    def with_form(self, form: CustomerForm, at: datetime) -> Self:
        """Return the customer with what *form* says; itself if that is nothing new."""
        after = evolve(
            self, name=form.name, email=form.email, phone=form.phone, address=form.address
        )
        return self if after == self else evolve(after, updated_at=at)

    def erase(self, at: datetime) -> Self:
        """Return the customer without anything personal; only the id stays."""
        return evolve(
            self,
            name="Erased customer",
            email=f"erased-{self.id}@erased.invalid",
            phone=None,
            address=None,
            updated_at=at,
            erased_at=at,
        )
