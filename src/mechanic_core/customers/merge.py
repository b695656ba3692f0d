"""Merge two records of one customer."""

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from typing import ClassVar, final

from attrs import evolve, frozen

from mechanic_core.access import MANAGERS_ONLY, Actor, Role
from mechanic_core.accounts.account import Account
from mechanic_core.customers.customer import (
    Customer,
    CustomerChanged,
    CustomerId,
    CustomerMerge,
    CustomerNotFound,
)
from mechanic_core.customers.logins import end_login, lock_with_account
from mechanic_core.errors import Problem, RuleBroken, Unknown
from mechanic_core.tickets.bounds import TooMany
from mechanic_core.tickets.history import Entry, HistoryEvent
from mechanic_core.tickets.ownership import require_room
from mechanic_core.unit_of_work import Begin, Work, retry_on_conflict
from mechanic_core.values import Clock


@final
@frozen
class MergeCustomers:
    """Merge another record of the same customer into this one; the other is gone then.

    Its vehicles, tickets, estimates, recommendations and invoices become this customer's, with a line
    in the history of each ticket, and members that are null are filled from it. If only the other has
    a login, this customer gets it with its e-mail address; if both have one, that of the other ends.
    All sessions of the other end.
    """

    policy: ClassVar = MANAGERS_ONLY
    refuses: ClassVar = (CustomerNotFound, TooMany, CustomerChanged)

    begin: Begin
    now: Clock

    @retry_on_conflict
    def __call__(
        self,
        actor: Actor,
        customer_id: CustomerId,
        form: CustomerMerge,
        expected: int | None = None,
    ) -> Customer:
        """Return the customer after the merge."""
        self.policy.admit(actor)
        if form.from_id == customer_id:
            raise RuleBroken(Problem("#/from_id", "must be another customer"))
        at, other_id = self.now(), CustomerId(form.from_id)
        with self.begin(actor) as work:
            # Tickets are locked before customers, as by a change of a ticket's customer.
            work.ticket_owners.lock(other_id)
            customer, other, account = _lock_both(work, customer_id, other_id)
            customer.require_version(expected)
            require_room(work, customer_id, len(work.ticket_lists.unfinished_of(other_id)))
            _move_all(work, actor, other_id, customer_id, at)
            end_login(work, other_id, at)
            if account and not customer.has_login:
                work.accounts.put(evolve(account, holder_id=customer_id))
            after = customer.absorb(other, at)
            _forget_mails(work, {customer.email, other.email} - {after.email})
            if after.email != customer.email:  # its links were sent to the former address
                work.password_resets.end(Role.CUSTOMER, customer_id)
            work.customers.save(other.erase(at))  # first: it frees the e-mail address
            return work.customers.save(after)


def _lock_both(
    work: Work, customer_id: CustomerId, other_id: CustomerId
) -> tuple[Customer, Customer, Account | None]:
    """Return both customers, and the account of the other, after locking them by id."""
    found: dict[CustomerId, tuple[Customer, Account | None]] = {}
    for one in sorted((customer_id, other_id)):
        with suppress(CustomerNotFound):
            found[one] = lock_with_account(work, one)
    if customer_id not in found:
        raise CustomerNotFound
    if other_id not in found:
        raise Unknown("#/from_id")
    return found[customer_id][0], *found[other_id]


def _forget_mails(work: Work, addresses: Collection[str | None]) -> None:
    """Forget the mails to addresses that are nobody's now."""
    for address in filter(None, addresses):
        work.outgoing_mails.forget(address)


def _move_all(
    work: Work, actor: Actor, former: CustomerId, owner: CustomerId, at: datetime
) -> None:
    """Give what is the *former* customer's to *owner*, noun by noun."""
    line = Entry.of(
        actor,
        at,
        HistoryEvent.CHANGED,
        f"customer {former}",
        f"customer {owner}",
        "two records of the customer were merged",
    )
    work.vehicle_lists.reassign(former, owner, at)
    work.ticket_owners.reassign(former, owner, line)
    work.estimate_lists.reassign(former, owner)
    work.invoice_lists.reassign(former, owner, at)
    work.stored_answers.reassign(former, owner)
