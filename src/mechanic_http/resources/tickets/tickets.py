"""Service tickets (repair orders) and their assigned mechanics."""

from typing import Annotated, Final, final

from attrs import frozen

from mechanic_core.access import Actor
from mechanic_core.mechanics.mechanic import MechanicId
from mechanic_core.paging import Page, PageRequest
from mechanic_core.rules import Description, checked
from mechanic_core.shop import Shop
from mechanic_core.tickets.forms import MechanicEdit, TicketDraft, TicketForm
from mechanic_core.tickets.ports import TicketFilter
from mechanic_core.tickets.ticket import Ticket, TicketId
from mechanic_core.tickets.use_cases.assignment import AssignMechanic, AssignMechanics
from mechanic_core.tickets.use_cases.intake import (
    ChangeTicket,
    OpenTicket,
    ReadTicket,
    RemoveTicket,
)
from mechanic_core.tickets.use_cases.lists import ListMyTickets, ListTickets
from mechanic_core.tickets.workflow import Status
from mechanic_core.values import IdNumber
from mechanic_http.endpoint.merge_patch import MergePatch, Replacement
from mechanic_http.endpoint.operation import endpoint
from mechanic_http.endpoint.query import ListQuery, PeriodQuery
from mechanic_http.endpoint.route import Route
from mechanic_http.resources.vehicles import VIN_ATTEMPT


@frozen(kw_only=True, field_transformer=checked)
class TicketQuery(PeriodQuery, ListQuery):
    """Filters of the list of service tickets; all of them must match."""

    status: Annotated[Status | None, Description("Current status.")] = None
    customer_id: Annotated[IdNumber | None, Description("Id of the customer.")] = None
    mechanic_id: Annotated[IdNumber | None, Description("Id of an assigned mechanic.")] = None
    vehicle_id: Annotated[IdNumber | None, Description("Id of the vehicle.")] = None

    @property
    def filter(self) -> TicketFilter:
        """The filter that the use case takes."""
        return TicketFilter(
            status=self.status,
            customer_id=self.customer_id,
            mechanic_id=self.mechanic_id,
            vehicle_id=self.vehicle_id,
            period=self.period,
        )


@final
@frozen
class TicketCollection:
    """The list of service tickets."""

    shop: Shop

    @endpoint(ListTickets)
    def on_get(self, actor: Actor, query: TicketQuery, page: PageRequest) -> Page[Ticket]:
        """List service tickets."""
        return self.shop.list_tickets(actor, query.filter, page)

    @endpoint(OpenTicket, creates="/service_tickets/{id}", attempt=VIN_ATTEMPT)
    def on_post(self, actor: Actor, draft: TicketDraft) -> Ticket:
        """Open a service ticket; customers open their own."""
        return self.shop.open_ticket(actor, draft)


@final
@frozen
class MyTickets:
    """The service tickets of the current user."""

    shop: Shop

    @endpoint(ListMyTickets)
    def on_get(self, actor: Actor, page: PageRequest) -> Page[Ticket]:
        """List your own tickets, newest first; for staff, those assigned to them."""
        return self.shop.list_my_tickets(actor, page)


@final
@frozen
class TicketItem:
    """One service ticket."""

    shop: Shop

    @endpoint(ReadTicket)
    def on_get(self, actor: Actor, ticket_id: TicketId) -> Ticket:
        """Get a service ticket."""
        return self.shop.read_ticket(actor, ticket_id)

    @endpoint(ChangeTicket)
    def on_put(
        self,
        actor: Actor,
        ticket_id: TicketId,
        change: Replacement[TicketForm],
        expected: int | None,
    ) -> Ticket:
        """Replace a ticket's description, service date, vehicle and customer."""
        if _leaves_vehicle(change):
            change = change.keeping("vehicle_id", "vin")
        return self.shop.change_ticket(actor, ticket_id, change, expected)

    @endpoint(ChangeTicket)
    def on_patch(
        self,
        actor: Actor,
        ticket_id: TicketId,
        change: MergePatch[TicketForm],
        expected: int | None,
    ) -> Ticket:
        """Update a ticket's description, service date, customer or vehicle, by id or VIN."""
        patch = change.instead_of("vehicle_id", given="vin")
        return self.shop.change_ticket(actor, ticket_id, patch, expected)

    @endpoint(RemoveTicket)
    def on_delete(self, actor: Actor, ticket_id: TicketId, expected: int | None) -> None:
        """Delete a ticket that was opened by mistake."""
        self.shop.remove_ticket(actor, ticket_id, expected)


def _leaves_vehicle(change: Replacement[TicketForm]) -> bool:
    """Return whether the body has the `vehicle` that GET gave, and names no other one."""
    form, vehicle = change.form, change.read_only.get("vehicle", ())
    if not isinstance(form, TicketForm) or form.vehicle_id or not isinstance(vehicle, dict | None):
        return False
    return form.vin == (vehicle or {}).get("vin")


@final
@frozen
class TicketStaff:
    """The mechanics assigned to one service ticket."""

    shop: Shop

    @endpoint(AssignMechanics)
    def on_put(
        self, actor: Actor, ticket_id: TicketId, edit: MechanicEdit, expected: int | None
    ) -> Ticket:
        """Assign and unassign several mechanics at once, all or nothing."""
        return self.shop.assign_mechanics(actor, ticket_id, edit, expected)


@final
@frozen
class TicketMechanic:
    """The assignment of one mechanic to one service ticket."""

    shop: Shop

    @endpoint(AssignMechanic)
    def on_put(
        self, actor: Actor, ticket_id: TicketId, mechanic_id: MechanicId, expected: int | None
    ) -> Ticket:
        """Assign a mechanic to a ticket."""
        return self.shop.assign_mechanic(
            actor, ticket_id, mechanic_id, assigned=True, expected=expected
        )

    @endpoint(AssignMechanic, operation_id="unassign_mechanic")
    def on_delete(
        self, actor: Actor, ticket_id: TicketId, mechanic_id: MechanicId, expected: int | None
    ) -> Ticket:
        """Unassign a mechanic from a ticket."""
        return self.shop.assign_mechanic(
            actor, ticket_id, mechanic_id, assigned=False, expected=expected
        )


ROUTES: Final = (
    Route("/service_tickets", TicketCollection),
    Route(
        "/my-tickets", MyTickets, aliases=("/service_tickets/my-tickets", "/customers/my-tickets")
    ),
    Route("/service_tickets/{ticket_id}", TicketItem),
    Route("/service_tickets/{ticket_id}/edit", TicketStaff),
    Route("/service_tickets/{ticket_id}/mechanics/{mechanic_id}", TicketMechanic),
)
