"""The customer of a ticket: a bound on their unfinished tickets, and the correction of a wrong one."""

from datetime import datetime

from mechanic_core.customers.customer import Customer, CustomerId, CustomerNotFound
from mechanic_core.errors import Conflict, Unknown
from mechanic_core.tickets.bounds import MAX_UNFINISHED, TooMany
from mechanic_core.tickets.ticket import Ticket, TicketId, TicketNotFound
from mechanic_core.unit_of_work import Work


class CustomerFixed(Conflict):
    """The customer of a ticket with a decision, payment or invoice cannot be changed."""


def customer_of(work: Work, ticket_id: TicketId) -> CustomerId:
    """Return the customer of a ticket; raise `TicketNotFound` for a removed one too."""
    owner = work.histories.owner_of(ticket_id)
    if owner is None:
        raise TicketNotFound
    return owner


def has_documents(work: Work, ticket_id: TicketId) -> bool:
    """Return whether a ticket has an estimate, decision or payment, which must stay with it."""
    return work.estimates.next_number(ticket_id) > 1 or _is_bound(work, ticket_id)


def _is_bound(work: Work, ticket_id: TicketId) -> bool:
    """Return whether a ticket has a decision, payment or invoice of its customer."""
    if work.decisions.last(ticket_id) is not None or work.payment_lists.count(ticket_id):
        return True
    return bool(work.invoices.of_ticket(ticket_id))


def require_room(work: Work, customer_id: CustomerId, tickets: int = 1) -> None:
    """Raise `TooMany` unless the customer may have so many more unfinished *tickets*."""
    if tickets and len(work.ticket_lists.unfinished_of(customer_id)) + tickets > MAX_UNFINISHED:
        raise TooMany(MAX_UNFINISHED, "unfinished tickets of the customer")


def customer_unless_erased(work: Work, customer_id: CustomerId) -> Customer | None:
    """Return the customer of a ticket; None for one who was erased."""
    try:
        return work.customers.get(customer_id)
    except CustomerNotFound:
        return None


def give_to(work: Work, ticket: Ticket, customer_id: int | None, at: datetime) -> Ticket:
    """Return *ticket* as that customer's; itself if it is theirs or None is given.

    Its estimates, which were made for the former customer, are superseded, and links to them end.
    Both customers are locked, in the order of their ids. Raises `Unknown` for one who does not
    exist, `TooMany`, and `CustomerFixed`.
    """
    if customer_id in (None, ticket.customer_id):
        return ticket
    if _is_bound(work, ticket.id):
        raise CustomerFixed
    after = ticket.with_customer(CustomerId(customer_id or 0), at)
    for one in sorted((ticket.customer_id, after.customer_id)):
        try:
            work.customers.lock(one)
        except CustomerNotFound:
            if one == after.customer_id:
                raise Unknown("#/customer_id") from None
    require_room(work, after.customer_id)
    work.approval_links.forget(ticket.customer_id, ticket.id)
    for estimate in work.estimates.standing(ticket.id):
        work.estimates.save(estimate.supersede(at))
    return after
