"""A small shop in memory: a manager, a mechanic, two customers, a vehicle and a part."""

from typing import Any

import pytest
from attrs import field, frozen

from mechanic_adapters.memory import MemoryStore
from mechanic_core.access import Role
from mechanic_core.customers.customer import CustomerId, Registration
from mechanic_core.inventory.movement import MovementForm
from mechanic_core.inventory.part import Kind, Part, PartForm, PartId
from mechanic_core.mechanics.mechanic import Hiring
from mechanic_core.money import Quantity
from mechanic_core.paging import PageRequest
from mechanic_core.shop import Shop
from mechanic_core.tickets.forms import MechanicEdit, TicketDraft, TransitionForm
from mechanic_core.tickets.history import Entry, HistoryEvent
from mechanic_core.tickets.ticket import Ticket, TicketId
from mechanic_core.tickets.workflow import Status
from mechanic_core.vehicles.vehicle import VehicleForm
from tests.shops import CUSTOMER, MANAGER, MECHANIC, ManualClock, shop_on
from tests.strategies import sample

ALL = PageRequest(size=100)


@frozen(eq=False)
class Premises:
    """The shop, its store and clock, and the low-stock notifications received."""

    store: MemoryStore = field(factory=MemoryStore)
    clock: ManualClock = field(factory=ManualClock)
    notified: list[Part] = field(factory=list)
    shop: Shop = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Hire Eve and Bob, register Ada and Cleo, and receive ten brake pads."""
        shop = shop_on(self.store, self.clock, low_stock=self.notified.append)
        object.__setattr__(self, "shop", shop)
        shop.hire_mechanic(
            MANAGER, sample(Hiring, name="Eve", email="eve@shop.example", role=Role.MANAGER)
        )
        shop.hire_mechanic(MANAGER, sample(Hiring, name="Bob", email="bob@shop.example"))
        shop.register_customer(CUSTOMER, sample(Registration, name="Ada"))
        shop.register_customer(CUSTOMER, sample(Registration, name="Cleo", email="cleo@x.example"))
        shop.add_vehicle(MECHANIC, VehicleForm(customer_id=1, vin="1HGCM82633A004352", plate="7A"))
        shop.add_part(MECHANIC, sample(PartForm, sku="PAD", quantity=10_000, reorder_point=4_000))

    def open(self, **given: Any) -> Ticket:
        """Return a new ticket for Ada, with Bob assigned."""
        draft = {"customer_id": 1, "mechanic_ids": (2,)} | given
        return self.shop.open_ticket(MECHANIC, sample(TicketDraft, **draft))

    def go(self, ticket: Ticket, *statuses: Status) -> Ticket:
        """Return the ticket after moving it through the given statuses."""
        for to in statuses:
            ticket = self.shop.move_ticket(MECHANIC, ticket.id, TransitionForm(to=to))
        return ticket

    def edit(
        self, ticket: Ticket, add: tuple[int, ...] = (), leave: tuple[int, ...] = ()
    ) -> Ticket:
        """Return the ticket with mechanics added and removed."""
        edit = MechanicEdit(add_ids=add, remove_ids=leave)
        return self.shop.assign_mechanics(MECHANIC, ticket.id, edit)

    def read(self, ticket: Ticket) -> Ticket:
        """Return the stored ticket."""
        return self.shop.read_ticket(MANAGER, ticket.id)

    def history(self, ticket_id: TicketId) -> tuple[Entry, ...]:
        """Return the history of a ticket."""
        return self.shop.list_history(MANAGER, ticket_id, ALL).items

    def entries(self, ticket: Ticket) -> list[tuple[HistoryEvent, str | None, str | None]]:
        """Return the history after the opening: each event, and the values before and after."""
        return [(e.event, e.from_, e.to) for e in self.history(ticket.id)[1:]]

    def stock(self, part_id: int = 1) -> tuple[int, int]:
        """Return the quantities on hand and reserved of a part."""
        part = self.shop.read_part(MANAGER, PartId(part_id))
        return part.quantity, part.reserved

    def archive(self, part_id: int = 1) -> Part:
        """Count a part to zero and archive it; return it."""
        one, nothing = PartId(part_id), MovementForm(kind=Kind.COUNT, quantity=Quantity(0))
        self.shop.move_stock(MECHANIC, one, nothing)
        self.shop.archive_part(MECHANIC, one)
        return self.shop.read_part(MECHANIC, one)

    def erase(self, customer_id: int) -> None:
        """Erase a customer."""
        self.shop.erase_customer(MANAGER, CustomerId(customer_id))


@pytest.fixture
def premises() -> Premises:
    """The small shop in its initial state."""
    return Premises()
