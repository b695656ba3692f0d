"""What makes examples agree with each other: one ticket, its people, its parts and its stock."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from mechanic_core.access import By, Role
from mechanic_core.accounts.account import PasswordChange
from mechanic_core.inventory.movement import Movement
from mechanic_core.inventory.part import Kind, Part, PartForm
from mechanic_core.mechanics.leaderboard import Standing
from mechanic_core.mechanics.mechanic import Mechanic, MechanicForm, PublicMechanic, StaffMechanic
from mechanic_core.money import Money, Quantity
from mechanic_core.tickets.forms import (
    MechanicEdit,
    TicketDraft,
    TicketForm,
    Transition,
    TransitionForm,
    Transitions,
)
from mechanic_core.tickets.history import Entry, Event
from mechanic_core.tickets.line import (
    LaborLine,
    LaborLineForm,
    PartLine,
    PartLineChange,
    PartLineForm,
)
from mechanic_core.tickets.ticket import AssignedMechanic, Ticket
from mechanic_core.tickets.workflow import Blocker, Status
from mechanic_core.vehicles.vehicle import VehicleForm

_LUIS: Final = {"name": "Luis Romero"}
_LUIS_AT_WORK: Final = {"email": "luis@example.com", "phone": "+1-555-0142"}
_LUIS_ON_PAPER: Final = {"salary": Money(61_500_00), "role": Role.MECHANIC, "active": True}
_LABOR: Final = {"mechanic_id": 3, "rate": Money(118_00)}
_PADS: Final = {
    "description": "Ceramic, with wear indicator",
    "price": Money(64_99),
    "unit": "set",
    "reorder_point": Quantity(4_000),
}
_DONE: Final = By(role=Role.MECHANIC, id=3, name="Luis Romero")
_BLOCKED: Final = Blocker(code="no-mechanic", detail="assign a mechanic first")

LIKELY: Final[Mapping[type, Mapping[str, Any]]] = MappingProxyType(
    {
        PasswordChange: {"new_password": "staple horse battery"},
        By: {"role": Role.MECHANIC, "id": 3, "name": "Luis Romero"},
        MechanicForm: {**_LUIS, **_LUIS_AT_WORK, **_LUIS_ON_PAPER},
        PublicMechanic: _LUIS,
        StaffMechanic: _LUIS_AT_WORK,
        Mechanic: _LUIS_ON_PAPER,
        Standing: _LUIS,
        AssignedMechanic: _LUIS,
        VehicleForm: {"customer_id": 7},
        TicketForm: {"vehicle_id": 12},
        TicketDraft: {"customer_id": 7, "mechanic_ids": (3,)},
        Ticket: {"status": Status.IN_PROGRESS},
        MechanicEdit: {"add_ids": (3,), "remove_ids": (5,)},
        TransitionForm: {"to": Status.IN_PROGRESS},
        Transitions: {
            "status": Status.OPEN,
            "items": (
                Transition(to=Status.IN_PROGRESS, allowed=False, blockers=(_BLOCKED,)),
                Transition(to=Status.CANCELLED, allowed=True, blockers=()),
            ),
        },
        Entry: {"event": Event.TRANSITION, "by": _DONE},
        PartLineForm: {"part_id": 42, "quantity": Quantity(1_000)},
        PartLineChange: {"quantity": Quantity(2_000)},
        PartLine: {"quantity": Quantity(1_000), "unit_price": Money(64_99)},
        LaborLineForm: _LABOR,
        LaborLine: _LABOR,
        PartForm: _PADS,
        Part: {**_PADS, "quantity": Quantity(12_000), "reserved": Quantity(2_000)},
        Movement: {
            "id": 108,
            "kind": Kind.CONSUME,
            "on_hand_change": Quantity(-2_000),
            "reserved_change": Quantity(-2_000),
            "on_hand_after": Quantity(10_000),
            "reserved_after": Quantity(0),
            "ticket_id": 15,
            "by": _DONE,
            "note": None,
        },
    }
)
"""Members of records, as the core holds them; the examples on the types give the rest."""
