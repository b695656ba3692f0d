"""A change that changes nothing: nothing is written, and nobody's version goes stale."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve, frozen

from mechanic_core.access import Actor
from mechanic_core.customers.customer import CustomerId
from mechanic_core.errors import Stale
from mechanic_core.inventory.part import PartId
from mechanic_core.mechanics.mechanic import MechanicId
from mechanic_core.money import Quantity
from mechanic_core.tickets.forms import TicketForm
from mechanic_core.tickets.history import Event
from mechanic_core.tickets.ticket import TicketId
from mechanic_core.vehicles.vehicle import VehicleId
from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.unit.core.conftest import ALL, Premises

Change = Callable[[Any], Any]


@frozen
class Desk:
    """Where one noun is read and changed."""

    noun: str
    actor: Actor
    id: int = 1

    def read(self, premises: Premises) -> Any:
        """Return the record."""
        return getattr(premises.shop, f"read_{self.noun}")(self.actor, self.id)

    def change(self, premises: Premises, change: Change, expected: int = 1) -> Any:
        """Return the record with the form that *change* makes of the present one."""
        return getattr(premises.shop, f"change_{self.noun}")(self.actor, self.id, change, expected)


DESKS = [
    Desk("ticket", MECHANIC, TicketId(1)),
    Desk("customer", CUSTOMER, CustomerId(1)),
    Desk("mechanic", MECHANIC, MechanicId(2)),
    Desk("mechanic", MANAGER, MechanicId(2)),
    Desk("part", MECHANIC, PartId(1)),
    Desk("vehicle", MECHANIC, VehicleId(1)),
]


def same(form: Any) -> Any:
    """Return the form as it is."""
    return form


@pytest.mark.parametrize("desk", DESKS, ids=lambda desk: f"{desk.noun} by {desk.actor.role}")
def test_what_is_known_already_is_not_written(premises: Premises, desk: Desk) -> None:
    """
    Version and moment stay as they were; who has not seen the last change is refused still.
    """
    premises.open()
    before = desk.read(premises)
    premises.clock.advance(hours=1)

    assert before == desk.change(premises, same)
    assert before == desk.read(premises)
    with pytest.raises(Stale):
        desk.change(premises, same, expected=2)


def test_a_ticket_s_history_tells_of_changes_only(premises: Premises) -> None:
    """
    Naming the present vehicle by its VIN, and no day, is no change.
    """
    ticket = premises.open(vehicle_id=1)
    form = TicketForm(description=ticket.description, vin=ticket.vin)

    after = premises.shop.change_ticket(MECHANIC, ticket.id, lambda _: form)

    assert ticket == after
    assert [Event.OPENED] == [entry.event for entry in premises.history(ticket.id)]


def test_a_part_s_ledger_tells_of_changes_only(premises: Premises) -> None:
    """
    Leaving SKU and quantity out is no change, and a count alone is one.
    """
    shop, pad = premises.shop, PartId(1)
    at = premises.clock() + timedelta(hours=1)
    premises.clock.advance(hours=1)

    kept = shop.change_part(MECHANIC, pad, lambda form: evolve(form, sku=None, quantity=None))
    counted = shop.change_part(MECHANIC, pad, lambda form: evolve(form, quantity=Quantity(9000)))

    assert (1, 2) == (kept.version, counted.version)
    assert at - timedelta(hours=1) == kept.updated_at
    assert at == counted.updated_at
    assert 2 == len(shop.list_movements(MECHANIC, pad, ALL).items)
