"""The customer of a ticket: a bound on their unfinished tickets, and the correction of a wrong one."""

from datetime import datetime

from mechanic_core.customers.customer import CustomerId, CustomerNotFound
from mechanic_core.errors import Unknown
from mechanic_core.tickets.bounds import MAX_UNFINISHED, TooMany
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.unit_of_work import Work


def require_room(work: Work, customer_id: CustomerId, tickets: int = 1) -> None:
    """Raise `TooMany` unless the customer may have so many more unfinished *tickets*."""
    if tickets and len(work.ticket_lists.unfinished_of(customer_id)) + tickets > MAX_UNFINISHED:
        raise TooMany(MAX_UNFINISHED, "unfinished tickets of the customer")


def give_to(work: Work, ticket: Ticket, customer_id: int | None, at: datetime) -> Ticket:
    """Return *ticket* as that customer's; itself if it is theirs or None is given.

    Both customers are locked, in the order of their ids. Raises `Unknown` for one who does not
    exist, and `TooMany`.
    """
    if customer_id in (None, ticket.customer_id):
        return ticket
    after = ticket.with_customer(CustomerId(customer_id or 0), at)
    for one in sorted((ticket.customer_id, after.customer_id)):
        try:
            work.customers.lock(one)
        except CustomerNotFound:
            if one == after.customer_id:
                raise Unknown("#/customer_id") from None
    require_room(work, after.customer_id)
    return after
