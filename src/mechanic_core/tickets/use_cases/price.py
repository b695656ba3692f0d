"""Read the price of a ticket, and set the discounts on the whole of it."""

from typing import ClassVar, final

from attrs import frozen

from mechanic_core.access import OWNER_OR_STAFF, STAFF_ONLY, Actor
from mechanic_core.pricing.document import PricedDocument
from mechanic_core.tickets.bounds import TooMany
from mechanic_core.tickets.forms import DiscountsForm
from mechanic_core.tickets.history import Entry, HistoryEvent, describe_discount
from mechanic_core.tickets.price import document_of, priced
from mechanic_core.tickets.ticket import (
    Ticket,
    TicketChanged,
    TicketFrozen,
    TicketId,
    TicketNotFound,
)
from mechanic_core.unit_of_work import Begin, ReadOnly, retry_on_conflict
from mechanic_core.values import Clock


@final
@frozen
class ReadPrice:
    """Read what a ticket comes to, line by line."""

    policy: ClassVar = OWNER_OR_STAFF
    refuses: ClassVar = (TicketNotFound,)

    read_only: ReadOnly

    def __call__(self, actor: Actor, ticket_id: TicketId) -> PricedDocument:
        """Return the priced document; of a finished ticket, as it was when it was finished."""
        self.policy.admit(actor)
        with self.read_only() as work:
            ticket = work.tickets.get(ticket_id)
            rules = work.profiles.get().pricing_rules
        self.policy.require_access(actor, ticket.customer_id, TicketNotFound())
        return document_of(ticket, rules)


@final
@frozen
class ReplaceDiscounts:
    """Replace the discounts on the whole of a ticket."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (TicketNotFound, TicketFrozen, TooMany, TicketChanged)

    begin: Begin
    now: Clock

    @retry_on_conflict
    def __call__(
        self, actor: Actor, ticket_id: TicketId, form: DiscountsForm, expected: int | None = None
    ) -> Ticket:
        """Return the ticket."""
        self.policy.admit(actor)
        at = self.now()
        with self.begin(actor) as work:
            ticket = work.tickets.lock(ticket_id)
            ticket.require_version(expected)
            after = ticket.with_discounts(form.items, at)
            if after is ticket:
                return ticket
            texts = _describe(ticket), _describe(after)
            entry = Entry.of(actor, at, HistoryEvent.DISCOUNTS, *texts)
            return work.tickets.save(priced(after, work.profiles.get().pricing_rules), entry)


def _describe(ticket: Ticket) -> str | None:
    return "; ".join(map(describe_discount, ticket.discounts)) or None
