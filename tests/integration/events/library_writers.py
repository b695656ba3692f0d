"""A program that changes a shop through the library in several threads, until it is killed.

Run `python -m tests.integration.events.library_writers URL THREADS SEED`.
"""

import sys
import time
from contextlib import suppress
from random import Random
from threading import Thread

from mechanic_core.access import SYSTEM
from mechanic_core.customers.customer import CustomerId
from mechanic_core.errors import Refused
from mechanic_core.inventory.movement import MovementForm
from mechanic_core.inventory.part import Kind, PartForm, PartId
from mechanic_core.money import Price, Quantity
from mechanic_core.shop import Shop
from mechanic_core.tickets.forms import TicketDraft, TransitionForm
from mechanic_core.tickets.lines.part_line import PartLineForm
from mechanic_core.tickets.workflow import Status
from mechanic_core.vehicles.vehicle import VehicleForm
from mechanic_shop import open_shop
from tests.integration.events.writers import MARK

NEWEST = 25
"""The ids of the customers that these writers give vehicles and tickets."""


PAUSE_S = (0.02, 0.05)
"""The least and the longest pause of a thread between two transactions."""


class ChangedItsMindError(Exception):
    """The caller of the use cases gives up: everything is rolled back."""


def write(shop: Shop, random: Random) -> None:
    """Change the shop in transactions of several use cases; every third is rolled back."""
    while True:
        with suppress(ChangedItsMindError, Refused), shop.begin(SYSTEM):
            change(shop, random)
            if random.random() < 0.3:
                raise ChangedItsMindError
        # SQLite's waiters poll for the write lock, and have no queue. Writers that take it again at
        # once would leave it free too shortly for the others to see it within their 5 seconds.
        time.sleep(random.uniform(*PAUSE_S))


def change(shop: Shop, random: Random) -> None:
    """Receive parts, open a ticket with them for a new vehicle, and begin to work on it."""
    customer = CustomerId(random.randint(1, NEWEST))
    part = shop.add_part(SYSTEM, PartForm(name="Oil", price=Price(random.randint(1, 9999))))
    received = MovementForm(kind=Kind.RECEIVE, quantity=Quantity(5000))
    shop.move_stock(SYSTEM, part.id, received)
    plate = f"{MARK}{random.randrange(10**6)}"
    vehicle = shop.add_vehicle(SYSTEM, VehicleForm(customer_id=customer, plate=plate))
    draft = TicketDraft(
        customer_id=customer, description="Oil", vehicle_id=vehicle.id, mechanic_ids=(1,)
    )
    ticket = shop.open_ticket(SYSTEM, draft)
    line = PartLineForm(part_id=PartId(part.id), quantity=Quantity(1000))
    shop.add_part_line(SYSTEM, ticket.id, line)
    for status in (Status.IN_PROGRESS, Status.COMPLETED, Status.CLOSED)[: random.randint(0, 3)]:
        shop.move_ticket(SYSTEM, ticket.id, TransitionForm(to=status))


def main(url: str, threads: str, seed: str) -> None:
    """Write until killed."""
    with open_shop(url) as shop:
        for n in range(int(threads)):
            Thread(target=write, args=(shop, Random(f"{seed}-{n}")), daemon=True).start()
        sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
