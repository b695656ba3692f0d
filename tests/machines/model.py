"""The shop as it should be: people and tickets in plain dictionaries, beside the shelves.

Written from section 6 of the contract. Of the core it reads the arrows of the table alone; who
may start, and what a move does to stock, follows from what each status means. Every verb looks
first and changes last, so that a refusal leaves the model as it was.
"""

from collections.abc import Collection, Sequence
from decimal import ROUND_HALF_EVEN, Decimal

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
    Hold,
    InventoryModel,
    Refusal,
)


class Model:
    """Customers c1, mechanics m1, tickets t1, part lines l1 and labour lines w1, and so on."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.shelf = InventoryModel()
        self.people: dict[str, Fields] = {}
        self.tickets: dict[str, Fields] = {}
        self.owner: dict[str, str] = {}

    def add_person(self, kind: str, name: str) -> str:
        """Hire a mechanic (m) or register a customer (c)."""
        key = f"{kind}{1 + sum(other[0] == kind for other in self.people)}"
        self.people[key] = {"name": name, "active": True}
        return key

    def erase(self, customer: str) -> None:
        """Forget a customer without unfinished tickets."""
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

    def open(self, by: str, customer: str, day: str, staff: Sequence[str]) -> Fields:
        """Take a vehicle in."""
        owner = [] if self.people[customer]["active"] else ["#/customer_id"]
        _must_be_none([*owner, *self._gone(staff, "#/mechanic_ids")])
        key = f"t{len(self.tickets) + 1}"
        self.tickets[key] = {
            "customer": customer,
            "day": day,
            "status": INITIAL_STATUS.value,
            "staff": set(staff),
            "parts": {},
            "labor": {},
            "removed": False,
            "history": [],
        }
        self._tell(key, by, "opened", to=INITIAL_STATUS.value)
        return self.shown(key)

    def staff(self, by: str, key: str, add: Sequence[str], leave: Sequence[str]) -> Fields:
        """Put mechanics on a ticket and take others off."""
        ticket = self.ticket(key)
        _must_be_none(self._gone(add, "#/add_ids", but=ticket["staff"]))
        self._must_be_changeable(ticket)
        after = (ticket["staff"] - set(leave)) | set(add)
        if after != ticket["staff"]:
            self._tell(key, by, "mechanics", _ids(ticket["staff"]), _ids(after))
            ticket["staff"] = after
        return self.shown(key)

    def move(self, by: str, key: str, to: str, note: str | None, *, stale: bool = False) -> Fields:
        """Send a ticket on its way."""
        ticket = self.ticket(key, stale=stale)
        here = ticket["status"]
        if blockers := self.blockers(key, to):
            raise Refusal("transition-blocked", current_state=here, blockers=blockers)
        lines = [(line, one["part"], one["quantity"]) for line, one in ticket["parts"].items()]
        self.shelf.shift(by, key, lines, (_held(here), _held(to)))
        ticket["status"] = to
        self._tell(key, by, "transition", here, to, note)
        return self.shown(key)

    def blockers(self, key: str, to: str) -> list[str]:
        """Return what keeps a ticket from a status."""
        ticket = self.ticket(key)
        arrow = STATUS_CHANGES.get((Status(ticket["status"]), Status(to)))
        if arrow is None:
            return ["no-such-transition"]
        starts = arrow.start is INITIAL_STATUS and to in EDITABLE_STATUSES
        return ["no-mechanic"] if starts and not ticket["staff"] else []

    def remove(self, by: str, key: str) -> None:
        """Strike out a ticket that was written by mistake."""
        ticket = self.ticket(key)
        started = any(entry["to"] == "in_progress" for entry in ticket["history"])
        if started or ticket["parts"] or ticket["labor"]:
            raise Refusal("ticket-started", current_state=ticket["status"])
        ticket["removed"] = True
        self._tell(key, by, "removed")

    def add_part(
        self, by: str, key: str, part: str, quantity: int, *, stale: bool = False
    ) -> Fields:
        """Put a part on a ticket."""
        ticket = self.ticket(key, stale=stale)
        found = self.shelf.parts[part]
        if found["archived"]:
            raise Refusal("unknown", pointers=["#/part_id"])
        self._must_be_changeable(ticket)
        self.shelf.must_have(part, quantity)
        line = self._next("l", key)
        ticket["parts"][line] = {"line": line, "part": part, "quantity": quantity}
        ticket["parts"][line] |= {name: found[name] for name in ("sku", "name", "price")}
        self.shelf.shift(by, key, [(line, part, quantity)], (FREE, RESERVED))
        self._tell(key, by, "part_added", to=_asked(ticket["parts"][line]))
        return _priced(ticket["parts"][line], quantity, found["price"])

    def change_part(self, by: str, line: str, quantity: int) -> Fields:
        """Take more or less of a part on a ticket."""
        ticket, found = self._line("parts", line)
        self._must_be_changeable(ticket)
        more = quantity - found["quantity"]
        self.shelf.must_have(found["part"], max(more, 0))
        if more:
            before = _asked(found)
            found["quantity"] = quantity
            ends = (FREE, RESERVED) if more > 0 else (RESERVED, FREE)
            self.shelf.shift(by, self.owner[line], [(line, found["part"], abs(more))], ends)
            self._tell(self.owner[line], by, "part_changed", before, _asked(found))
        return _priced(found, quantity, found["price"])

    def remove_part(self, by: str, line: str) -> None:
        """Take a part off a ticket."""
        ticket, found = self._line("parts", line)
        self._must_be_changeable(ticket)
        lines = [(line, found["part"], found["quantity"])]
        self.shelf.shift(by, self.owner[line], lines, (RESERVED, FREE))
        del ticket["parts"][line]
        self._tell(self.owner[line], by, "part_removed", _asked(found))

    def add_labor(self, by: str, key: str, work: Fields) -> Fields:
        """Put work on a ticket."""
        ticket = self.ticket(key)
        self._must_be_changeable(ticket)
        line = self._next("w", key)
        ticket["labor"][line] = {"line": line} | work
        self._tell(key, by, "labor_added", to=_worked(work))
        return _priced(ticket["labor"][line], work["hours"], work["rate"])

    def change_labor(self, by: str, line: str, work: Fields) -> Fields:
        """Correct a labour line."""
        ticket, found = self._line("labor", line)
        self._must_be_changeable(ticket)
        after = {"line": line} | work
        if after != found:
            ticket["labor"][line] = after
            self._tell(self.owner[line], by, "labor_changed", _worked(found), _worked(work))
        return _priced(after, work["hours"], work["rate"])

    def remove_labor(self, by: str, line: str) -> None:
        """Take work off a ticket."""
        ticket, found = self._line("labor", line)
        self._must_be_changeable(ticket)
        del ticket["labor"][line]
        self._tell(self.owner[line], by, "labor_removed", _worked(found))

    def ticket(self, key: str, *, stale: bool = False) -> Fields:
        """Return a ticket that is there; *stale* is a caller who has not seen its last change."""
        if self.tickets[key]["removed"]:
            raise Refusal("ticket-not-found")
        if stale:
            raise Refusal("ticket-changed")
        return self.tickets[key]

    def shown(self, key: str) -> Fields:
        """Return a ticket as people see it."""
        ticket = self.ticket(key)
        parts = [_priced(one, one["quantity"], one["price"]) for one in ticket["parts"].values()]
        labor = [_priced(one, one["hours"], one["rate"]) for one in ticket["labor"].values()]
        sums = [sum(line["amount"] for line in lines) for lines in (parts, labor)]
        return {
            "ticket": key,
            "customer": ticket["customer"],
            "day": ticket["day"],
            "status": ticket["status"],
            "staff": {one: self.people[one]["name"] for one in ticket["staff"]},
            "parts": parts,
            "labor": labor,
            "totals": (*sums, sum(sums)),
            "version": len(ticket["history"]),
        }

    def shown_history(self, key: str) -> list[Fields]:
        """Return a ticket's history as people see it."""
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

    def _gone(self, some: Sequence[str], pointer: str, but: Collection[str] = ()) -> list[str]:
        """Return the pointers to those who are no longer there."""
        return [
            f"{pointer}/{place}"
            for place, one in enumerate(some)
            if not self.people[one]["active"] and one not in but
        ]

    def _must_be_changeable(self, ticket: Fields) -> None:
        if ticket["status"] not in EDITABLE_STATUSES:
            raise Refusal("ticket-frozen", current_state=ticket["status"])

    def _next(self, kind: str, ticket: str) -> str:
        line = f"{kind}{1 + sum(other[0] == kind for other in self.owner)}"
        self.owner[line] = ticket
        return line

    def _tell(  # noqa: PLR0913 - an entry has that many sides
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


def _must_be_none(unknown: Sequence[str]) -> None:
    if unknown:
        raise Refusal("unknown", pointers=unknown)


def _held(status: str) -> Hold:
    """Return how a ticket's parts are held while it stands there."""
    if status in EDITABLE_STATUSES:
        return RESERVED
    return FREE if status in UNWORKED_STATUSES else USED


def _priced(line: Fields, quantity: int, price: int) -> Fields:
    exact = Decimal(quantity) * price / 1000
    return line | {"amount": int(exact.quantize(Decimal(1), ROUND_HALF_EVEN))}


def _plain(thousandths: int) -> str:
    return f"{Decimal(thousandths) / 1000:.3f}".rstrip("0").rstrip(".")


def _asked(line: Fields) -> str:
    return f"{_plain(line['quantity'])} × {line['sku']}"


def _worked(line: Fields) -> str:
    return f"{_plain(line['hours'])} h: {line['description']}"


def _ids(staff: set[str]) -> str:
    return ", ".join(sorted(one[1:] for one in staff))
