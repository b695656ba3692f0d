"""The customer record and its forms."""

from datetime import datetime
from typing import Annotated, ClassVar, Final, NewType, Self

from attrs import evolve, field, frozen

from mechanic_core.accounts.password import Password, mask_secret
from mechanic_core.errors import Conflict, NotFound, Problem, RuleBroken, Stale
from mechanic_core.events.event import EventType, SubjectKind
from mechanic_core.rules import Description, Example, Unpublished, checked, stored
from mechanic_core.search import Words, phone_codes, words_of
from mechanic_core.validators import unchecked
from mechanic_core.values import Address, Email, IdNumber, Name, Phone, Version

CustomerId = NewType("CustomerId", Annotated[int, Example(7)])


class CustomerNotFound(NotFound):
    """No such customer."""


class EmailTaken(Conflict):
    """This e-mail address is already in use."""

    fact_types: ClassVar = {
        "mechanic_id": Annotated[
            int,
            Example(3),
            Description("The mechanic who has the address and has left, if it is one."),
        ]
    }


class CustomerChanged(Stale):
    """The customer has changed since you read it."""


_TICKETS: Final = Annotated[
    tuple[int, ...], Example((15,)), Description("The ids of these tickets.")
]


class TicketsUnfinished(Conflict):
    """The customer still has unfinished tickets."""

    fact_types: ClassVar = {"tickets": _TICKETS}


class BalanceOpen(Conflict):
    """Something is due on the customer's tickets, or was paid ahead."""

    fact_types: ClassVar = {"tickets": _TICKETS}


@frozen(kw_only=True, field_transformer=checked)
class CustomerForm:
    """The fields of a customer that can be changed.

    Without a login a customer needs an e-mail address or a phone number; with one, the former.
    """

    name: Name
    email: Email | None = None
    phone: Phone | None = None
    address: Address | None = None


@frozen(kw_only=True, field_transformer=checked)
class Registration(CustomerForm):
    """The fields of a new customer who registers, and a password."""

    email: Email
    password: Password = field(repr=mask_secret)


@frozen(kw_only=True, field_transformer=checked)
class NewCustomer(CustomerForm):
    """The fields of a new customer at the desk, who can log in only with a password."""

    password: Password | None = field(default=None, repr=mask_secret)


@frozen(kw_only=True, field_transformer=checked)
class CustomerMerge:
    """The other record of the same customer, which is merged into this one."""

    from_id: Annotated[IdNumber, Example(9)]


@frozen(kw_only=True, field_transformer=stored)
class Customer:
    """A customer of the shop. Only one who can log in needs an e-mail address."""

    subject_kind: ClassVar = SubjectKind.CUSTOMER

    id: CustomerId
    name: Name
    email: Email | None = None
    phone: Phone | None = None
    address: Address | None = None
    has_login: Annotated[
        bool, Example(True), Description("Whether the customer has a password to log in with.")
    ] = False
    created_at: datetime
    updated_at: datetime
    erased_at: Annotated[datetime | None, Unpublished()] = None
    version: Version = 1

    def event_type(self, before: Self | None) -> EventType:
        """Return what happened since *before*; None for a new customer."""
        if before is None:
            return EventType.CUSTOMER_CREATED
        erased = self.erased_at and not before.erased_at
        return EventType.CUSTOMER_ERASED if erased else EventType.CUSTOMER_CHANGED

    def require_version(self, expected: int | None) -> None:
        """Raise `CustomerChanged` unless *expected* is None or the present version."""
        if expected not in (None, self.version):
            raise CustomerChanged

    @property
    def form(self) -> CustomerForm:
        """The present values of the changeable fields."""
        return unchecked(
            CustomerForm, name=self.name, email=self.email, phone=self.phone, address=self.address
        )

    @property
    def name_words(self) -> Words:
        """The words that the customer and their vehicles are found by; none once erased."""
        return frozenset() if self.erased_at else words_of(self.name)

    @property
    def contact_words(self) -> Words:
        """The other words that the customer is found by."""
        if self.erased_at:
            return frozenset()
        return words_of(self.email) | phone_codes(self.phone)

    def with_form(self, form: CustomerForm, at: datetime) -> Self:
        """Return the customer with the values of *form*; itself if nothing changes.

        Raises `RuleBroken` as `require_contact` does.
        """
        after = evolve(
            self, name=form.name, email=form.email, phone=form.phone, address=form.address
        )
        after.require_contact()
        return self if after == self else evolve(after, updated_at=at)

    def require_contact(self) -> None:
        """Raise `RuleBroken` where the customer could not be reached, or not log in."""
        if self.has_login and self.email is None:
            raise RuleBroken(Problem("#/email", "is required of a customer with a login"))
        if self.email is None and self.phone is None:
            raise RuleBroken(Problem("#/phone", "is required without an e-mail address"))

    def with_login(self, at: datetime) -> Self:
        """Return the customer as one who can log in."""
        return evolve(self, has_login=True, updated_at=at)

    def absorb(self, other: Self, at: datetime) -> Self:
        """Return the customer after a merge with *other*: what is null here is filled from it.

        The only login of the two comes with its e-mail address, which replaces another one.
        """
        takes_login = other.has_login and not self.has_login
        return evolve(
            self,
            email=other.email if takes_login else self.email or other.email,
            phone=self.phone or other.phone,
            address=self.address or other.address,
            has_login=self.has_login or other.has_login,
            updated_at=at,
        )

    def erase(self, at: datetime) -> Self:
        """Return the customer without personal data; only the id remains."""
        return evolve(
            self,
            name="Erased customer",
            email=None,
            phone=None,
            address=None,
            has_login=False,
            updated_at=at,
            erased_at=at,
        )


@frozen(kw_only=True)
class CustomerDetails:
    """A customer as they were when a document was made, which has this copy for good."""

    name: Name
    address: Address | None
    email: Email | None
    phone: Phone | None

    @classmethod
    def of(cls, customer: Customer) -> Self:
        """Return the details of *customer*."""
        return cls(
            name=customer.name,
            address=customer.address,
            email=customer.email,
            phone=customer.phone,
        )
