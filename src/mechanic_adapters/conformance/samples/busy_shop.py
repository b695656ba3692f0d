"""A busy shop: many tickets that differ in every field that lists filter by."""

from datetime import date, timedelta
from itertools import product
from typing import Final

from attrs import frozen

from mechanic_adapters.conformance.samples.records import (
    DAY,
    LATER,
    new_customer,
    new_entry,
    new_mechanic,
    new_ticket,
    new_vehicle,
)
from mechanic_core.customers.customer import Customer
from mechanic_core.mechanics.mechanic import Mechanic
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.tickets.workflow import INITIAL_STATUS, Status
from mechanic_core.unit_of_work import Store
from mechanic_core.vehicles.vehicle import Vehicle

DAYS: Final = tuple(DAY + timedelta(days=days) for days in (-400, 0, 1, 17, 18))
"""Far apart, adjacent, and on both sides of the end of a month."""

CREWS: Final = ((), (0,), (0, 1), (2,))
"""Mechanics per ticket; the fourth mechanic has only removed tickets."""


@frozen
class BusyShop:
    """Two customers with a vehicle each, four mechanics, and the *tickets* that are not removed."""

    customers: tuple[Customer, ...]
    vehicles: tuple[Vehicle, ...]
    mechanics: tuple[Mechanic, ...]
    tickets: tuple[Ticket, ...]


def busy_shop(store: Store) -> BusyShop:
    """Add a ticket for every status, day and crew, and two removed ones."""
    with store.begin() as work:
        customers = tuple(work.customers.add(new_customer()) for _ in "ab")
        vehicles = tuple(work.vehicles.add(new_vehicle(owner)) for owner in customers)
        mechanics = tuple(
            work.mechanics.add(new_mechanic(name=name)) for name in ("Zoe", "adam", "Émile", "Bo")
        )

        def add(place: int, status: Status, day: date, crew: tuple[int, ...]) -> Ticket:
            ticket = new_ticket(
                customers[place % 2],
                *(mechanics[one] for one in crew),
                vehicle=vehicles[place % 2] if place % 3 else None,
                status=status,
                service_date=day,
            )
            return work.tickets.add(ticket, new_entry())

        tickets = tuple(
            add(place, *fields) for place, fields in enumerate(product(Status, DAYS, CREWS))
        )
        for place in (0, 1):
            removed = add(place, INITIAL_STATUS, DAY, (3,)).mark_removed(LATER, started=False)
            work.tickets.save(removed, new_entry())
    return BusyShop(customers, vehicles, mechanics, tickets)
