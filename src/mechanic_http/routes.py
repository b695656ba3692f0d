"""The route table: every path of the shop and its resource."""

from collections.abc import Callable
from typing import Any, Final

from attrs import frozen

from mechanic_http.endpoint.operation import METHODS, Operation, operation_of
from mechanic_http.resources import (
    accounts,
    customers,
    inventory,
    keys,
    lines,
    mechanics,
    tickets,
    vehicles,
    workflow,
)


@frozen
class Route:
    """A path, the class of its resource, and aliases that OpenAPI does not list."""

    template: str
    resource: Callable[[Any], object]
    aliases: tuple[str, ...] = ()

    @property
    def operations(self) -> dict[str, Operation]:
        """The operations by HTTP method; raises `TypeError` for a method without a policy."""
        methods = {name: getattr(self.resource, f"on_{name.lower()}", None) for name in METHODS}
        return {name: operation_of(method) for name, method in methods.items() if method}

    @property
    def templates(self) -> tuple[str, ...]:
        """Falcon's URI templates: path and aliases, also with `service-tickets`."""
        paths = (self.template, *self.aliases)
        dashed = (path.replace("service_tickets", "service-tickets") for path in paths)
        return tuple(dict.fromkeys(path.replace("_id}", "_id:id}") for path in (*paths, *dashed)))


_TICKET: Final = "/service_tickets/{ticket_id}"

ROUTES: Final = (
    Route("/login", accounts.CustomerLogin, aliases=("/customers/login",)),
    Route("/mechanics/login", accounts.StaffLogin),
    Route("/token/refresh", accounts.TokenRefresh),
    Route("/logout", accounts.Logout),
    Route("/me", accounts.MeItem),
    Route("/me/password", accounts.PasswordItem),
    Route("/customers", customers.CustomerCollection),
    Route("/customers/{customer_id}", customers.CustomerItem),
    Route("/vehicles", vehicles.VehicleCollection),
    Route("/vehicles/{vehicle_id}", vehicles.VehicleItem),
    Route("/vehicles/{vehicle_id}/service_tickets", vehicles.VehicleTickets),
    Route("/mechanics", mechanics.MechanicCollection),
    Route("/mechanics/leaderboard", mechanics.LeaderboardItem),
    Route("/mechanics/{mechanic_id}", mechanics.MechanicItem),
    Route("/mechanics/{mechanic_id}/worked", mechanics.WorkedTickets),
    Route("/inventory", inventory.PartCollection),
    Route("/inventory/{part_id}", inventory.PartItem),
    Route("/inventory/{part_id}/movements", inventory.MovementCollection),
    Route("/service_tickets", tickets.TicketCollection),
    Route(
        "/my-tickets",
        tickets.MyTickets,
        aliases=("/service_tickets/my-tickets", "/customers/my-tickets"),
    ),
    Route(_TICKET, tickets.TicketItem),
    Route(f"{_TICKET}/edit", tickets.TicketStaff),
    Route(f"{_TICKET}/mechanics/{{mechanic_id}}", tickets.TicketMechanic),
    Route(f"{_TICKET}/parts", lines.PartLineCollection),
    Route(f"{_TICKET}/parts/{{line_id}}", lines.PartLineItem),
    Route(f"{_TICKET}/labor", lines.LaborLineCollection),
    Route(f"{_TICKET}/labor/{{line_id}}", lines.LaborLineItem),
    Route(f"{_TICKET}/transitions", workflow.TicketTransitions),
    Route(f"{_TICKET}/history", workflow.TicketHistory),
)

KEYS: Final = Route("/.well-known/jwks.json", keys.KeySetItem)
"""The key set comes from the token signer, not from the shop."""

DOCUMENTED: Final = (*ROUTES, KEYS)
