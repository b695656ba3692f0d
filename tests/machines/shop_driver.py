"""A shop under test, whose records are translated to the names that the model uses.

Stores assign ids differently, some with gaps. Names are given in the order in which ids are
first seen, so that the records of several shops and of the model can be compared directly.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, final

import attrs

from mechanic_core.access import By, Role
from mechanic_core.customers.customer import Customer
from mechanic_core.errors import Invalid, Refused
from mechanic_core.inventory.movement import Movement
from mechanic_core.inventory.part import Part, PartId
from mechanic_core.inventory.ports import PartFilter
from mechanic_core.mechanics.leaderboard import Leaderboard
from mechanic_core.paging import Page, PageRequest
from mechanic_core.shop import Shop
from mechanic_core.tickets.history import Entry
from mechanic_core.tickets.job import Job
from mechanic_core.tickets.lines.charge import ChargeLine
from mechanic_core.tickets.lines.labor_line import LaborLine
from mechanic_core.tickets.lines.line import TicketLine
from mechanic_core.tickets.lines.part_line import PartLine
from mechanic_core.tickets.ports import TicketFilter
from mechanic_core.tickets.ticket import Ticket, TicketId
from mechanic_core.unit_of_work import Store
from mechanic_core.values import Clock
from mechanic_core.vehicles.odometer import OdometerReading
from mechanic_core.vehicles.vehicle import Vehicle
from tests.machines.inventory_model import Fields
from tests.machines.price_model import DISCOUNTS, TICKET_DISCOUNTS
from tests.shops import MANAGER, shop_on

SIZE = 100
_JOB: Final = re.compile(r"\bjob (\d+)")
LETTERS = {Role.CUSTOMER: "c", Role.MECHANIC: "m", Role.MANAGER: "m"}


@final
class ShopDriver:
    """A shop on one store, and the names of its ids."""

    def __init__(self, store: Store, now: Clock) -> None:
        """Build the use cases on *store*."""
        self.low_stock_events: list[str] = []
        self.shop: Shop = shop_on(store, now, low_stock=self._on_low_stock)
        self._names: dict[tuple[str, int], str] = {}
        self._ids: dict[str, int] = {}

    def outcome(self, act: Callable[["ShopDriver"], object]) -> tuple[object, ...]:
        """Return the result of *act* by the model's names, or its refusal with the facts."""
        try:
            return ("done", self.describe(act(self)))
        except Invalid as refused:
            pointers = [problem.pointer for problem in refused.problems]
            return ("refused", refused.code, {"pointers": pointers})
        except Refused as refused:
            return ("refused", refused.code, self._facts(dict(refused.facts)))

    def id(self, name: str) -> Any:
        """Return the id of *name*."""
        return self._ids[name]

    def name(self, letter: str, number: int) -> str:
        """Return the name of an id; a new id gets the next name."""
        if (letter, number) not in self._names:
            name = f"{letter}{1 + sum(kind == letter for kind, _ in self._names)}"
            self._names[letter, number], self._ids[name] = name, number
        return self._names[letter, number]

    def tickets(self, **wanted: Any) -> dict[str, Fields]:
        """Return every ticket by its name."""
        find = self.shop.list_tickets
        return {
            (described := self.describe(ticket))["ticket"]: described
            for ticket in read_all(lambda page: find(MANAGER, TicketFilter(**wanted), page))
        }

    def parts(self, **wanted: Any) -> dict[str, Fields]:
        """Return every part that is not archived, or every one that is, by its name."""
        find = self.shop.list_parts
        return {
            (described := self.describe(part))["part"]: described
            for part in read_all(lambda page: find(MANAGER, PartFilter(**wanted), page))
        }

    def movements(self, part: str) -> list[Fields]:
        """Return the stock movements of a part."""
        one = PartId(self.id(part))
        found = read_all(lambda page: self.shop.list_movements(MANAGER, one, page))
        return [self.describe(movement) for movement in found]

    def history(self, ticket: str) -> list[Entry]:
        """Return the history of a ticket."""
        one = TicketId(self.id(ticket))
        return read_all(lambda page: self.shop.list_history(MANAGER, one, page))

    def describe(self, what: object) -> Any:
        """Return a record as the model describes it."""
        for cls, translate in self._translations:
            if isinstance(what, cls):
                return translate(self, what)
        return what

    def _ticket(self, ticket: Ticket) -> Fields:
        return {
            "ticket": self.name("t", ticket.id),
            "customer": self.name("c", ticket.customer_id),
            "day": ticket.service_date.isoformat(),
            "status": ticket.status.value,
            "staff": {self.name("m", one.id): one.name for one in ticket.mechanics},
            "jobs": [self.describe(job) for job in ticket.jobs],
            "parts": [self.describe(line) for line in ticket.parts],
            "labor": [self.describe(line) for line in ticket.labor],
            "charges": [self.describe(line) for line in ticket.charges],
            "discounts": [_text(TICKET_DISCOUNTS, one) for one in ticket.discounts],
            "totals": attrs.astuple(ticket.totals),
            "version": ticket.version,
        }

    def _customer(self, customer: Customer) -> Fields:
        return {"customer": self.name("c", customer.id), "name": customer.name}

    def _vehicle(self, vehicle: Vehicle) -> Fields:
        return {
            "vehicle": self.name("v", vehicle.id),
            "customer": vehicle.customer_id and self.name("c", vehicle.customer_id),
            "vin": vehicle.vin,
            "odometer": vehicle.odometer,
            "version": vehicle.version,
        }

    def _reading(self, reading: OdometerReading) -> Fields:
        return {"value": reading.value, "by": self._by(reading.by), "note": reading.note}

    def _job(self, job: Job) -> Fields:
        return {
            "job": self.name("j", job.id),
            "title": job.title,
            "kind": job.kind.value,
            "totals": attrs.astuple(job.totals),
        }

    def _terms(self, line: TicketLine) -> Fields:
        return {
            "job": self.name("j", line.job_id),
            "discount": _text(DISCOUNTS, line.discount),
            "tax_class": line.tax_class,
            "net": line.net,
        }

    def _charge(self, line: ChargeLine) -> Fields:
        return self._terms(line) | {
            "line": self.name("x", line.id),
            "kind": line.kind.value,
            "description": line.description,
            "quantity": line.quantity,
            "price": line.unit_price,
            "amount": line.amount,
        }

    def _part_line(self, line: PartLine) -> Fields:
        return self._terms(line) | {
            "line": self.name("l", line.id),
            "kind": "part",
            "part": self.name("p", line.part_id),
            "quantity": line.quantity,
            "sku": line.sku,
            "name": line.name,
            "price": line.unit_price,
            "amount": line.amount,
        }

    def _labor_line(self, line: LaborLine) -> Fields:
        return self._terms(line) | {
            "line": self.name("w", line.id),
            "kind": "labor",
            "mechanic": line.mechanic_id and self.name("m", line.mechanic_id),
            "description": line.description,
            "hours": line.hours,
            "rate": line.rate,
            "amount": line.amount,
        }

    def _part(self, part: Part) -> Fields:
        return {
            "part": self.name("p", part.id),
            "sku": part.sku,
            "name": part.name,
            "price": part.price,
            "on_hand": part.quantity,
            "reserved": part.reserved,
            "reorder": part.reorder_point,
            "unit": part.unit,
            "archived": part.archived,
            "version": part.version,
        }

    def _movement(self, moved: Movement) -> Fields:
        return {
            "kind": moved.kind.value,
            "change": (moved.on_hand_change, moved.reserved_change),
            "after": (moved.on_hand_after, moved.reserved_after),
            "by": self._by(moved.by),
            "note": moved.note,
            "ticket": moved.ticket_id and self.name("t", moved.ticket_id),
            "line": moved.line_id and self.name("l", moved.line_id),
        }

    def _entry(self, entry: Entry) -> Fields:
        return {
            "event": entry.event.value,
            "from": self._with_names(entry.from_),
            "to": self._with_names(entry.to),
            "note": entry.note,
            "by": self._by(entry.by),
        }

    def _with_names(self, text: str | None) -> str | None:
        """Return a text of the history with the names of jobs."""
        return text and _JOB.sub(lambda job: f"job {self.name('j', int(job[1]))}", text)

    def _leaderboard(self, board: Leaderboard) -> list[tuple[int, str, int]]:
        return [(one.rank, self.name("m", one.id), one.tickets) for one in board.items]

    def _by(self, by: By) -> str | None:
        return by.role and self.name(LETTERS[by.role], by.id)

    def _facts(self, facts: Fields) -> Fields:
        if "part_id" in facts:
            facts["part_id"] = self.name("p", facts["part_id"])
        if "vehicle_id" in facts:
            facts["vehicle_id"] = self.name("v", facts["vehicle_id"])
            facts["customer_id"] = self.name("c", facts["customer_id"])
        facts.pop("last_on", None)
        for name, letter in (("tickets", "t"), ("ticket_ids", "t"), ("mechanic_ids", "m")):
            if name in facts:
                facts[name] = [self.name(letter, one) for one in facts[name]]
        if "blockers" in facts:
            facts["blockers"] = [blocker["code"] for blocker in facts["blockers"]]
        return facts

    def _on_low_stock(self, part: Part) -> None:
        self.low_stock_events.append(self.name("p", part.id))

    _translations: tuple[tuple[type[Any], Callable[["ShopDriver", Any], Any]], ...] = (
        (Ticket, _ticket),
        (Job, _job),
        (PartLine, _part_line),
        (ChargeLine, _charge),
        (LaborLine, _labor_line),
        (Part, _part),
        (Movement, _movement),
        (Entry, _entry),
        (Leaderboard, _leaderboard),
        (Customer, _customer),
        (Vehicle, _vehicle),
        (OdometerReading, _reading),
    )


def _text(known: Mapping[str, object], discount: object) -> str:
    """Return the text of a discount in the history."""
    return next(text for text, one in known.items() if one == discount)


def read_all(read: Callable[[PageRequest], Page[Any]]) -> list[Any]:
    """Return all items of a list, read page by page."""
    found = read(PageRequest(size=SIZE))
    items = list(found.items)
    while found.has_more:
        found = read(PageRequest(size=SIZE, after=found.last))
        items += found.items
    return items
