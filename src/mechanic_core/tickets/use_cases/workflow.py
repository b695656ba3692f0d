"""Moving a ticket through its workflow, and reading what happened to it."""

from typing import ClassVar, final

from attrs import frozen

from mechanic_core.access import OWNER_OR_STAFF, STAFF_ONLY, Actor
from mechanic_core.paging import Page, PageRequest
from mechanic_core.tickets.forms import Transition, TransitionForm, Transitions
from mechanic_core.tickets.history import Entry, Event
from mechanic_core.tickets.stock import TicketStock
from mechanic_core.tickets.ticket import (
    Ticket,
    TicketChanged,
    TicketId,
    TicketNotFound,
    TransitionBlocked,
)
from mechanic_core.tickets.workflow import Status
from mechanic_core.unit_of_work import Begin, ReadOnly, retry_on_conflict
from mechanic_core.values import Clock


@final
@frozen
class MoveTicket:
    """Send a ticket on its way: start, hold, complete, reopen, close or cancel it."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (TicketNotFound, TransitionBlocked, TicketChanged)

    begin: Begin
    now: Clock
    storeroom: TicketStock

    @retry_on_conflict
    def __call__(
        self,
        actor: Actor,
        ticket_id: TicketId,
        form: TransitionForm,
        expected: int | None = None,
    ) -> Ticket:
        """Return the ticket where it stands now; the stock of its parts has moved along."""
        self.policy.admit(actor)
        at = self.now()
        with self.begin() as work:
            ticket = work.tickets.lock(ticket_id)
            ticket.require_version(expected)
            after, move = ticket.transition_to(form.to, at)
            entry = Entry.of(actor, at, Event.TRANSITION, ticket.status, after.status, form.note)
            after = work.tickets.save(after, entry)
            if move.stock:
                lines = [(line, line.quantity) for line in after.parts]
                self.storeroom.move(work, actor, at, after, move.stock, lines)
        return after


@final
@frozen
class ReadTransitions:
    """See where a ticket may go and what keeps it from the rest."""

    policy: ClassVar = OWNER_OR_STAFF
    refuses: ClassVar = (TicketNotFound,)

    read_only: ReadOnly

    def __call__(self, actor: Actor, ticket_id: TicketId) -> Transitions:
        """Return every other status with what blocks it."""
        self.policy.admit(actor)
        with self.read_only() as work:
            ticket = work.tickets.get(ticket_id)
        self.policy.require_access(actor, ticket.customer_id, TicketNotFound())
        blockers = {to: ticket.blockers(to) for to in Status if to is not ticket.status}
        return Transitions(
            status=ticket.status,
            items=tuple(
                Transition(to=to, allowed=not found, blockers=found)
                for to, found in blockers.items()
            ),
            version=ticket.version,
        )


@final
@frozen
class ListHistory:
    """Read what happened to a ticket: who did what when."""

    policy: ClassVar = OWNER_OR_STAFF
    refuses: ClassVar = (TicketNotFound,)

    read_only: ReadOnly

    def __call__(self, actor: Actor, ticket_id: TicketId, page: PageRequest) -> Page[Entry]:
        """Return the history, oldest first; of a ticket struck out it is for staff."""
        self.policy.admit(actor)
        with self.read_only() as work:
            owner = work.histories.owner_of(ticket_id)
            self.policy.require_access(actor, owner, TicketNotFound())
            return work.histories.of(ticket_id, page)
