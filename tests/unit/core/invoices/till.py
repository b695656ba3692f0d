"""What the till does with a ticket, in few words."""

from datetime import UTC, date, datetime
from typing import Any

from attrs import evolve, frozen

from mechanic_core.access import Actor
from mechanic_core.customers.customer import CustomerId, CustomerMerge
from mechanic_core.invoices.credit_note import CreditNote, CreditNoteForm
from mechanic_core.invoices.invoice import Invoice
from mechanic_core.invoices.ports import InvoiceFilter
from mechanic_core.money import Money, money, quantity
from mechanic_core.payments.payment import (
    Payment,
    PaymentForm,
    PaymentMethod,
    Refund,
    RefundForm,
)
from mechanic_core.pricing.credits import LineCredit
from mechanic_core.profile.calendar import Period
from mechanic_core.statements.receivables import Receivables
from mechanic_core.statements.statement import Statement
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.tickets.workflow import Status
from tests.shops import MANAGER, MECHANIC
from tests.unit.core.conftest import ALL
from tests.unit.core.estimates.desk import Desk


@frozen(eq=False)
class Till(Desk):
    """A ticket whose bill is written and paid."""

    def other(self, *prices: str, customer_id: int = 1) -> "Till":
        """Return another ticket that is completed, with a job for each price."""
        till = Till(self.premises, self.premises.open(customer_id=customer_id))
        for price in prices:
            till.job("Other work", price)
        till.complete()
        return till

    def complete(self) -> Ticket:
        """Do the work."""
        return self.go(Status.IN_PROGRESS, Status.COMPLETED)

    def issue(self) -> Invoice:
        """Issue the invoice of the ticket."""
        return self.premises.shop.issue_invoice(MECHANIC, self.ticket.id)

    def pay(self, amount: str, **given: Any) -> Payment:
        """Take a payment, in cash by default."""
        form = PaymentForm(amount=money(amount), **({"method": PaymentMethod.CASH} | given))
        return self.premises.shop.take_payment(MECHANIC, self.ticket.id, form)

    def refund(self, payment: Payment, amount: str, **given: Any) -> Refund:
        """Give a payment back, or a part."""
        form = RefundForm(amount=money(amount), reason="Came back", **given)
        return self.premises.shop.refund_payment(MANAGER, payment.id, form)

    def credit(self, invoice: Invoice, *lines: LineCredit) -> CreditNote:
        """Credit lines of an invoice; without any, all that is left."""
        form = CreditNoteForm(lines=lines or None, all_=not lines, reason="Came back")
        return self.premises.shop.credit_invoice(MANAGER, invoice.id, form)

    def invoice(self, invoice: Invoice, actor: Actor = MECHANIC) -> Invoice:
        """Return an invoice as it is."""
        return self.premises.shop.read_invoice(actor, invoice.id)

    def payment(self, payment: Payment) -> Payment:
        """Return a payment as it is."""
        return self.premises.shop.read_payment(MECHANIC, payment.id)

    def invoices(self, **wanted: Any) -> list[str]:
        """Return the numbers of the invoices wanted."""
        found = self.premises.shop.list_invoices(MECHANIC, InvoiceFilter(**wanted), ALL)
        return [one.number for one in found.items]

    def statement(self, since: date | None = None, until: date | None = None) -> Statement:
        """Return the statement of Ada's account."""
        period = Period(since=since, until=until)
        return self.premises.shop.read_statement(MECHANIC, CustomerId(1), period)

    def receivables(self, as_of: date | None = None) -> Receivables:
        """Return what all customers owe."""
        return self.premises.shop.read_receivables(MANAGER, as_of)

    def merge(self, into: int, former: int) -> None:
        """Merge two customers."""
        form = CustomerMerge(from_id=CustomerId(former))
        self.premises.shop.merge_customers(MANAGER, CustomerId(into), form)

    def set_clock(self, moment: str) -> None:
        """Set the clock to a moment in UTC."""
        self.premises.clock.at = datetime.fromisoformat(moment).replace(tzinfo=UTC)


def by_quantity(line: int, number: str) -> LineCredit:
    """Return a credit of a quantity of a line."""
    return LineCredit(line=line, quantity=quantity(number))


def by_amount(line: int, amount: str) -> LineCredit:
    """Return a credit of a net amount of a line."""
    return LineCredit(line=line, amount=money(amount))


def figures(invoice: Invoice) -> tuple[int, int, int, int, str]:
    """Return the total, what is credited, paid and due, and the status of an invoice."""
    return (
        invoice.totals.total,
        invoice.credited,
        invoice.paid,
        invoice.due,
        invoice.payment_status.value,
    )


def as_issued(invoice: Invoice) -> Invoice:
    """Return an invoice without what may change after its issue."""
    return evolve(
        invoice,
        customer_id=CustomerId(0),
        credited=Money(0),
        paid=Money(0),
        fully_credited=False,
        updated_at=invoice.issued_at,
        version=1,
    )
