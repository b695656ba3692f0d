"""A change to the same values is not stored and keeps the version."""

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
from mechanic_core.tickets.history import HistoryEvent
from mechanic_core.tickets.ticket import TicketId
from mechanic_core.vehicles.vehicle import VehicleId
from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.unit.core.conftest import ALL, Premises

Change = Callable[[Any], Any]


@frozen
class Noun:
    """The use cases that read and change one noun."""

    name: str
    actor: Actor
    id: int = 1

    def read(self, premises: Premises) -> Any:
        """Return the record."""
        return getattr(premises.shop, f"read_{self.name}")(self.actor, self.id)

    def change(self, premises: Premises, change: Change, expected: int = 1) -> Any:
        """Apply *change* to the present form and return the changed record."""
        return getattr(premises.shop, f"change_{self.name}")(self.actor, self.id, change, expected)


NOUNS = [
    Noun("ticket", MECHANIC, TicketId(1)),
    Noun("customer", CUSTOMER, CustomerId(1)),
    Noun("mechanic", MECHANIC, MechanicId(2)),
    Noun("mechanic", MANAGER, MechanicId(2)),
    Noun("part", MECHANIC, PartId(1)),
    Noun("vehicle", MECHANIC, VehicleId(1)),
]


def same(form: Any) -> Any:
    """Return the form unchanged."""
    return form


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: f"{noun.name} by {noun.actor.role}")
def test_an_unchanged_form_is_not_stored(premises: Premises, noun: Noun) -> None:
    """
    Version and timestamp stay; an old version is still refused.
    """
    premises.open()
    before = noun.read(premises)
    premises.clock.advance(hours=1)

    assert before == noun.change(premises, same)
    assert before == noun.read(premises)
    with pytest.raises(Stale):
        noun.change(premises, same, expected=2)


def test_the_history_has_changes_only(premises: Premises) -> None:
    """
    The present vehicle by its VIN, and no date, are no change.
    """
    ticket = premises.open(vehicle_id=1)
    form = TicketForm(description=ticket.description, vin=ticket.vin)

    after = premises.shop.change_ticket(MECHANIC, ticket.id, lambda _: form)

    assert ticket == after
    assert [HistoryEvent.OPENED] == [entry.event for entry in premises.history(ticket.id)]


def test_the_ledger_has_changes_only(premises: Premises) -> None:
    """
    Leaving out SKU and quantity is no change; a count alone is one.
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
