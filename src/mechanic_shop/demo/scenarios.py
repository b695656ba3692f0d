"""The demo's scenarios: a repair from intake to payment, and the replenishment of stock."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Final

from attrs import frozen

from mechanic_core.access import Actor
from mechanic_core.inventory.movement import MovementForm
from mechanic_core.inventory.part import Kind, PartId
from mechanic_core.inventory.ports import PartFilter
from mechanic_core.money import ONE, Quantity
from mechanic_core.paging import MAX_PAGE_SIZE, PageRequest
from mechanic_core.shop import Shop
from mechanic_core.tickets.forms import MechanicEdit, TicketDraft, TransitionForm
from mechanic_core.tickets.lines.labor_line import LaborLineForm
from mechanic_core.tickets.lines.part_line import PartLineForm
from mechanic_core.tickets.ticket import TicketId
from mechanic_core.tickets.workflow import Status
from mechanic_core.vehicles.vehicle import Vehicle
from mechanic_shop.demo.billing import Biller
from mechanic_shop.demo.payments import CashDesk
from mechanic_shop.demo.repair_jobs import HOURLY_RATE, RepairJob
from mechanic_shop.demo.simulation import Scenario

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)

CANCELLED: Final = 0.06
ON_HOLD: Final = 0.18
REOPENED: Final = 0.04
SHRINKAGE: Final = 0.3
"""How likely each of these is, from 0 to 1."""


@frozen
class Workshop:
    """What scenarios share: the shop, its manager, the parts by SKU, and randomness."""

    shop: Shop
    biller: Biller
    cash_desk: CashDesk
    manager: Actor
    parts: dict[str, PartId]
    target_stock: dict[PartId, Quantity]
    random: Random

    def within(self, least: timedelta, most: timedelta) -> timedelta:
        """Return a random time from *least* to *most*."""
        seconds = (most - least).total_seconds()
        return least + timedelta(seconds=round(seconds * self.random.random()))

    def happens(self, probability: float) -> bool:
        """Return True with that *probability*."""
        return self.random.random() < probability


@frozen
class Repair:
    """The scenario of one service ticket."""

    workshop: Workshop
    vehicle: Vehicle
    job: RepairJob
    team: tuple[Actor, ...]

    def run(self) -> Scenario:
        """Open the ticket, do the work, bill it; some tickets are cancelled or reopened."""
        workshop = self.workshop
        draft = TicketDraft(
            customer_id=self.vehicle.customer_id,
            vehicle_id=self.vehicle.id,
            description=self.job.complaint,
        )
        ticket_id = workshop.shop.open_ticket(workshop.manager, draft).id
        yield workshop.within(HOUR, DAY)
        if workshop.happens(CANCELLED):
            self._move(ticket_id, Status.CANCELLED, "Customer changed their mind")
            return
        edit = MechanicEdit(add_ids=tuple(actor.id for actor in self.team))
        workshop.shop.assign_mechanics(workshop.manager, ticket_id, edit)
        workshop.cash_desk.take_deposit(ticket_id, self.job)
        yield workshop.within(HOUR, DAY)
        self._move(ticket_id, Status.IN_PROGRESS)
        yield from self._work(ticket_id)
        self._move(ticket_id, Status.COMPLETED)
        yield workshop.within(HOUR, 2 * DAY)
        if workshop.happens(REOPENED):
            self._move(ticket_id, Status.IN_PROGRESS, "Noise came back on the test drive")
            yield workshop.within(HOUR, DAY)
            self._move(ticket_id, Status.COMPLETED)
            yield HOUR
        invoice = workshop.cash_desk.bill(ticket_id)
        self._move(ticket_id, Status.CLOSED)
        yield from workshop.cash_desk.collect(invoice, self.job)

    def _work(self, ticket_id: TicketId) -> Iterator[timedelta]:
        workshop, lead = self.workshop, self.team[0]
        yield workshop.within(HOUR / 4, 2 * HOUR)
        for sku, quantity in self.job.parts:
            self._use_part(ticket_id, workshop.parts[sku], quantity)
        if workshop.happens(ON_HOLD):
            self._move(ticket_id, Status.ON_HOLD, "Waiting for the customer's approval")
            yield workshop.within(2 * DAY, 12 * DAY)
            self._move(ticket_id, Status.IN_PROGRESS, "Customer agreed by phone")
        yield workshop.within(2 * HOUR, 3 * DAY)
        labor = LaborLineForm(
            mechanic_id=lead.id, description=self.job.task, hours=self.job.time, rate=HOURLY_RATE
        )
        workshop.shop.add_labor_line(lead, ticket_id, labor)
        workshop.biller.charge(lead, ticket_id, self.job)
        yield HOUR / 4

    def _use_part(self, ticket_id: TicketId, part_id: PartId, quantity: Quantity) -> None:
        shop, lead = self.workshop.shop, self.team[0]
        if shop.read_part(lead, part_id).available < quantity:
            order = MovementForm(
                kind=Kind.RECEIVE,
                quantity=self.workshop.target_stock[part_id],
                note=f"Rush order for ticket {ticket_id}",
            )
            shop.move_stock(lead, part_id, order)
        shop.add_part_line(lead, ticket_id, PartLineForm(part_id=part_id, quantity=quantity))

    def _move(self, ticket_id: TicketId, to: Status, note: str | None = None) -> None:
        self.workshop.shop.move_ticket(self.team[0], ticket_id, TransitionForm(to=to, note=note))


def replenish(workshop: Workshop) -> Scenario:
    """Order parts that are low every third week, and count the stock of one part."""
    while True:
        yield 21 * DAY
        low = workshop.shop.list_parts(
            workshop.manager, PartFilter(low_stock=True), PageRequest(size=MAX_PAGE_SIZE)
        )
        for part in low.items:
            missing = Quantity(max(workshop.target_stock[part.id] - part.available, 1))
            delivery = MovementForm(kind=Kind.RECEIVE, quantity=missing, note="Regular delivery")
            workshop.shop.move_stock(workshop.manager, part.id, delivery)
        counted = workshop.shop.read_part(
            workshop.manager, workshop.random.choice([*workshop.target_stock])
        )
        lost = ONE if counted.available > ONE and workshop.happens(SHRINKAGE) else 0
        stock = Quantity(counted.quantity - lost)
        count = MovementForm(kind=Kind.COUNT, quantity=stock, note="Shelf count")
        workshop.shop.move_stock(workshop.manager, counted.id, count)
