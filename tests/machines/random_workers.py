"""Workers that run random operations concurrently, in threads and in processes."""

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
from mechanic_core.customers.customer import CustomerId, CustomerMerge, Registration
from mechanic_core.errors import Refused
from mechanic_core.inventory.movement import MANUAL_KINDS, MovementForm
from mechanic_core.inventory.part import PartForm, PartId
from mechanic_core.mechanics.mechanic import Hiring, MechanicId
from mechanic_core.money import Money, Quantity
from mechanic_core.pricing.line import LineKind
from mechanic_core.shop import Shop
from mechanic_core.tickets.forms import DiscountsForm, MechanicEdit, TicketDraft, TransitionForm
from mechanic_core.tickets.job import JobDraft, JobKind
from mechanic_core.tickets.lines.charge import ChargeForm
from mechanic_core.tickets.lines.labor_line import LaborLineForm
from mechanic_core.tickets.lines.part_line import PartLineChange, PartLineForm
from mechanic_core.tickets.ticket import Ticket, TicketId
from mechanic_core.tickets.workflow import Status
from mechanic_core.vehicles.vehicle import VehicleForm, VehicleId
from tests.machines.price_model import RULES, TICKET_DISCOUNTS
from tests.shops import MANAGER, MECHANIC, follow, shop_on
from tests.strategies import sample

MECHANICS: Final = 4
CUSTOMERS: Final = 6
PARTS: Final = 3
TICKETS: Final = 10


def now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


def seed_shop(shop: Shop) -> None:
    """Add mechanics, customers with a vehicle each, parts and tickets to an empty shop."""
    for one in range(MECHANICS):
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
    """A worker that runs random operations on few parts and the newest tickets, so many conflict."""

    shop: Shop
    random: Random
    outcomes: Counter[str] = field(factory=Counter)
    newest: int = TICKETS

    def run_one(self) -> None:
        """Run one operation and count its result or its refusal."""
        operation = self.random.choice(self._operations)
        try:
            operation(self)
        except Refused as refused:
            self.outcomes[refused.code] += 1
        else:
            self.outcomes["done"] += 1

    def _open(self) -> None:
        owner = self._random_id(CUSTOMERS)
        vehicle = self.random.choice([None, owner])
        draft = sample(
            TicketDraft,
            customer_id=owner,
            vehicle_id=vehicle,
            mechanic_ids=(self._random_id(MECHANICS),),
        )
        self.newest = self.shop.open_ticket(self._actor(), draft).id

    def _assign_mechanics(self) -> None:
        add, remove = self.random.sample(range(1, MECHANICS + 1), 2)
        edit = MechanicEdit(add_ids=(add,), remove_ids=(remove,))
        self.shop.assign_mechanics(self._actor(), self._ticket(), edit)

    def _add_part(self) -> None:
        form = PartLineForm(part_id=self._random_id(PARTS), quantity=self._quantity())
        self.shop.add_part_line(self._actor(), self._ticket(), form)

    def _change_part(self) -> None:
        ticket = self._read()
        if ticket.parts:
            change = PartLineChange(quantity=self._quantity())
            line = self.random.choice(ticket.parts).id
            self.shop.change_part_line(self._actor(), ticket.id, line, lambda _: change)

    def _remove_part(self) -> None:
        ticket = self._read()
        if ticket.parts:
            line = self.random.choice(ticket.parts).id
            self.shop.remove_part_line(self._actor(), ticket.id, line)

    def _labor(self) -> None:
        ticket, hours = self._read(), self._quantity()
        choice = self.random.random() if ticket.labor else 1
        if choice < 0.3:
            line = self.random.choice(ticket.labor).id
            self.shop.remove_labor_line(self._actor(), ticket.id, line)
        elif choice < 0.6:
            line = self.random.choice(ticket.labor).id
            change = partial(evolve, hours=hours)
            self.shop.change_labor_line(self._actor(), ticket.id, line, change)
        else:
            form = sample(LaborLineForm, hours=hours, mechanic_id=self._random_id(MECHANICS))
            self.shop.add_labor_line(self._actor(), ticket.id, form)

    def _job(self) -> None:
        ticket, kind = self._read(), self.random.choice(list(JobKind))
        if ticket.jobs and self.random.random() < 0.5:
            job = self.random.choice(ticket.jobs).id
            change = partial(evolve, kind=kind)
            self.shop.change_job(self._actor(), ticket.id, job, change)
        else:
            self.shop.add_job(self._actor(), ticket.id, sample(JobDraft, kind=kind))

    def _charge(self) -> None:
        form = sample(ChargeForm, kind=LineKind.CORE, quantity=self._quantity())
        self.shop.add_charge(self._actor(), self._ticket(), form)

    def _discount(self) -> None:
        given = self.random.choices(list(TICKET_DISCOUNTS.values()), k=self.random.randint(0, 2))
        self.shop.replace_discounts(
            self._actor(), self._ticket(), DiscountsForm(items=tuple(given))
        )

    def _follow_rules(self) -> None:
        follow(self.shop, self.random.choice(list(RULES.values())))

    def _move(self) -> None:
        form = TransitionForm(to=self.random.choice(list(Status)))
        self.shop.move_ticket(self._actor(), self._ticket(), form)

    def _move_repeatedly(self) -> None:
        ticket = self._ticket()
        for to in (Status.IN_PROGRESS, Status.COMPLETED, Status.IN_PROGRESS):
            self.shop.move_ticket(self._actor(), ticket, TransitionForm(to=to))

    def _move_stock(self) -> None:
        form = MovementForm(kind=self.random.choice(MANUAL_KINDS), quantity=self._quantity())
        self.shop.move_stock(self._actor(), PartId(self._random_id(PARTS)), form)

    def _reprice(self) -> None:
        price = Money(self.random.randint(0, 5000))
        self.shop.change_part(
            self._actor(), PartId(self._random_id(PARTS)), lambda form: evolve(form, price=price)
        )

    def _change_mechanic(self) -> None:
        active = self.random.random() < 0.7
        self.shop.change_mechanic(
            MANAGER,
            MechanicId(self._random_id(MECHANICS)),
            lambda form: evolve(form, active=active),
        )

    def _change_owner(self) -> None:
        owner = self._random_id(CUSTOMERS)
        self.shop.change_vehicle(
            self._actor(),
            VehicleId(self._random_id(CUSTOMERS)),
            lambda form: evolve(form, customer_id=owner),
        )

    def _erase(self) -> None:
        """Erase the last customer, which unfinished tickets mostly prevent."""
        self.shop.erase_customer(MANAGER, CustomerId(CUSTOMERS))

    def _merge(self) -> None:
        """Register a customer who comes with a ticket, and merge them into one of the others."""
        email = f"{self.random.random()}@x.example"
        new = self.shop.register_customer(MANAGER, sample(Registration, email=email)).id
        draft = sample(TicketDraft, customer_id=new, mechanic_ids=(self._random_id(MECHANICS),))
        self.newest = self.shop.open_ticket(self._actor(), draft).id
        merge = CustomerMerge(from_id=new)
        self.shop.merge_customers(MANAGER, CustomerId(self._random_id(CUSTOMERS)), merge)

    def _remove(self) -> None:
        self.shop.remove_ticket(MANAGER, self._ticket())

    def _random_id(self, maximum: int) -> int:
        return self.random.randint(1, maximum)

    def _quantity(self) -> Quantity:
        return Quantity(self.random.choice([1, 333, 1000, 2500]))

    def _actor(self) -> Actor:
        return self.random.choice([MANAGER, MECHANIC])

    def _ticket(self) -> TicketId:
        return TicketId(self.newest + 1 - self.random.randint(1, TICKETS))

    def _read(self) -> Ticket:
        return self.shop.read_ticket(MANAGER, self._ticket())

    _operations: Any = (
        *(_open, _assign_mechanics, _add_part, _add_part, _change_part, _remove_part, _labor),
        *(
            _move,
            _move,
            _move_repeatedly,
            _move_repeatedly,
            _move_stock,
            _move_stock,
            _reprice,
            _change_mechanic,
            _change_owner,
            _erase,
            _merge,
            _remove,
            _job,
            _charge,
            _discount,
            _follow_rules,
        ),
    )


def run_workers(url: str, seed: int, seconds: float, threads: int) -> Counter[str]:
    """Run several workers concurrently for *seconds*; return how often each outcome occurred."""
    with closing(SqlStore.open(url)) as store:
        shop = shop_on(store, now)
        until = time.monotonic() + seconds

        def run_worker(number: int) -> Counter[str]:
            worker = RandomWorker(shop, Random(f"{seed}-{number}"))
            while time.monotonic() < until:
                worker.run_one()
            return worker.outcomes

        with ThreadPoolExecutor(threads) as pool:
            return sum(pool.map(run_worker, range(threads)), Counter())
