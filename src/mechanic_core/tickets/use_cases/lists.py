"""List service tickets."""

from typing import ClassVar, final

from attrs import evolve, frozen

from mechanic_core.access import (
    ANY_LOGIN,
    OWNER_OR_STAFF,
    SELF_OR_MANAGER,
    STAFF_ONLY,
    Actor,
    RoleForbids,
)
from mechanic_core.mechanics.mechanic import MechanicId, MechanicNotFound
from mechanic_core.paging import Page, PageRequest
from mechanic_core.profile.calendar import Period
from mechanic_core.tickets.ports import TicketFilter
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.unit_of_work import ReadLagging
from mechanic_core.vehicles.vehicle import VehicleId, VehicleNotFound


@final
@frozen
class ListTickets:
    """List all tickets."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = ()

    read_lagging: ReadLagging

    def __call__(self, actor: Actor, wanted: TicketFilter, page: PageRequest) -> Page[Ticket]:
        """Return the tickets wanted."""
        self.policy.admit(actor)
        with self.read_lagging(actor) as work:
            return work.ticket_lists.find(wanted, page)


@final
@frozen
class ListMyTickets:
    """List your own tickets, newest first: for staff, those that they are assigned to."""

    policy: ClassVar = ANY_LOGIN
    refuses: ClassVar = ()

    read_lagging: ReadLagging

    def __call__(self, actor: Actor, page: PageRequest) -> Page[Ticket]:
        """Return the caller's tickets with mechanics and lines."""
        self.policy.admit(actor)
        wanted = (
            TicketFilter(mechanic_id=actor.id, newest_first=True)
            if actor.is_staff
            else TicketFilter(customer_id=actor.id, newest_first=True)
        )
        with self.read_lagging(actor) as work:
            return work.ticket_lists.find(wanted, page)


@final
@frozen
class ListVehicleTickets:
    """List the tickets of a vehicle; its owner sees only their own tickets."""

    policy: ClassVar = OWNER_OR_STAFF
    refuses: ClassVar = (VehicleNotFound,)

    read_lagging: ReadLagging

    def __call__(self, actor: Actor, vehicle_id: VehicleId, page: PageRequest) -> Page[Ticket]:
        """Return the vehicle's tickets."""
        self.policy.admit(actor)
        wanted = TicketFilter(vehicle_id=vehicle_id)
        with self.read_lagging(actor) as work:
            vehicle = work.vehicles.get(vehicle_id)
            self.policy.require_access(actor, vehicle.customer_id, VehicleNotFound())
            if actor.is_customer:
                wanted = evolve(wanted, customer_id=actor.id)
            return work.ticket_lists.find(wanted, page)


@final
@frozen
class ListWorked:
    """List the tickets that count for a mechanic on the leaderboard."""

    policy: ClassVar = SELF_OR_MANAGER
    refuses: ClassVar = (MechanicNotFound,)

    read_lagging: ReadLagging

    def __call__(
        self, actor: Actor, mechanic_id: MechanicId, period: Period, page: PageRequest
    ) -> Page[Ticket]:
        """Return the tickets that count for the mechanic in *period*."""
        self.policy.admit(actor)
        if not self.policy.allows(actor, mechanic_id):
            raise RoleForbids("only managers may see what another mechanic has worked")
        with self.read_lagging(actor) as work:
            work.mechanics.get(mechanic_id)
            wanted = TicketFilter(mechanic_id=mechanic_id, period=period, worked=True)
            return work.ticket_lists.find(wanted, page)
