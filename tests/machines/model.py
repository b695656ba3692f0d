"""The model of the shop: people and tickets in plain dictionaries, beside inventory and prices.

It is written from section 6 of the contract and reads only the workflow's table from the core;
guards and effects on stock follow from the meaning of each status. Every method checks first
and changes last, so a refusal leaves the model unchanged.
"""

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Final

from attrs import astuple

from mechanic_core.tickets.workflow import (
    EDITABLE_STATUSES,
    INITIAL_STATUS,
    STATUS_CHANGES,
    UNWORKED_STATUSES,
    Status,
)
from tests.machines.inventory_model import (
    FREE,
    RESERVED,
    USED,
    Fields,
    InventoryModel,
    Refusal,
    StockEffect,
)
from tests.machines.price_model import (
    CLASSES,
    RULES,
    described_jobs,
    described_lines,
    document,
    line_text,
)
from tests.machines.vehicle_model import VehicleModel

FIRST_DAY, LAST_DAY = "1950-01-01", "2027-03-02"
"""The bounds of a day of service: the machine's steps are all on 2 March 2026."""

DESCRIPTION: Final = "Grinding noise when braking"
"""The description of every ticket."""


class Model:
    """Customers c1, mechanics m1, tickets t1, jobs j1, part lines l1, labour lines w1, and so on."""

    def __init__(self) -> None:
        """Start empty."""
        self.inventory = InventoryModel()
        self.vehicles = VehicleModel()
        self.people: dict[str, Fields] = {}
        self.tickets: dict[str, Fields] = {}
        self.owner: dict[str, str] = {}
        self.rules = RULES["plain"]

    def add_person(self, kind: str, name: str) -> str:
        """Hire a mechanic (m) or register a customer (c)."""
        key = f"{kind}{1 + sum(other[0] == kind for other in self.people)}"
        self.people[key] = {"name": name, "active": True}
        return key

    def erase(self, customer: str) -> None:
        """Erase a customer who has no unfinished tickets."""
        if not self.people[customer]["active"]:
            raise Refusal("customer-not-found")
        unfinished = [
            key
            for key, ticket in self.tickets.items()
            if ticket["customer"] == customer
            and not ticket["removed"]
            and ticket["status"] in EDITABLE_STATUSES
        ]
        if unfinished:
            raise Refusal("tickets-unfinished", tickets=unfinished)
        self.people[customer] = {"name": None, "active": False}
        self.vehicles.disown(customer)

    def merge(self, by: str, customer: str, other: str) -> Fields:
        """Merge the record of another customer, who is gone then."""
        if customer == other:
            raise Refusal("rule-broken", pointers=["#/from_id"])
        if not self.people[customer]["active"]:
            raise Refusal("customer-not-found")
        _require_none([] if self.people[other]["active"] else ["#/from_id"])
        self.people[other] = {"name": None, "active": False}
        self.vehicles.reassign(other, customer)
        for key, ticket in self.tickets.items():
            if ticket["customer"] == other:
                ticket["customer"] = customer
                names = (f"customer {other[1:]}", f"customer {customer[1:]}")
                self._record(key, by, "changed", *names, "two records of the customer were merged")
        return {"customer": customer, "name": self.people[customer]["name"]}

    def bring(self, by: str, customer: str, vin: str, odometer: int | None, *flags: str) -> Fields:
        """Enter the VIN of a vehicle for a customer; *flags* are what staff insist on."""
        if by == customer and not self.people[by]["active"]:
            raise Refusal("token-refused")
        _require_none([] if self.people[customer]["active"] else ["#/customer_id"])
        return self.vehicles.bring(by, customer, vin, odometer, *flags)

    def open(self, by: str, customer: str, day: str, staff: Sequence[str]) -> Fields:
        """Open a ticket."""
        if by == customer and not self.people[by]["active"]:
            raise Refusal("token-refused")
        owner = [] if self.people[customer]["active"] else ["#/customer_id"]
        unknown = [*owner, *self._inactive(staff, "#/mechanic_ids")]
        if not FIRST_DAY <= day <= LAST_DAY:
            raise Refusal("rule-broken", pointers=[*unknown, "#/service_date"])
        _require_none(unknown)
        key = f"t{len(self.tickets) + 1}"
        self.tickets[key] = {
            "customer": customer,
            "day": day,
            "status": INITIAL_STATUS.value,
            "staff": set(staff),
            "jobs": {},
            "parts": {},
            "labor": {},
            "charges": {},
            "discounts": [],
            "rules": None,
            "removed": False,
            "history": [],
        }
        self._record(key, by, "opened", to=INITIAL_STATUS.value)
        return self.describe(key)

    def correct(self, by: str, key: str, customer: str) -> Fields:
        """Correct the customer of a ticket."""
        ticket = self.ticket(key)
        self._require_changeable(ticket)
        if customer != ticket["customer"]:
            _require_none([] if self.people[customer]["active"] else ["#/customer_id"])
            before, ticket["customer"] = _details(ticket), customer
            self._record(key, by, "changed", before, _details(ticket))
        return self.describe(key)

    def staff(self, by: str, key: str, add: Sequence[str], leave: Sequence[str]) -> Fields:
        """Assign mechanics to a ticket and remove others, unless they have labour on it."""
        ticket = self.ticket(key)
        _require_none(self._inactive(add, "#/add_ids", but=ticket["staff"]))
        self._require_changeable(ticket)
        credited = {line["mechanic"] for line in ticket["labor"].values()}
        if kept := sorted(credited & ticket["staff"] & set(leave)):
            raise Refusal("mechanic-has-labor", mechanic_ids=kept)
        after = (ticket["staff"] - set(leave)) | set(add)
        if after != ticket["staff"]:
            self._record(key, by, "mechanics", _ids(ticket["staff"]), _ids(after))
            ticket["staff"] = after
        return self.describe(key)

    def move(self, by: str, key: str, to: str, note: str | None, *, stale: bool = False) -> Fields:
        """Change the status of a ticket."""
        ticket = self.ticket(key, stale=stale)
        status = ticket["status"]
        if blockers := self.blockers(key, to):
            raise Refusal("transition-blocked", current_state=status, blockers=blockers)
        lines = [(line, one["part"], one["quantity"]) for line, one in ticket["parts"].items()]
        self.inventory.shift_stock(by, key, lines, (_effect_of(status), _effect_of(to)))
        ticket["status"] = to
        is_finished = to not in EDITABLE_STATUSES
        ticket["rules"] = (ticket["rules"] or self.rules) if is_finished else None
        self._record(key, by, "transition", status, to, note)
        return self.describe(key)

    def blockers(self, key: str, to: str) -> list[str]:
        """Return the codes of what blocks a transition.

        Work starts and goes on with an active mechanic, and is completed by a mechanic.
        """
        ticket = self.ticket(key)
        if (Status(ticket["status"]), Status(to)) not in STATUS_CHANGES:
            return ["no-such-transition"]
        reopened = (ticket["status"], to) == (Status.COMPLETED, Status.IN_PROGRESS)
        if reopened and not self.people[ticket["customer"]]["active"]:
            return ["customer-erased"]
        works = to == Status.IN_PROGRESS and ticket["status"] != Status.COMPLETED
        if (works or to == Status.COMPLETED) and not ticket["staff"]:
            return ["no-mechanic"]
        left = not any(self.people[one]["active"] for one in ticket["staff"])
        return ["no-active-mechanic"] if works and left else []

    def remove(self, by: str, key: str) -> None:
        """Remove a ticket that was opened by mistake."""
        ticket = self.ticket(key)
        started = any(entry["to"] == "in_progress" for entry in ticket["history"])
        if started or ticket["parts"] or ticket["labor"] or ticket["charges"]:
            raise Refusal("ticket-started", current_state=ticket["status"])
        ticket["removed"] = True
        self._record(key, by, "removed")

    def add_part(
        self, by: str, key: str, part: str, quantity: int, *, stale: bool = False
    ) -> Fields:
        """Add a part line to a ticket."""
        ticket = self.ticket(key, stale=stale)
        line_fields = self.inventory.parts[part]
        if line_fields["archived"]:
            raise Refusal("unknown", pointers=["#/part_id"])
        self._require_changeable(ticket)
        self.inventory.require_available(part, quantity)
        line = self._next("l", key)
        new = {"line": line, "part": part, "quantity": quantity} | self._terms(key, "part")
        new |= {name: line_fields[name] for name in ("sku", "name", "price")}
        ticket["parts"][line] = new
        self.inventory.shift_stock(by, key, [(line, part, quantity)], (FREE, RESERVED))
        self._record(key, by, "part_added", to=part_text(new))
        return self.describe_line(key, line)

    def change_part(self, by: str, line: str, quantity: int) -> Fields:
        """Change the quantity of a part line."""
        ticket, line_fields = self._line("parts", line)
        self._require_changeable(ticket)
        more = quantity - line_fields["quantity"]
        self.inventory.require_available(line_fields["part"], max(more, 0))
        if more:
            before = part_text(line_fields)
            line_fields["quantity"] = quantity
            effects = (FREE, RESERVED) if more > 0 else (RESERVED, FREE)
            self.inventory.shift_stock(
                by, self.owner[line], [(line, line_fields["part"], abs(more))], effects
            )
            self._record(self.owner[line], by, "part_changed", before, part_text(line_fields))
        return self.describe_line(self.owner[line], line)

    def remove_part(self, by: str, line: str) -> None:
        """Remove a part line from a ticket."""
        ticket, line_fields = self._line("parts", line)
        self._require_changeable(ticket)
        lines = [(line, line_fields["part"], line_fields["quantity"])]
        self.inventory.shift_stock(by, self.owner[line], lines, (RESERVED, FREE))
        del ticket["parts"][line]
        self._record(self.owner[line], by, "part_removed", part_text(line_fields))

    def add_labor(self, by: str, key: str, labor: Fields) -> Fields:
        """Add a labour line to a ticket."""
        ticket = self.ticket(key)
        self._require_changeable(ticket)
        self._require_credit(ticket, labor["mechanic"])
        line = self._next("w", key)
        new = {"line": line} | labor | self._terms(key, "labor")
        ticket["labor"][line] = new
        self._record(key, by, "labor_added", to=labor_text(new))
        return self.describe_line(key, line)

    def change_labor(self, by: str, line: str, labor: Fields) -> Fields:
        """Change a labour line."""
        ticket, line_fields = self._line("labor", line)
        self._require_changeable(ticket)
        after = line_fields | labor
        if after != line_fields:
            self._require_credit(ticket, labor["mechanic"], line_fields["mechanic"])
            ticket["labor"][line] = after
            texts = labor_text(line_fields), labor_text(after)
            self._record(self.owner[line], by, "labor_changed", *texts)
        return self.describe_line(self.owner[line], line)

    def remove_labor(self, by: str, line: str) -> None:
        """Remove a labour line from a ticket."""
        ticket, line_fields = self._line("labor", line)
        self._require_changeable(ticket)
        del ticket["labor"][line]
        self._record(self.owner[line], by, "labor_removed", labor_text(line_fields))

    def ticket(self, key: str, *, stale: bool = False) -> Fields:
        """Return a ticket that is not removed; *stale* means the caller expects an older version."""
        if self.tickets[key]["removed"]:
            raise Refusal("ticket-not-found")
        if stale:
            raise Refusal("ticket-changed")
        return self.tickets[key]

    def describe(self, key: str) -> Fields:
        """Return a ticket as the shop describes it."""
        ticket = self.ticket(key)
        lines = described_lines(ticket, self.rules)
        return {
            "ticket": key,
            "customer": ticket["customer"],
            "day": ticket["day"],
            "status": ticket["status"],
            "staff": {one: self.people[one]["name"] for one in ticket["staff"]},
            "jobs": described_jobs(ticket, self.rules),
            "parts": [lines[name] for name in ticket["parts"]],
            "labor": [lines[name] for name in ticket["labor"]],
            "charges": [lines[name] for name in ticket["charges"]],
            "discounts": list(ticket["discounts"]),
            "totals": astuple(document(ticket, self.rules).totals),
            "version": len(ticket["history"]),
        }

    def describe_line(self, key: str, line: str) -> Fields:
        """Return a line of a ticket as the shop describes it."""
        return described_lines(self.ticket(key), self.rules)[line]

    def tickets_with(self, part: str, *statuses: str) -> list[str]:
        """Return the tickets in these statuses with a line of a part."""
        return [
            key
            for key, ticket in self.tickets.items()
            if not ticket["removed"]
            and ticket["status"] in statuses
            and any(line["part"] == part for line in ticket["parts"].values())
        ]

    def reserving(self, part: str) -> list[str]:
        """Return the tickets that reserve a part."""
        return self.tickets_with(part, "open", "in_progress", "on_hold")

    def archive(self, part: str) -> None:
        """Archive a part that is neither on hand nor on a ticket that may be reopened."""
        in_use = {*self.reserving(part), *self.tickets_with(part, "completed")}
        self.inventory.archive(part, [ticket for ticket in self.tickets if ticket in in_use])

    def describe_history(self, key: str) -> list[Fields]:
        """Return a ticket's history as the shop describes it."""
        return list(self.tickets[key]["history"])

    def standings(self, since: str, until: str) -> list[tuple[int, str, int]]:
        """Return the leaderboard by its definition: rank, mechanic and tickets worked."""
        counts = {
            one: sum(
                one in ticket["staff"]
                and ticket["status"] not in UNWORKED_STATUSES
                and not ticket["removed"]
                and since <= ticket["day"] <= until
                for ticket in self.tickets.values()
            )
            for one in self.people
            if one[0] == "m"
        }
        order = sorted(
            counts, key=lambda one: (-counts[one], self.people[one]["name"], int(one[1:]))
        )
        return [
            (1 + sum(more > counts[one] for more in counts.values()), one, counts[one])
            for one in order
        ]

    def _line(self, kind: str, line: str) -> tuple[Fields, Fields]:
        ticket = self.ticket(self.owner[line])
        if line not in ticket[kind]:
            raise Refusal("line-not-found")
        return ticket, ticket[kind][line]

    def _terms(self, key: str, kind: str) -> Fields:
        """Return what a new line of that kind has: the first job, which it makes if need be."""
        jobs = self.tickets[key]["jobs"]
        if not jobs:
            job = self._next("j", key)
            jobs[job] = {"job": job, "title": DESCRIPTION, "kind": "repair"}
        first = next(iter(jobs))
        return {"kind": kind, "job": first, "discount": "none", "tax_class": CLASSES[kind]}

    def _inactive(self, some: Sequence[str], pointer: str, but: Collection[str] = ()) -> list[str]:
        """Return the pointers to people who are inactive."""
        return [
            f"{pointer}/{place}"
            for place, one in enumerate(some)
            if not self.people[one]["active"] and one not in but
        ]

    def _require_credit(self, ticket: Fields, mechanic: str | None, before: str = "") -> None:
        """Refuse labour by who is not on the ticket or has left, unless it was theirs before."""
        active = {one for one in ticket["staff"] if self.people[one]["active"]}
        if mechanic not in {None, before, *active}:
            raise Refusal("rule-broken", pointers=["#/mechanic_id"])

    def _require_changeable(self, ticket: Fields) -> None:
        if ticket["status"] not in EDITABLE_STATUSES:
            raise Refusal("ticket-frozen", current_state=ticket["status"])

    def _next(self, kind: str, ticket: str) -> str:
        line = f"{kind}{1 + sum(other[0] == kind for other in self.owner)}"
        self.owner[line] = ticket
        return line

    def _record(  # noqa: PLR0913 - an entry has that many fields
        self,
        key: str,
        by: str,
        event: str,
        from_: str | None = None,
        to: str | None = None,
        note: str | None = None,
    ) -> None:
        entry = {"event": event, "from": from_, "to": to, "note": note, "by": by}
        self.tickets[key]["history"].append(entry)


def _require_none(unknown: Sequence[str]) -> None:
    if unknown:
        raise Refusal("unknown", pointers=unknown)


def _details(ticket: Fields) -> str:
    number = ticket["customer"][1:]
    return f"customer {number}, {ticket['day']}, no vehicle: {DESCRIPTION}"


def _effect_of(status: str) -> StockEffect:
    """Return the effect of a ticket's part lines on stock in a status."""
    if status in EDITABLE_STATUSES:
        return RESERVED
    return FREE if status in UNWORKED_STATUSES else USED


def decimal_text(thousandths: int) -> str:
    """Return a quantity without needless digits."""
    return f"{Decimal(thousandths) / 1000:.3f}".rstrip("0").rstrip(".")


def part_text(line: Fields, other: Fields | None = None) -> str:
    """Return the text of a part line in the history."""
    return line_text(f"{decimal_text(line['quantity'])} × {line['sku']}", line, other)


def labor_text(line: Fields, other: Fields | None = None) -> str:
    """Return the text of a labour line in the history."""
    return line_text(f"{decimal_text(line['hours'])} h: {line['description']}", line, other)


def _ids(staff: set[str]) -> str:
    return ", ".join(sorted(one[1:] for one in staff))
