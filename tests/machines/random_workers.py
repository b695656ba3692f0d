"""RandomWorker that do at random whatever can be done, many at once, in threads and in processes."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from random import Random
from typing import Any, Final, final

from attrs import define, evolve, field

from mechanic_adapters.sql.store import SqlStore
from mechanic_core.access import Actor, Role
from mechanic_core.customers.customer import CustomerId, Registration
from mechanic_core.errors import Refused
from mechanic_core.inventory.movement import MANUAL_KINDS, MovementForm
from mechanic_core.inventory.part import PartForm, PartId
from mechanic_core.mechanics.mechanic import Hiring, MechanicId
from mechanic_core.money import Money, Quantity
from mechanic_core.shop import Shop
from mechanic_core.tickets.forms import MechanicEdit, TicketDraft, TransitionForm
from mechanic_core.tickets.line import LaborLineForm, PartLineChange, PartLineForm
from mechanic_core.tickets.ticket import Ticket, TicketId
from mechanic_core.tickets.workflow import Status
from mechanic_core.vehicles.vehicle import VehicleForm, VehicleId
from tests.shops import MANAGER, MECHANIC, shop_on
from tests.strategies import sample

CREW: Final = 4
CUSTOMERS: Final = 6
PARTS: Final = 3
TICKETS: Final = 10


def now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


def furnish(shop: Shop) -> None:
    """Give an empty shop a crew, customers with a vehicle each, parts and tickets."""
    for one in range(CREW):
        role = Role.MANAGER if one == 0 else Role.MECHANIC
        shop.hire_mechanic(MANAGER, sample(Hiring, email=f"m{one}@shop.example", role=role))
    for one in range(1, CUSTOMERS + 1):
        shop.register_customer(MANAGER, sample(Registration, email=f"c{one}@x.example"))
        shop.add_vehicle(MECHANIC, VehicleForm(customer_id=one))
    for _ in range(PARTS):
        form = sample(PartForm, quantity=Quantity(9000), reorder_point=Quantity(2000))
        shop.add_part(MECHANIC, form)
    for one in range(TICKETS):
        owner = 1 + one % CUSTOMERS
        draft = sample(TicketDraft, customer_id=owner, vehicle_id=owner, mechanic_ids=(2,))
        shop.open_ticket(MECHANIC, draft)


@final
@define
class RandomWorker:
    """Somebody who does things at random, on few parts and the newest tickets: many collide."""

    shop: Shop
    chance: Random
    told: Counter[str] = field(factory=Counter)
    newest: int = TICKETS

    def act(self) -> None:
        """Do one thing; a refusal is as good an answer as another."""
        deed = self.chance.choice(self._deeds)
        try:
            deed(self)
        except Refused as refused:
            self.told[refused.code] += 1
        else:
            self.told["done"] += 1

    def _open(self) -> None:
        owner = self._any(CUSTOMERS)
        vehicle = self.chance.choice([None, owner])
        draft = sample(
            TicketDraft, customer_id=owner, vehicle_id=vehicle, mechanic_ids=(self._any(CREW),)
        )
        self.newest = self.shop.open_ticket(self._actor(), draft).id

    def _staff(self) -> None:
        add, leave = self.chance.sample(range(1, CREW + 1), 2)
        edit = MechanicEdit(add_ids=(add,), remove_ids=(leave,))
        self.shop.assign_mechanics(self._actor(), self._ticket(), edit)

    def _add_part(self) -> None:
        form = PartLineForm(part_id=self._any(PARTS), quantity=self._some())
        self.shop.add_part_line(self._actor(), self._ticket(), form)

    def _change_part(self) -> None:
        ticket = self._read()
        if ticket.parts:
            change = PartLineChange(quantity=self._some())
            line = self.chance.choice(ticket.parts).id
            self.shop.change_part_line(self._actor(), ticket.id, line, lambda _: change)

    def _remove_part(self) -> None:
        ticket = self._read()
        if ticket.parts:
            line = self.chance.choice(ticket.parts).id
            self.shop.remove_part_line(self._actor(), ticket.id, line)

    def _labor(self) -> None:
        ticket, hours = self._read(), self._some()
        choice = self.chance.random() if ticket.labor else 1
        if choice < 0.3:
            line = self.chance.choice(ticket.labor).id
            self.shop.remove_labor_line(self._actor(), ticket.id, line)
        elif choice < 0.6:
            line = self.chance.choice(ticket.labor).id
            change = partial(evolve, hours=hours)
            self.shop.change_labor_line(self._actor(), ticket.id, line, change)
        else:
            form = sample(LaborLineForm, hours=hours, mechanic_id=self._any(CREW))
            self.shop.add_labor_line(self._actor(), ticket.id, form)

    def _move(self) -> None:
        form = TransitionForm(to=self.chance.choice(list(Status)))
        self.shop.move_ticket(self._actor(), self._ticket(), form)

    def _walk(self) -> None:
        ticket = self._ticket()
        for to in (Status.IN_PROGRESS, Status.COMPLETED, Status.IN_PROGRESS):
            self.shop.move_ticket(self._actor(), ticket, TransitionForm(to=to))

    def _stock(self) -> None:
        form = MovementForm(kind=self.chance.choice(MANUAL_KINDS), quantity=self._some())
        self.shop.move_stock(self._actor(), PartId(self._any(PARTS)), form)

    def _reprice(self) -> None:
        price = Money(self.chance.randint(0, 5000))
        self.shop.change_part(
            self._actor(), PartId(self._any(PARTS)), lambda form: evolve(form, price=price)
        )

    def _crew(self) -> None:
        active = self.chance.random() < 0.7
        self.shop.change_mechanic(
            MANAGER, MechanicId(self._any(CREW)), lambda form: evolve(form, active=active)
        )

    def _sell(self) -> None:
        owner = self._any(CUSTOMERS)
        self.shop.change_vehicle(
            self._actor(),
            VehicleId(self._any(CUSTOMERS)),
            lambda form: evolve(form, customer_id=owner),
        )

    def _erase(self) -> None:
        """Forget the last customer now and then; most often unfinished tickets forbid it."""
        self.shop.erase_customer(MANAGER, CustomerId(CUSTOMERS))

    def _remove(self) -> None:
        self.shop.remove_ticket(MANAGER, self._ticket())

    def _any(self, most: int) -> int:
        return self.chance.randint(1, most)

    def _some(self) -> Quantity:
        return Quantity(self.chance.choice([1, 333, 1000, 2500]))

    def _actor(self) -> Actor:
        return self.chance.choice([MANAGER, MECHANIC])

    def _ticket(self) -> TicketId:
        return TicketId(self.newest + 1 - self.chance.randint(1, TICKETS))

    def _read(self) -> Ticket:
        return self.shop.read_ticket(MANAGER, self._ticket())

    _deeds: Any = (
        *(_open, _staff, _add_part, _add_part, _change_part, _remove_part, _labor),
        *(_move, _move, _walk, _walk, _stock, _stock, _reprice, _crew, _sell, _erase, _remove),
    )


def work_for(url: str, seed: int, seconds: float, threads: int) -> Counter[str]:
    """Let several hands work at once for some *seconds*; return what they were told."""
    with closing(SqlStore.open(url)) as store:
        shop = shop_on(store, now)
        until = time.monotonic() + seconds

        def busy(number: int) -> Counter[str]:
            hands = RandomWorker(shop, Random(f"{seed}-{number}"))
            while time.monotonic() < until:
                hands.act()
            return hands.told

        with ThreadPoolExecutor(threads) as pool:
            return sum(pool.map(busy, range(threads)), Counter())
