"""The login of a customer, which is locked with them and ended with them."""

from datetime import datetime

from mechanic_core.access import Role
from mechanic_core.accounts.account import Account
from mechanic_core.customers.customer import Customer, CustomerId
from mechanic_core.unit_of_work import Work


def lock_with_account(work: Work, customer_id: CustomerId) -> tuple[Customer, Account | None]:
    """Return the customer and their account after locking both.

    The account is locked first, as by a login. Raises `CustomerNotFound`.
    """
    account = work.accounts.lock(Role.CUSTOMER, customer_id)
    customer = work.customers.lock(customer_id)
    if customer.has_login and account is None:  # an invitation was used in between
        account = work.accounts.lock(Role.CUSTOMER, customer_id)
    return customer, account


def end_login(work: Work, customer_id: CustomerId, at: datetime) -> None:
    """End all sessions and links of a customer, and delete their account."""
    work.revocations.revoke_all(Role.CUSTOMER, customer_id, at)
    work.password_resets.end(Role.CUSTOMER, customer_id)
    work.accounts.remove(Role.CUSTOMER, customer_id)
