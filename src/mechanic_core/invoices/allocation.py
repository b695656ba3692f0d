"""Allocation of payments: those of a ticket, less refunds, fill its invoices by number."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from attrs import evolve

from mechanic_core.invoices.balance import Balance, fill
from mechanic_core.invoices.credit_note import CreditNote, as_credited
from mechanic_core.invoices.invoice import Invoice, InvoiceId
from mechanic_core.money import Money
from mechanic_core.tickets.ticket import TicketId
from mechanic_core.unit_of_work import Work


def allocate(invoices: Sequence[Invoice], received: Money, at: datetime) -> tuple[Invoice, ...]:
    """Return *invoices* of one ticket, oldest first, filled with what was *received*.

    Each takes up to its total less what is credited; what is left is a deposit.
    """
    return tuple(invoice.with_paid(paid, at) for invoice, paid in _filled(invoices, received))


def _filled(invoices: Sequence[Invoice], received: Money) -> Iterable[tuple[Invoice, Money]]:
    amounts = (invoice.outstanding for invoice in invoices)
    return zip(invoices, fill(amounts, received), strict=True)


def as_documented(
    invoices: Iterable[Invoice], notes: Mapping[InvoiceId, Sequence[CreditNote]], received: Money
) -> tuple[Invoice, ...]:
    """Return *invoices* of one ticket with what their credit notes and payments make of them."""
    credited = [as_credited(invoice, notes.get(invoice.id, ())) for invoice in invoices]
    return tuple(evolve(invoice, paid=paid) for invoice, paid in _filled(credited, received))


def balance_of(invoices: Sequence[Invoice], received: Money) -> Balance:
    """Return the balance of the ticket that has these *invoices*; fully credited ones add nothing."""
    standing = [invoice.id for invoice in invoices if not invoice.fully_credited]
    return Balance(
        invoiced=Money(sum(invoice.outstanding for invoice in invoices)),
        received=received,
        invoice_id=standing[-1] if standing else None,
    )


def settle(  # noqa: PLR0913 - of which ticket, with what, when, and after which credit
    work: Work,
    ticket_id: TicketId,
    invoices: Sequence[Invoice],
    received: Money,
    at: datetime,
    credited: Invoice | None = None,
) -> None:
    """Store what *received* pays of the stored *invoices* of a locked ticket, and its balance.

    *credited* is the invoice that a credit has changed, which is stored with it.
    """
    present = [
        credited if credited and credited.id == invoice.id else invoice for invoice in invoices
    ]
    after = [
        work.invoices.save(filled) if filled != before else before
        for before, filled in zip(invoices, allocate(present, received, at), strict=True)
    ]
    work.balances.save(ticket_id, balance_of(after, received))
