"""The request bodies that open, change, assign and move a ticket, and its possible transitions."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Self

from attrs import evolve, frozen

from mechanic_core.access import Actor, RoleForbids
from mechanic_core.errors import Problem, RuleBroken, Unknown
from mechanic_core.mechanics.mechanic import Mechanic
from mechanic_core.pricing.bounds import MAX_DISCOUNTS
from mechanic_core.pricing.discounts import TicketDiscount
from mechanic_core.rules import Alias, Description, Example, Length, checked
from mechanic_core.tickets.assigned_mechanic import AssignedMechanic
from mechanic_core.tickets.guards import Blocker
from mechanic_core.tickets.job import TicketVersion
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.tickets.workflow import Status
from mechanic_core.validators import unchecked
from mechanic_core.values import IdNumber, Note, Text
from mechanic_core.vehicles.vehicle import (
    Odometer,
    StaffInsistence,
    Transfer,
    VehicleId,
    require_staff_for_transfer,
)
from mechanic_core.vehicles.vin import ScannedVin

ServiceDate = Annotated[
    date,
    Description(
        "A calendar day in the time zone of the shop, from 1950-01-01 to a year ahead. Without one "
        "it is today for a new ticket, and stays as it is for another."
    ),
]

MechanicIds = Annotated[tuple[IdNumber, ...], Length(0, 100), Example((3,))]


@frozen(kw_only=True, field_transformer=checked)
class TicketForm(StaffInsistence):
    """The details of a ticket. The vehicle is given by its id, or by its VIN, which may be new.

    Without a *customer_id* or a *service_date* a ticket keeps its own.

    *odometer* is what the vehicle shows now: a reading in its log.
    """

    transfer: Transfer = False
    description: Text
    customer_id: Annotated[IdNumber | None, Example(7)] = None
    service_date: ServiceDate | None = None
    vehicle_id: Annotated[IdNumber | None, Example(12)] = None
    vin: ScannedVin | None = None
    odometer: Odometer | None = None

    def __attrs_post_init__(self) -> None:
        """Check that the vehicle is given once, and that an odometer has one."""
        if self.vin and self.vehicle_id:
            raise RuleBroken(Problem("#/vehicle_id", "must not be given together with vin"))
        if self.odometer is not None and not (self.vin or self.vehicle_id):
            raise RuleBroken(Problem("#/odometer", "needs a vehicle"))

    @classmethod
    def of(cls, ticket: Ticket) -> Self:
        """Return the present details of *ticket*, with its vehicle by id."""
        return unchecked(
            cls,
            description=ticket.description,
            customer_id=ticket.customer_id,
            service_date=ticket.service_date,
            vehicle_id=ticket.vehicle.id if ticket.vehicle else None,
        )

    def keeps_vehicle_of(
        self, ticket: Ticket, change: Callable[["TicketForm"], "TicketForm"]
    ) -> bool:
        """Return whether *change*, which made this form, leaves the ticket's vehicle unmentioned.

        A change that names the present vehicle sets it, even though it is the same one.
        """
        if ticket.vehicle is None or ticket.vehicle.id != self.vehicle_id:
            return False
        another = evolve(ticket.vehicle, id=VehicleId(ticket.vehicle.id + 1))
        form = TicketForm.of(evolve(ticket, vehicle=another))
        return change(form).vehicle_id == another.id


@frozen(kw_only=True, field_transformer=checked)
class TicketDraft(TicketForm):
    """The details of a new ticket. Customers may leave out *customer_id*."""

    mechanic_ids: MechanicIds | None = None

    def require_staff(self, actor: Actor) -> None:
        """Raise `RoleForbids` when a customer gives what only staff may give."""
        super().require_staff(actor)
        require_staff_for_transfer(actor, transfer=self.transfer)
        if self.mechanic_ids is not None and not actor.is_staff:
            raise RoleForbids("only staff may assign mechanics")

    def mechanics(self, known: Mapping[int, Mechanic]) -> tuple[AssignedMechanic, ...]:
        """Return the mechanics to assign; raise `Unknown` unless all are *known* and active."""
        ids = self.mechanic_ids or ()
        unknown = [
            f"#/mechanic_ids/{index}"
            for index, one in enumerate(ids)
            if one not in known or not known[one].active
        ]
        if unknown:
            raise Unknown(*unknown)
        return _assigned(known, ids)


@frozen(kw_only=True, field_transformer=checked)
class MechanicEdit:
    """The mechanics to add to a ticket and to remove from it, by id."""

    add_ids: Annotated[MechanicIds | None, Alias("add_mechanic_ids")] = None
    remove_ids: Annotated[MechanicIds | None, Alias("remove_mechanic_ids"), Example((5,))] = None

    def __attrs_post_init__(self) -> None:
        """Check that at least one list is given."""
        if self.add_ids is None and self.remove_ids is None:
            raise RuleBroken(Problem("#/add_ids", "add_ids or remove_ids is required"))

    def apply_to(self, ticket: Ticket, known: Mapping[int, Mechanic], at: datetime) -> Ticket:
        """Return *ticket* with the edited mechanics, all of whom must be *known*.

        An inactive mechanic cannot be added, but may stay on the ticket or be removed. Raises
        `Unknown` or `RuleBroken` with all problems at once.
        """
        add, remove = self.add_ids or (), self.remove_ids or ()
        present = {mechanic.id for mechanic in ticket.mechanics}
        unknown = [
            f"#/add_ids/{index}"
            for index, one in enumerate(add)
            if one not in known or not (known[one].active or one in present)
        ] + [f"#/remove_ids/{index}" for index, one in enumerate(remove) if one not in known]
        in_both = [
            Problem(f"#/remove_ids/{index}", "is also in add_ids")
            for index, one in enumerate(remove)
            if one in add
        ]
        if in_both:
            raise RuleBroken(*in_both, *Unknown(*unknown).problems)
        if unknown:
            raise Unknown(*unknown)
        return ticket.with_mechanics(_assigned(known, add), remove, at)


def _assigned(known: Mapping[int, Mechanic], ids: Sequence[int]) -> tuple[AssignedMechanic, ...]:
    return tuple(AssignedMechanic.of(known[one]) for one in ids)


@frozen(kw_only=True, field_transformer=checked)
class DiscountsForm:
    """The discounts on the whole of a ticket, in the order in which they are taken off."""

    items: Annotated[tuple[TicketDiscount, ...], Length(0, MAX_DISCOUNTS)]


@frozen(kw_only=True, field_transformer=checked)
class TransitionForm:
    """The status that the ticket is to change to, and a note."""

    to: Annotated[Status, Example(Status.IN_PROGRESS)]
    note: Note | None = None


@frozen(kw_only=True)
class Transition:
    """A transition of the ticket, and what blocks it."""

    to: Annotated[Status, Example(Status.IN_PROGRESS)]
    allowed: Annotated[bool, Example(False)]
    blockers: tuple[Blocker, ...]


@frozen(kw_only=True)
class Transitions:
    """The status of the ticket, and the transitions to all others."""

    status: Status
    items: tuple[Transition, ...]
    version: TicketVersion
