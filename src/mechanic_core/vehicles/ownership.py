"""The owner of a vehicle or a ticket: who it is for, locked so that it stays."""

from mechanic_core.access import Actor
from mechanic_core.accounts.account import TokenRefused
from mechanic_core.customers.customer import CustomerId, CustomerNotFound
from mechanic_core.errors import Problem, RuleBroken, Unknown
from mechanic_core.unit_of_work import Work


def owner_for(actor: Actor, customer_id: int | None) -> CustomerId:
    """Return the customer that a request is for: a customer's own id, or the one staff gave.

    Raises `Unknown` when a customer gives another id: to them it does not exist.
    """
    if actor.is_customer:
        if customer_id not in (None, actor.id):
            raise Unknown("#/customer_id")
        return CustomerId(actor.id)
    if customer_id is None:
        raise RuleBroken(Problem("#/customer_id", "is required"))
    return CustomerId(customer_id)


def lock_owner(work: Work, actor: Actor, customer_id: CustomerId) -> None:
    """Lock the customer against a concurrent erasure.

    Raises `Unknown` if it does not exist, and `TokenRefused` if it is the caller who does not.
    """
    try:
        work.customers.lock(customer_id)
    except CustomerNotFound:
        if actor.is_customer:
            raise TokenRefused from None
        raise Unknown("#/customer_id") from None
