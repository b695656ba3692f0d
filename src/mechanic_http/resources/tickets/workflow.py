"""Status transitions of service tickets and their history."""

from typing import Final, final

from attrs import frozen

from mechanic_core.access import Actor
from mechanic_core.paging import Page, PageRequest
from mechanic_core.shop import Shop
from mechanic_core.tickets.forms import TransitionForm, Transitions
from mechanic_core.tickets.history import Entry
from mechanic_core.tickets.ticket import Ticket, TicketId
from mechanic_core.tickets.use_cases.workflow import ListHistory, MoveTicket, ReadTransitions
from mechanic_http.endpoint.operation import endpoint
from mechanic_http.endpoint.route import Route


@final
@frozen
class TicketTransitions:
    """The status transitions of one service ticket."""

    shop: Shop

    @endpoint(ReadTransitions)
    def on_get(self, actor: Actor, ticket_id: TicketId) -> Transitions:
        """List the transitions of a ticket, with what blocks each."""
        return self.shop.read_transitions(actor, ticket_id)

    @endpoint(MoveTicket)
    def on_post(
        self, actor: Actor, ticket_id: TicketId, form: TransitionForm, expected: int | None
    ) -> Ticket:
        """Change a ticket's status: start, hold, complete, reopen, close or cancel."""
        return self.shop.move_ticket(actor, ticket_id, form, expected)


@final
@frozen
class TicketHistory:
    """The history of one service ticket."""

    shop: Shop

    @endpoint(ListHistory)
    def on_get(self, actor: Actor, ticket_id: TicketId, page: PageRequest) -> Page[Entry]:
        """List the history of a ticket: who did what when."""
        return self.shop.list_history(actor, ticket_id, page)


ROUTES: Final = (
    Route("/service_tickets/{ticket_id}/transitions", TicketTransitions),
    Route("/service_tickets/{ticket_id}/history", TicketHistory),
)
