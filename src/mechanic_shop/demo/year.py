"""A year in the life of the demo shop."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Final

from mechanic_core.access import ANONYMOUS, Actor, Role
from mechanic_core.customers.customer import Customer, Registration
from mechanic_core.inventory.part import PartForm
from mechanic_core.mechanics.mechanic import Hiring
from mechanic_core.shop import Shop
from mechanic_core.vehicles.vehicle import Vehicle, VehicleForm
from mechanic_shop.demo.calendar import Calendar
from mechanic_shop.demo.jobs import JOBS
from mechanic_shop.demo.people import (
    CUSTOMER,
    CUSTOMERS,
    PASSWORD,
    STAFF,
    STREETS,
    cars,
)
from mechanic_shop.demo.shelves import SHELVES, Shelf
from mechanic_shop.demo.stories import DAY, Floor, Repair, storekeeping

YEAR: Final = 365 * DAY
TICKETS: Final = 200
LATELY: Final = 8 * DAY
OF_LATE: Final = 36
"""How many of the tickets came lately, so that some are at every stage."""

OWNER: Final = Actor(Role.MANAGER)
"""Who opened the shop, before anybody worked in it."""


def beginning(end: datetime) -> Calendar:
    """Return the calendar of the year that ends then."""
    return Calendar(end - YEAR)


def live_a_year(shop: Shop, calendar: Calendar, end: datetime) -> None:
    """Fill *shop* with people, vehicles, parts and tickets; the same ones every time."""
    chance = Random("mechanic-shop")  # noqa: S311 - sample data, nothing secret
    team = _hire(shop)
    parts = {shelf.sku: shop.add_part(team[0], _part(shelf)).id for shelf in SHELVES}
    full = {parts[shelf.sku]: shelf.stock for shelf in SHELVES}
    floor = Floor(shop, team[0], parts, full, chance)
    vehicles = _move_in(floor, _register(shop, chance))
    calendar.begin(storekeeping(floor), timedelta())
    for arrival in _arrivals(chance):
        pair = tuple(chance.sample(team[1:], chance.choice((1, 1, 2))))
        repair = Repair(floor, chance.choice(vehicles), chance.choice(JOBS), pair)
        calendar.begin(repair.story(), arrival)
    calendar.run_until(end)


def _hire(shop: Shop) -> Sequence[Actor]:
    hired = (
        shop.hire_mechanic(
            OWNER,
            Hiring(
                name=hand.name,
                email=hand.email,
                phone=f"+1-555-{place:04}",
                salary=hand.salary,
                specialty=hand.specialty,
                role=hand.role,
                password=PASSWORD,
            ),
        )
        for place, hand in enumerate(STAFF, 101)
    )
    return [Actor(mechanic.role, mechanic.id) for mechanic in hired]


def _part(shelf: Shelf) -> PartForm:
    return PartForm(
        sku=shelf.sku,
        name=shelf.name,
        price=shelf.price,
        unit=shelf.unit,
        quantity=shelf.stock,
        reorder_point=shelf.reorder_point,
    )


def _register(shop: Shop, chance: Random) -> Sequence[Customer]:
    return [
        shop.register_customer(
            ANONYMOUS,
            Registration(
                name=name,
                email=CUSTOMER if place == 0 else f"{_mailbox(name)}@example.com",
                phone=f"+1-555-{place + 200:04}",
                address=f"{chance.randrange(1, 180)} {chance.choice(STREETS)}, Springfield",
                password=PASSWORD,
            ),
        )
        for place, name in enumerate(CUSTOMERS)
    ]


def _mailbox(name: str) -> str:
    return name.lower().replace(" ", ".").replace("'", "")


def _move_in(floor: Floor, customers: Sequence[Customer]) -> Sequence[Vehicle]:
    """Give everybody a vehicle, and some a second."""
    vehicles = []
    for place, car in enumerate(cars(floor.chance)):
        owner = customers[place] if place < len(customers) else floor.chance.choice(customers)
        form = VehicleForm(
            customer_id=owner.id,
            vin=car.vin,
            plate=car.plate,
            make=car.make,
            model=car.model,
            year=car.year,
            odometer=car.odometer,
        )
        vehicles.append(floor.shop.add_vehicle(floor.manager, form))
    return vehicles


def _arrivals(chance: Random) -> Sequence[timedelta]:
    early = YEAR - LATELY
    moments = [early * chance.random() for _ in range(TICKETS - OF_LATE)]
    moments += [early + LATELY * chance.random() for _ in range(OF_LATE)]
    return sorted(timedelta(seconds=round(moment.total_seconds())) for moment in moments)
