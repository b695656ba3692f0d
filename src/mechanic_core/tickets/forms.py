"""What people fill in to open, change, staff and move a ticket."""

from datetime import date
from typing import Annotated

from attrs import field, frozen

from mechanic_core.errors import Problem, RuleBroken
from mechanic_core.rules import Alias, Example, Length, checked
from mechanic_core.tickets.line import TicketVersion
from mechanic_core.tickets.workflow import Blocker, Status
from mechanic_core.values import IdNumber, Note, Text
from mechanic_core.vehicles.vehicle import upper
from mechanic_core.vehicles.vin import Vin

MechanicIds = Annotated[tuple[IdNumber, ...], Length(0, 100), Example((3,))]


@frozen(kw_only=True, field_transformer=checked)
class TicketForm:
    """The complaint, the day and the vehicle: by its id, or by its VIN, which may be new."""

    description: Text
    service_date: date | None = None
    vehicle_id: Annotated[IdNumber | None, Example(12)] = None
    vin: Vin | None = field(default=None, converter=upper)

    def __attrs_post_init__(self) -> None:
        """One way of naming the vehicle is enough."""
        if self.vin and self.vehicle_id:
            raise RuleBroken(Problem("#/vehicle_id", "give either vehicle_id or vin, not both"))


@frozen(kw_only=True, field_transformer=checked)
class TicketDraft(TicketForm):
    """What the front desk writes down when a vehicle comes in.

    *customer_id* may be left out by a customer, who can only mean themselves.
    """

    customer_id: Annotated[IdNumber | None, Example(7)] = None
    mechanic_ids: MechanicIds | None = None


@frozen(kw_only=True, field_transformer=checked)
class MechanicEdit:
    """Who joins and who leaves a ticket."""

    add_ids: Annotated[MechanicIds | None, Alias("add_mechanic_ids")] = None
    remove_ids: Annotated[MechanicIds | None, Alias("remove_mechanic_ids"), Example((5,))] = None

    def __attrs_post_init__(self) -> None:
        """Somebody must be meant."""
        if self.add_ids is None and self.remove_ids is None:
            raise RuleBroken(Problem("#/add_ids", "give add_ids, remove_ids or both"))

    def require_disjoint(self) -> None:
        """Refuse with `RuleBroken` where somebody is both to join and to leave."""
        both = set(self.add_ids or ()) & set(self.remove_ids or ())
        problems = [
            Problem(f"#/remove_ids/{place}", "is in add_ids too")
            for place, one in enumerate(self.remove_ids or ())
            if one in both
        ]
        if problems:
            raise RuleBroken(*problems)


@frozen(kw_only=True, field_transformer=checked)
class TransitionForm:
    """Where the ticket is to go, and why."""

    to: Annotated[Status, Example(Status.IN_PROGRESS)]
    note: Note | None = None


@frozen(kw_only=True)
class Transition:
    """A place that the ticket could go, and what keeps it from there."""

    to: Annotated[Status, Example(Status.IN_PROGRESS)]
    allowed: Annotated[bool, Example(False)]
    blockers: tuple[Blocker, ...]


@frozen(kw_only=True)
class Transitions:
    """Where the ticket stands and where it could go."""

    status: Status
    items: tuple[Transition, ...]
    version: TicketVersion
