"""The demo's cash desk: deposits, invoices, how customers pay, and what they are given back."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Final

from attrs import frozen

from mechanic_core.access import Actor
from mechanic_core.inventory.movement import MovementForm
from mechanic_core.inventory.part import Kind
from mechanic_core.invoices.credit_note import CreditNoteForm
from mechanic_core.invoices.invoice import Invoice
from mechanic_core.money import Money, Quantity
from mechanic_core.payments.payment import Payment, PaymentForm, PaymentMethod, RefundForm
from mechanic_core.pricing.credits import LineCredit
from mechanic_core.pricing.line import LineKind
from mechanic_core.shop import Shop
from mechanic_core.tickets.ticket import TicketId
from mechanic_shop.demo.billing import TERMS_DAYS
from mechanic_shop.demo.repair_jobs import RepairJob

DEPOSIT: Final = Money(100_00)

DEPOSITED: Final = 0.6
ON_ACCOUNT: Final = 0.22
LATE: Final = 0.4
IN_PARTS: Final = 0.06
NEVER: Final = 0.02
RETURNED: Final = 0.5
"""How likely each of these is, from 0 to 1."""

_AT_THE_DESK: Final = (
    PaymentMethod.CARD,
    PaymentMethod.CARD,
    PaymentMethod.CARD,
    PaymentMethod.CASH,
    PaymentMethod.CHECK,
)


@frozen
class CashDesk:
    """Issues invoices, and takes and gives back money."""

    shop: Shop
    clerk: Actor
    random: Random

    def take_deposit(self, ticket_id: TicketId, job: RepairJob) -> None:
        """Take a deposit before a larger job, most of the time."""
        if job.is_large and self._happens(DEPOSITED):
            self._pay(ticket_id, DEPOSIT, PaymentMethod.CARD)

    def bill(self, ticket_id: TicketId) -> Invoice:
        """Issue the invoice of a completed ticket."""
        return self.shop.issue_invoice(self.clerk, ticket_id)

    def collect(self, invoice: Invoice, job: RepairJob) -> Iterator[timedelta]:
        """Take what is due: at the desk, by transfer within the terms or late, or never."""
        if self._happens(NEVER):
            return
        due, ticket_id = invoice.due, invoice.ticket_id
        if self._happens(IN_PARTS):
            first = Money(due // 2)
            self._pay(ticket_id, first, PaymentMethod.CASH)
            yield self._days(10, 40)
            self._pay(ticket_id, Money(due - first), PaymentMethod.CASH)
        elif self._happens(ON_ACCOUNT):
            most = (TERMS_DAYS + 1, 100) if self._happens(LATE) else (2, TERMS_DAYS)
            yield self._days(*most)
            self._pay(ticket_id, due, PaymentMethod.TRANSFER, f"Invoice {invoice.number}")
        else:
            payment = self._pay(ticket_id, due, self.random.choice(_AT_THE_DESK))
            if job.spare and self._happens(RETURNED):
                yield self._days(1, 5)
                self._take_back(invoice, payment, job.spare)

    def _pay(
        self,
        ticket_id: TicketId,
        amount: Money,
        method: PaymentMethod,
        reference: str | None = None,
    ) -> Payment:
        if method is PaymentMethod.CHECK:
            reference = f"check {self.random.randrange(1000, 9999)}"
        form = PaymentForm(amount=amount, method=method, reference=reference)
        return self.shop.take_payment(self.clerk, ticket_id, form)

    def _take_back(self, invoice: Invoice, payment: Payment, quantity: Quantity) -> None:
        """Credit so much of the first part on *invoice*, refund it, and put it on the shelf."""
        shop, reason = self.shop, "Returned unopened"
        line = next(one.line for one in invoice.lines if one.kind is LineKind.PART)
        form = CreditNoteForm(lines=(LineCredit(line=line, quantity=quantity),), reason=reason)
        note = shop.credit_invoice(self.clerk, invoice.id, form)
        refund = RefundForm(amount=note.totals.total, reason=reason)
        shop.refund_payment(self.clerk, payment.id, refund)
        part_id = shop.read_ticket(self.clerk, invoice.ticket_id).parts[0].part_id
        movement = MovementForm(kind=Kind.RETURN, quantity=quantity, note=reason)
        shop.move_stock(self.clerk, part_id, movement)

    def _days(self, least: int, most: int) -> timedelta:
        """Return a random time of that many days, to the minute."""
        minutes = self.random.randrange(least * 24 * 60, most * 24 * 60)
        return timedelta(minutes=minutes)

    def _happens(self, probability: float) -> bool:
        return self.random.random() < probability
