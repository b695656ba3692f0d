"""The model of what is owed: invoices, credits and payments in plain numbers.

It is written from section 13 of the contract and rounds by decimal arithmetic. What a ticket comes
to is read from the ticket, which other tests price.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from mechanic_core.invoices.invoice import Invoice
from mechanic_core.tickets.workflow import STATUS_CHANGES, Status

FINISHED = {Status.COMPLETED, Status.CLOSED}
AGES = {"days_1_30": (1, 30), "days_31_60": (31, 60), "days_61_90": (61, 90)}


def cents(exact: Decimal) -> int:
    """Return an amount rounded to the cent, half away from zero."""
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


@dataclass
class ModelLine:
    """A line of an invoice, and how much of it is credited: a quantity, or a net amount."""

    quantity: int
    net: int
    tax: int
    quantity_credited: int = 0
    amount_credited: int = 0

    def with_part(self, how: str, part: int) -> "ModelLine":
        """Return the line with a part of it credited more."""
        more = {"quantity": (part, 0), "amount": (0, part)}[how]
        return ModelLine(
            self.quantity,
            self.net,
            self.tax,
            self.quantity_credited + more[0],
            self.amount_credited + more[1],
        )

    @property
    def credited(self) -> int:
        """What is credited so far, net and tax, each rounded once."""
        if self.amount_credited:
            share = Decimal(self.tax) * self.amount_credited / self.net
            return self.amount_credited + cents(share)
        if not self.quantity_credited:
            return 0
        part = Decimal(self.quantity_credited)
        return sum(cents(one * part / self.quantity) for one in (self.net, self.tax))

    @property
    def is_mixed(self) -> bool:
        """Whether it is credited in two ways."""
        return bool(self.quantity_credited and self.amount_credited)

    @property
    def is_exceeded(self) -> bool:
        """Whether more is credited than there was."""
        return abs(self.quantity_credited) > abs(self.quantity) or abs(self.amount_credited) > abs(
            self.net
        )

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left of it."""
        if self.amount_credited:
            return self.amount_credited == self.net
        return self.quantity_credited == self.quantity

    def rest(self) -> tuple[str, int]:
        """Return what is left of it."""
        if self.amount_credited:
            return "amount", self.net - self.amount_credited
        return "quantity", self.quantity - self.quantity_credited


@dataclass
class ModelInvoice:
    """An invoice as it was issued, and its lines with their credits."""

    issued: Invoice
    ticket: int
    series: tuple[str, int]
    total: int
    due_date: date
    lines: dict[int, ModelLine]
    notes: int = 0

    @property
    def credited(self) -> int:
        """What is credited of it."""
        return sum(line.credited for line in self.lines.values())

    @property
    def is_credited(self) -> bool:
        """Whether nothing is left of it."""
        if self.total and self.credited == self.total:
            return True
        return bool(self.lines or self.notes) and all(one.is_whole for one in self.lines.values())

    def refusal(self, parts: Sequence[tuple[int, str, int]]) -> str | None:
        """Return why no such parts can be credited."""
        if self.is_credited or (self.lines and not parts):
            return "more-than-invoiced"
        after = {n: self.lines[n].with_part(how, part) for n, how, part in parts}
        if any(line.is_mixed for line in after.values()):
            return "credited-otherwise"
        if any(line.is_exceeded for line in after.values()):
            return "more-than-invoiced"
        total = sum(line.credited for line in (self.lines | after).values())
        return None if 0 <= total <= self.total else "more-than-invoiced"

    def credit(self, parts: Iterable[tuple[int, str, int]]) -> int:
        """Credit parts and return what they come to."""
        before = self.credited
        self.notes += 1
        for number, how, part in parts:
            self.lines[number] = self.lines[number].with_part(how, part)
        return self.credited - before


@dataclass
class ModelTicket:
    """A ticket: whose it is, what it comes to, its payments and its invoices."""

    customer: int
    total: int = 0
    status: Status = Status.OPEN
    received: int = 0
    invoices: list[ModelInvoice] = field(default_factory=list)

    @property
    def standing(self) -> ModelInvoice | None:
        """The invoice that is not fully credited."""
        return next((one for one in self.invoices if not one.is_credited), None)

    def paid(self) -> Iterator[tuple[ModelInvoice, int]]:
        """Yield each invoice with what payments have filled of it."""
        left = self.received
        for invoice in self.invoices:
            filled = min(left, invoice.total - invoice.credited)
            left -= filled
            yield invoice, filled

    @property
    def due(self) -> int:
        """What is to be paid still."""
        return sum(one.total - one.credited - paid for one, paid in self.paid())

    @property
    def deposit(self) -> int:
        """What no invoice has taken."""
        return self.received - sum(paid for _, paid in self.paid())

    def issue_refusal(self) -> str | None:
        """Return why it cannot be invoiced."""
        if self.status not in FINISHED:
            return "not-completed"
        if self.standing:
            return "already-invoiced"
        return "total-negative" if self.total < 0 else None

    def payment_refusal(self, amount: int) -> str | None:
        """Return why no such amount is taken."""
        if self.status is Status.CANCELLED:
            return "ticket-frozen"
        return "more-than-due" if self.standing and amount > self.due else None

    def blockers(self, to: Status, *, invoicing: bool) -> list[str]:
        """Return what blocks a move; somebody is always there to do the work."""
        if (self.status, to) not in STATUS_CHANGES:
            return ["no-such-transition"]
        reopened = (self.status, to) == (Status.COMPLETED, Status.IN_PROGRESS)
        found = {
            "invoiced": reopened and self.standing,
            "not-invoiced": to is Status.CLOSED and invoicing and not self.standing,
            "deposit-unsettled": to is Status.CANCELLED and self.received,
        }
        return [code for code, holds in found.items() if holds]


def status_of(invoice: ModelInvoice, paid: int) -> str:
    """Return the payment status of an invoice."""
    if invoice.is_credited:
        return "credited"
    if invoice.total - invoice.credited == paid:
        return "paid"
    return "partly_paid" if paid else "unpaid"


def aged(tickets: Iterable[ModelTicket], today: date) -> Mapping[str, int]:
    """Return what is due on tickets by age, and their deposits; without what is 0."""
    amounts = {"deposits": 0}
    for ticket in tickets:
        amounts["deposits"] += ticket.deposit
        for invoice, paid in ticket.paid():
            late = (today - invoice.due_date).days
            names = [name for name, (first, last) in AGES.items() if first <= late <= last]
            name = names[0] if names else ("current" if late <= 0 else "over_90")
            due = invoice.total - invoice.credited - paid
            amounts[name] = amounts.get(name, 0) + due
    return {name: one for name, one in amounts.items() if one}
