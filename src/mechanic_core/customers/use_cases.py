"""Register, list, read, change and erase customers."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import ClassVar, final

from attrs import frozen

from mechanic_core.access import OWNER_OR_MANAGER, OWNER_OR_STAFF, PUBLIC, STAFF_ONLY, Actor, Role
from mechanic_core.accounts.account import Account
from mechanic_core.accounts.ports import Passwords
from mechanic_core.changes import apply
from mechanic_core.customers.customer import (
    BalanceOpen,
    Customer,
    CustomerChanged,
    CustomerForm,
    CustomerId,
    CustomerNotFound,
    EmailTaken,
    NewCustomer,
    Registration,
    TicketsUnfinished,
)
from mechanic_core.customers.logins import end_login, lock_with_account
from mechanic_core.paging import Page, PageRequest
from mechanic_core.unit_of_work import (
    Begin,
    Prepared,
    ReadLagging,
    ReadOnly,
    Work,
    retry_on_conflict,
)
from mechanic_core.values import Clock, Email


@final
@frozen
class RegisterCustomer:
    """Register a customer with a login."""

    policy: ClassVar = PUBLIC
    refuses: ClassVar = (EmailTaken,)

    begin: Begin
    now: Clock
    passwords: Passwords

    def __call__(self, actor: Actor, registration: Registration) -> Customer:
        """Return the new customer, who can log in."""
        return self.prepare(actor, registration)()

    def prepare(self, actor: Actor, registration: Registration) -> Prepared[Customer]:
        """Hash the password, which is slow, and return the transaction to run."""
        self.policy.admit(actor)
        password_hash = self.passwords.hash(registration.password)
        return partial(self._add, actor, registration, password_hash)

    @retry_on_conflict
    def _add(self, actor: Actor, registration: Registration, password_hash: str) -> Customer:
        with self.begin(actor) as work:
            return _add_customer(work, registration, password_hash, self.now())


@final
@frozen
class AddCustomer:
    """Add a customer at the desk."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (EmailTaken,)

    begin: Begin
    now: Clock
    passwords: Passwords

    def __call__(self, actor: Actor, form: NewCustomer) -> Customer:
        """Return the new customer, who can log in if *form* has a password."""
        return self.prepare(actor, form)()

    def prepare(self, actor: Actor, form: NewCustomer) -> Prepared[Customer]:
        """Hash the password, if there is one, and return the transaction to run."""
        self.policy.admit(actor)
        password_hash = None if form.password is None else self.passwords.hash(form.password)
        return partial(self._add, actor, form, password_hash)

    @retry_on_conflict
    def _add(self, actor: Actor, form: NewCustomer, password_hash: str | None) -> Customer:
        with self.begin(actor) as work:
            return _add_customer(work, form, password_hash, self.now())


def _add_customer(
    work: Work, form: CustomerForm, password_hash: str | None, at: datetime
) -> Customer:
    """Store a new customer, with an account if there is a *password_hash*."""
    new = Customer(
        id=CustomerId(0),
        name=form.name,
        has_login=password_hash is not None,
        created_at=at,
        updated_at=at,
    )
    customer = work.customers.add(new.with_form(form, at))
    if password_hash is not None:
        work.accounts.put(
            Account(role=Role.CUSTOMER, holder_id=customer.id, password_hash=password_hash)
        )
    return customer


@final
@frozen
class ListCustomers:
    """List customers."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = ()

    read_lagging: ReadLagging

    def __call__(self, actor: Actor, q: str | None, page: PageRequest) -> Page[Customer]:
        """Return customers whose name, e-mail or phone starts with *q*, or all."""
        self.policy.admit(actor)
        with self.read_lagging(actor) as work:
            return work.customers.find(q, page)


@final
@frozen
class ReadCustomer:
    """Read a customer."""

    policy: ClassVar = OWNER_OR_STAFF
    refuses: ClassVar = (CustomerNotFound,)

    read_only: ReadOnly

    def __call__(self, actor: Actor, customer_id: CustomerId) -> Customer:
        """Return the customer."""
        self.policy.admit(actor)
        self.policy.require_access(actor, customer_id, CustomerNotFound())
        with self.read_only() as work:
            return work.customers.get(customer_id)


@final
@frozen
class FindCustomer:
    """Find the customer who has an e-mail address."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (CustomerNotFound,)

    read_only: ReadOnly

    def __call__(self, actor: Actor, email: Email) -> Customer:
        """Return the customer."""
        self.policy.admit(actor)
        with self.read_only() as work:
            customer_id, _ = work.email_holders.find(email)
            if customer_id is None:
                raise CustomerNotFound("no customer has this e-mail address")
            return work.customers.get(customer_id)


@final
@frozen
class ChangeCustomer:
    """Change a customer."""

    policy: ClassVar = OWNER_OR_STAFF
    refuses: ClassVar = (CustomerNotFound, EmailTaken, CustomerChanged)

    begin: Begin
    now: Clock

    @retry_on_conflict
    def __call__(
        self,
        actor: Actor,
        customer_id: CustomerId,
        change: Callable[[CustomerForm], CustomerForm],
        expected: int | None = None,
    ) -> Customer:
        """Apply *change* to the present form and return the changed customer."""
        self.policy.admit(actor)
        self.policy.require_access(actor, customer_id, CustomerNotFound())
        with self.begin(actor) as work:
            customer = work.customers.lock(customer_id)
            customer.require_version(expected)
            after = customer.with_form(apply(change, customer.form, customer), self.now())
            if after.email != customer.email:  # its links were sent to the former address
                work.password_resets.end(Role.CUSTOMER, customer_id)
            return customer if after is customer else work.customers.save(after)


@final
@frozen
class EraseCustomer:
    """Erase a customer's personal data; finished tickets and all documents about money stay.

    Their vehicles have no owner then: a customer for whom one of their VINs is entered gets that
    vehicle.
    """

    policy: ClassVar = OWNER_OR_MANAGER
    refuses: ClassVar = (CustomerNotFound, TicketsUnfinished, BalanceOpen, CustomerChanged)

    begin: Begin
    now: Clock

    @retry_on_conflict
    def __call__(self, actor: Actor, customer_id: CustomerId, expected: int | None = None) -> None:
        """Erase personal data, stored answers included, and delete the account."""
        self.policy.admit(actor)
        self.policy.require_access(actor, customer_id, CustomerNotFound())
        at = self.now()
        with self.begin(actor) as work:
            work.ticket_owners.lock(customer_id)  # before the customer, as everywhere
            customer, _ = lock_with_account(work, customer_id)
            customer.require_version(expected)
            if unfinished := work.ticket_lists.unfinished_of(customer_id):
                raise TicketsUnfinished(tickets=list(unfinished))
            if unsettled := work.balances.unsettled(customer_id):
                raise BalanceOpen(tickets=list(unsettled))
            work.customers.save(customer.erase(at))
            work.vehicle_lists.disown(customer_id, at)
            work.ticket_lists.erase_plates(customer_id, at)
            work.approval_links.forget(customer_id)
            end_login(work, customer_id, at)
            work.stored_answers.forget(customer_id)
            if customer.email is not None:
                work.outgoing_mails.forget(customer.email)
