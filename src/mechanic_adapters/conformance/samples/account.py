"""The account of a customer, with what is invoiced and paid on chosen days."""

from datetime import date, datetime, timedelta
from typing import Final

from attrs import field, frozen

from mechanic_adapters.conformance.samples.invoices import (
    add_credit_note,
    add_invoice,
    add_payment,
    add_refund,
    new_credit_note,
    new_invoice,
    new_payment,
    new_refund,
    save_balance,
)
from mechanic_adapters.conformance.samples.records import (
    AT,
    DAY,
    add_customer,
    add_ticket,
)
from mechanic_core.customers.customer import Customer
from mechanic_core.invoices.invoice import Invoice
from mechanic_core.payments.payment import Payment
from mechanic_core.tickets.ticket import Ticket, TicketId
from mechanic_core.unit_of_work import Store

TERMS: Final = timedelta(days=30)


def day(number: int) -> date:
    """Return a day by its distance from `DAY`."""
    return DAY + timedelta(days=number)


@frozen
class Account:
    """One customer with tickets; each step is made on a day of its own choice.

    It keeps the balances, as the use cases do.
    """

    store: Store
    customer: Customer
    owed: dict[int, list[int]] = field(factory=dict)

    @classmethod
    def open(cls, store: Store, name: str = "Ada") -> "Account":
        """Return the account of a new customer."""
        return cls(store, add_customer(store, name=name))

    def ticket(self) -> Ticket:
        """Add a ticket."""
        return add_ticket(self.store, self.customer)

    def invoice(self, ticket: Ticket, on: int, total: int = 100, at: datetime = AT) -> Invoice:
        """Issue an invoice on a day."""
        issued = day(on)
        new = new_invoice(ticket, total, issued_on=issued, due_date=issued + TERMS, issued_at=at)
        self._owe(ticket.id, total, 0)
        return add_invoice(self.store, new)

    def credit(self, invoice: Invoice, on: int, total: int, at: datetime = AT) -> str:
        """Issue a credit note on a day, and return its path."""
        new = new_credit_note(invoice, total, issued_on=day(on), issued_at=at)
        self._owe(invoice.ticket_id, -total, 0)
        return f"/credit_notes/{add_credit_note(self.store, new).id}"

    def pay(self, ticket: Ticket, on: int, amount: int = 100, at: datetime = AT) -> Payment:
        """Take a payment on a day."""
        self._owe(ticket.id, 0, amount)
        return add_payment(self.store, new_payment(ticket, amount, received_on=day(on), at=at))

    def refund(self, payment: Payment, on: int, amount: int, at: datetime = AT) -> Payment:
        """Give a part of a payment back on a day."""
        self._owe(payment.ticket_id, 0, -amount)
        return add_refund(self.store, payment, new_refund(amount, received_on=day(on), at=at))

    def _owe(self, ticket_id: TicketId, invoiced: int, received: int) -> None:
        balance = self.owed.setdefault(ticket_id, [0, 0])
        balance[0] += invoiced
        balance[1] += received
        save_balance(self.store, ticket_id, *balance)
