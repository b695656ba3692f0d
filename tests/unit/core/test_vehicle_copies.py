"""The vehicle on a ticket is a copy, as it was when it was set."""

from datetime import date
from typing import Any

from attrs import evolve

from mechanic_core.tickets.forms import TicketForm
from mechanic_core.tickets.ports import TicketFilter
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.vehicles.vehicle import VehicleId
from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.unit.core.conftest import ALL, Premises


def change_vehicle(premises: Premises, **values: Any) -> None:
    """Change the vehicle of most tests; its owner is Ada, customer 1."""
    premises.shop.change_vehicle(MECHANIC, VehicleId(1), lambda form: evolve(form, **values))


def change(premises: Premises, ticket: Ticket, **values: Any) -> Ticket:
    """Change some details of a ticket as PATCH does."""
    return premises.shop.change_ticket(MECHANIC, ticket.id, lambda form: evolve(form, **values))


def test_a_former_owner_never_sees_the_plate_of_the_new_one(premises: Premises) -> None:
    """
    A ticket and every list show the vehicle as it was when it was set, whatever changes later.
    """
    change_vehicle(premises, odometer=120_000)
    ticket = premises.open(vehicle_id=1)
    change_vehicle(premises, customer_id=2, plate="CLEO 1", odometer=120_500)

    change(premises, ticket, description="Squeals")
    change(premises, ticket, description="Rattles", vehicle_id=1)
    premises.edit(ticket, leave=(2,))

    shown = [
        premises.shop.read_ticket(CUSTOMER, ticket.id),
        *premises.shop.list_my_tickets(CUSTOMER, ALL).items,
        *premises.shop.list_tickets(MANAGER, TicketFilter(vehicle_id=1), ALL).items,
    ]
    assert [("7A", 120_000)] * 3 == [
        (one.vehicle.plate, one.vehicle.odometer) for one in shown if one.vehicle
    ]


def test_setting_the_vehicle_again_copies_it_anew(premises: Premises) -> None:
    """
    A change that names the ticket's vehicle copies it as it is now; any other change does not.
    """
    ticket = premises.open(vehicle_id=1)
    change_vehicle(premises, plate="NEW 1")
    form = TicketForm(description="Rattles", service_date=date(2026, 4, 2), vehicle_id=1)

    changes = [
        change(premises, ticket, description="Squeals"),
        change(premises, ticket, vehicle_id=1),
        premises.shop.change_ticket(MECHANIC, ticket.id, lambda _: form),
        premises.open(vehicle_id=1),
    ]

    plates = [after.vehicle.plate for after in changes if after.vehicle]
    assert ["7A", "NEW 1", "NEW 1", "NEW 1"] == plates
