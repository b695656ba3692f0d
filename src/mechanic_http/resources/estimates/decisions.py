"""What customers decide, and how far the bills of their tickets may go."""

from typing import Final, final

from attrs import frozen

from mechanic_core.access import Actor
from mechanic_core.estimates.authorization import Authorization
from mechanic_core.estimates.decision import Decision, DecisionForm, LimitForm
from mechanic_core.estimates.estimate import EstimateNumber
from mechanic_core.estimates.use_cases.decisions import (
    DecideOnEstimate,
    ListDecisions,
    ReadAuthorization,
    SetSpendingLimit,
)
from mechanic_core.paging import Page, PageRequest
from mechanic_core.shop import Shop
from mechanic_core.tickets.ticket import TicketId
from mechanic_http.endpoint.operation import endpoint
from mechanic_http.endpoint.route import Route

DECISIONS: Final = "/service_tickets/{ticket_id}/decisions"


@final
@frozen
class EstimateDecisions:
    """The decisions on one estimate."""

    shop: Shop

    @endpoint(DecideOnEstimate, creates=DECISIONS)
    def on_post(
        self,
        actor: Actor,
        ticket_id: TicketId,
        number: EstimateNumber,
        form: DecisionForm,
        expected: int | None,
    ) -> Decision:
        """Take what the customer has decided on an estimate; customers decide on their own."""
        return self.shop.decide_on_estimate(actor, ticket_id, number, form, expected)


@final
@frozen
class DecisionCollection:
    """The decisions on one service ticket."""

    shop: Shop

    @endpoint(ListDecisions)
    def on_get(self, actor: Actor, ticket_id: TicketId, page: PageRequest) -> Page[Decision]:
        """List what the customer of a ticket has decided, oldest first."""
        return self.shop.list_decisions(actor, ticket_id, page)

    @endpoint(SetSpendingLimit, creates=DECISIONS)
    def on_post(
        self, actor: Actor, ticket_id: TicketId, form: LimitForm, expected: int | None
    ) -> Decision:
        """Set a spending limit: up to it the customer need not be asked."""
        return self.shop.set_spending_limit(actor, ticket_id, form, expected)


@final
@frozen
class TicketAuthorization:
    """What the customer of one service ticket has authorized."""

    shop: Shop

    @endpoint(ReadAuthorization)
    def on_get(self, actor: Actor, ticket_id: TicketId) -> Authorization:
        """Get what is authorized on a ticket, and how far its bill may go."""
        return self.shop.read_authorization(actor, ticket_id)


ROUTES: Final = (
    Route("/service_tickets/{ticket_id}/estimates/{number}/decisions", EstimateDecisions),
    Route(DECISIONS, DecisionCollection),
    Route("/service_tickets/{ticket_id}/authorization", TicketAuthorization),
)
