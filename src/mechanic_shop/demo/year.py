"""One simulated year of the demo shop."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Final

from mechanic_core.access import ANONYMOUS, Actor, Role
from mechanic_core.customers.customer import Customer, Registration
from mechanic_core.estimates.approval_links import IssuedApprovalLink
from mechanic_core.inventory.part import PartForm
from mechanic_core.mechanics.mechanic import Hiring
from mechanic_core.shop import Shop
from mechanic_core.vehicles.vehicle import Vehicle, VehicleForm
from mechanic_shop.demo.billing import PROFILE, Biller
from mechanic_shop.demo.estimates import make_estimates
from mechanic_shop.demo.payments import CashDesk
from mechanic_shop.demo.people import (
    CUSTOMER,
    CUSTOMERS,
    PASSWORD,
    STAFF,
    STREETS,
    random_cars,
)
from mechanic_shop.demo.repair_jobs import JOBS
from mechanic_shop.demo.scenarios import DAY, Repair, Workshop, replenish
from mechanic_shop.demo.shelves import SHELVES, Shelf
from mechanic_shop.demo.simulation import Simulation

YEAR: Final = 365 * DAY
TICKETS: Final = 200
RECENT_PERIOD: Final = 8 * DAY
RECENT_TICKETS: Final = 36
"""How many tickets are from the recent period, so that some have each status."""

OWNER: Final = Actor(Role.MANAGER)
"""The actor that adds the first manager."""


def simulation_until(end: datetime) -> Simulation:
    """Return a simulation that starts a year before *end*."""
    return Simulation(end - YEAR)


def simulate_year(shop: Shop, simulation: Simulation, end: datetime) -> IssuedApprovalLink:
    """Fill *shop* with the same people, vehicles, parts and tickets on every run.

    Return a link to an estimate that waits for an answer.
    """
    random = Random("mechanic-shop")  # noqa: S311 - sample data, no secrets
    team = _hire_staff(shop)
    shop.change_profile(team[0], lambda _: PROFILE)
    parts = {shelf.sku: shop.add_part(team[0], _part(shelf)).id for shelf in SHELVES}
    targets = {parts[shelf.sku]: shelf.stock for shelf in SHELVES}
    biller = Biller(shop, Random("bills"))  # noqa: S311 - as above
    cash_desk = CashDesk(shop, team[0], Random("payments"))  # noqa: S311 - as above
    workshop = Workshop(shop, biller, cash_desk, team[0], parts, targets, random)
    vehicles = _add_vehicles(workshop, _register_customers(shop, random))
    simulation.start(replenish(workshop), timedelta())
    for arrival in _arrivals(random):
        pair = tuple(random.sample(team[1:], random.choice((1, 1, 2))))
        repair = Repair(workshop, random.choice(vehicles), random.choice(JOBS), pair)
        simulation.start(repair.run(), arrival)
    link = make_estimates(workshop, simulation, end)
    simulation.run_until(end)
    return link


def _hire_staff(shop: Shop) -> Sequence[Actor]:
    hired = (
        shop.hire_mechanic(
            OWNER,
            Hiring(
                name=employee.name,
                email=employee.email,
                phone=f"+1-555-{number:04}",
                salary=employee.salary,
                specialty=employee.specialty,
                role=employee.role,
                password=PASSWORD,
            ),
        )
        for number, employee in enumerate(STAFF, 101)
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


def _register_customers(shop: Shop, random: Random) -> Sequence[Customer]:
    return [
        shop.register_customer(
            ANONYMOUS,
            Registration(
                name=name,
                email=CUSTOMER if number == 0 else f"{_local_part(name)}@example.com",
                phone=f"+1-555-{number + 200:04}",
                address=f"{random.randrange(1, 180)} {random.choice(STREETS)}, Springfield",
                password=PASSWORD,
            ),
        )
        for number, name in enumerate(CUSTOMERS)
    ]


def _local_part(name: str) -> str:
    return name.lower().replace(" ", ".").replace("'", "")


def _add_vehicles(workshop: Workshop, customers: Sequence[Customer]) -> Sequence[Vehicle]:
    """Add one vehicle for each customer, and a second for some."""
    vehicles = []
    for number, car in enumerate(random_cars(workshop.random)):
        owner = customers[number] if number < len(customers) else workshop.random.choice(customers)
        form = VehicleForm(
            customer_id=owner.id,
            vin=car.vin,
            plate=car.plate,
            make=car.make,
            model=car.model,
            year=car.year,
            odometer=car.odometer,
        )
        vehicles.append(workshop.shop.add_vehicle(workshop.manager, form))
    return vehicles


def _arrivals(random: Random) -> Sequence[timedelta]:
    first_part = YEAR - RECENT_PERIOD
    moments = [first_part * random.random() for _ in range(TICKETS - RECENT_TICKETS)]
    moments += [first_part + RECENT_PERIOD * random.random() for _ in range(RECENT_TICKETS)]
    return sorted(timedelta(seconds=round(moment.total_seconds())) for moment in moments)
