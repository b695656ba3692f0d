"""The demo's stories: a repair from the complaint to the keys, and the shelves kept full."""

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
from mechanic_core.tickets.line import LaborLineForm, PartLineForm
from mechanic_core.tickets.ticket import TicketId
from mechanic_core.tickets.workflow import Status
from mechanic_core.vehicles.vehicle import Vehicle
from mechanic_shop.demo.calendar import Story
from mechanic_shop.demo.jobs import RATE, Job

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)

CANCELLED: Final = 0.06
WAITING: Final = 0.18
REOPENED: Final = 0.04
UNPAID: Final = 0.08
LOST: Final = 0.3


@frozen
class Floor:
    """What stories have in common: the shop, its manager, the parts by SKU, and chance."""

    shop: Shop
    manager: Actor
    parts: dict[str, PartId]
    full: dict[PartId, Quantity]
    chance: Random

    def within(self, least: timedelta, most: timedelta) -> timedelta:
        """Return some time between *least* and *most*."""
        spare = (most - least).total_seconds()
        return least + timedelta(seconds=round(spare * self.chance.random()))

    def perhaps(self, share: float) -> bool:
        """Return True that often."""
        return self.chance.random() < share


@frozen
class Repair:
    """One ticket's story: who works on what, and why it came."""

    floor: Floor
    vehicle: Vehicle
    job: Job
    team: tuple[Actor, ...]

    def story(self) -> Story:
        """Open the ticket, work on it, and hand the keys back; now and then it goes otherwise."""
        floor = self.floor
        draft = TicketDraft(
            customer_id=self.vehicle.customer_id,
            vehicle_id=self.vehicle.id,
            description=self.job.complaint,
        )
        ticket_id = floor.shop.open_ticket(floor.manager, draft).id
        yield floor.within(HOUR, DAY)
        if floor.perhaps(CANCELLED):
            self._move(ticket_id, Status.CANCELLED, "Customer changed their mind")
            return
        edit = MechanicEdit(add_ids=tuple(actor.id for actor in self.team))
        floor.shop.assign_mechanics(floor.manager, ticket_id, edit)
        yield floor.within(HOUR, DAY)
        self._move(ticket_id, Status.IN_PROGRESS)
        yield from self._work(ticket_id)
        self._move(ticket_id, Status.COMPLETED)
        yield floor.within(HOUR, 2 * DAY)
        if floor.perhaps(REOPENED):
            self._move(ticket_id, Status.IN_PROGRESS, "Noise came back on the test drive")
            yield floor.within(HOUR, DAY)
            self._move(ticket_id, Status.COMPLETED)
            yield HOUR
        if not floor.perhaps(UNPAID):
            self._move(ticket_id, Status.CLOSED)

    def _work(self, ticket_id: TicketId) -> Iterator[timedelta]:
        floor, lead = self.floor, self.team[0]
        yield floor.within(HOUR / 4, 2 * HOUR)
        for sku, quantity in self.job.parts:
            self._take(ticket_id, floor.parts[sku], quantity)
        if floor.perhaps(WAITING):
            self._move(ticket_id, Status.ON_HOLD, "Waiting for the customer's approval")
            yield floor.within(2 * DAY, 12 * DAY)
            self._move(ticket_id, Status.IN_PROGRESS, "Customer agreed by phone")
        yield floor.within(2 * HOUR, 3 * DAY)
        labor = LaborLineForm(
            mechanic_id=lead.id, description=self.job.task, hours=self.job.time, rate=RATE
        )
        floor.shop.add_labor_line(lead, ticket_id, labor)
        yield HOUR / 4

    def _take(self, ticket_id: TicketId, part_id: PartId, quantity: Quantity) -> None:
        shop, lead = self.floor.shop, self.team[0]
        if shop.read_part(lead, part_id).available < quantity:
            bought = MovementForm(
                kind=Kind.RECEIVE,
                quantity=self.floor.full[part_id],
                note=f"Rush order for ticket {ticket_id}",
            )
            shop.move_stock(lead, part_id, bought)
        shop.add_part_line(lead, ticket_id, PartLineForm(part_id=part_id, quantity=quantity))

    def _move(self, ticket_id: TicketId, to: Status, note: str | None = None) -> None:
        self.floor.shop.move_ticket(self.team[0], ticket_id, TransitionForm(to=to, note=note))


def storekeeping(floor: Floor) -> Story:
    """Fill up what is low every third week, and count a shelf."""
    while True:
        yield 21 * DAY
        low = floor.shop.list_parts(
            floor.manager, PartFilter(low_stock=True), PageRequest(size=MAX_PAGE_SIZE)
        )
        for part in low.items:
            missing = Quantity(max(floor.full[part.id] - part.available, 1))
            delivery = MovementForm(kind=Kind.RECEIVE, quantity=missing, note="Regular delivery")
            floor.shop.move_stock(floor.manager, part.id, delivery)
        counted = floor.shop.read_part(floor.manager, floor.chance.choice([*floor.full]))
        gone = ONE if counted.available > ONE and floor.perhaps(LOST) else 0
        found = Quantity(counted.quantity - gone)
        count = MovementForm(kind=Kind.COUNT, quantity=found, note="Shelf count")
        floor.shop.move_stock(floor.manager, counted.id, count)
