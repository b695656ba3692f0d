"""New invoices, credit notes, payments and refunds, and functions that store them."""

from datetime import timedelta
from itertools import count
from typing import Any, Final

from attrs import evolve

from mechanic_adapters.conformance.samples.estimates import (
    ADA,
    AUTHORITY,
    FEE,
    OLD_CAR,
    TEXT,
    new_answer,
)
from mechanic_adapters.conformance.samples.records import AT, DAY, TOTALS
from mechanic_core.access import By
from mechanic_core.invoices.balance import Balance
from mechanic_core.invoices.credit_note import CreditNote
from mechanic_core.invoices.invoice import Invoice, InvoicedJob
from mechanic_core.invoices.number_series import Series
from mechanic_core.money import Money, Percent, Quantity
from mechanic_core.payments.payment import Payment, PaymentMethod, Refund
from mechanic_core.pricing.credits import CreditedLine
from mechanic_core.pricing.discounts import Scope, TicketDiscount
from mechanic_core.pricing.document import AuthorityTax, PricedLine
from mechanic_core.pricing.line import LineKind
from mechanic_core.pricing.pricing_rules import TaxRate
from mechanic_core.profile.profile import ProfileValues
from mechanic_core.tickets.job import JobId, JobKind
from mechanic_core.tickets.ticket import Ticket, TicketId
from mechanic_core.unit_of_work import Store

TOTAL: Final = Money(10_000)
TAX: Final = AuthorityTax(
    tax_class="oil", authority=AUTHORITY, percent=Percent(1), base=Money(-7), tax=Money(2**60)
)
SYSTEM_ITSELF: Final = By(role=None, id=0)

_sequences = count(1_000_001)


def new_invoice(ticket: Ticket, total: int = TOTAL, **fields: Any) -> Invoice:
    """Return a new invoice of *ticket*, with a number that no other sample has."""
    sequence = next(_sequences)
    defaults: dict[str, Any] = {
        "customer": evolve(ADA, address=None, email=None, phone=None),
        "seller": ProfileValues(),
        "vehicle": None,
        "odometer": None,
        "service_date": DAY,
        "description": "Grinding noise when braking",
        "jobs": (),
        "lines": (),
        "discounts": (),
        "tax": (),
        "totals": evolve(TOTALS, total=Money(total)),
        "deposit": Money(0),
        "decisions": (),
        "issued_at": AT,
        "issued_on": DAY,
        "due_date": DAY + timedelta(days=30),
        "by": SYSTEM_ITSELF,
        "updated_at": AT,
    }
    draft = Invoice(
        number="",
        series="",
        sequence=0,
        ticket_id=ticket.id,
        customer_id=ticket.customer_id,
        previous=None,
        **defaults | fields,
    )
    return draft.numbered(Series(prefix="SAMPLE-", last=sequence - 1, digest=None))


def full_invoice(ticket: Ticket, **fields: Any) -> Invoice:
    """Return a new invoice with every member."""
    rate = TaxRate(tax_class="oil", authority=AUTHORITY, percent=Percent(1))
    every: dict[str, Any] = {
        "customer": ADA,
        "seller": ProfileValues(tax_rates=(rate,), supplies_fee=FEE, disclosures=(TEXT,)),
        "vehicle": OLD_CAR,
        "odometer": 148_200,
        "description": TEXT,
        "jobs": (InvoicedJob(id=JobId(2**50), title=TEXT, kind=JobKind.WARRANTY, totals=TOTALS),),
        "lines": (
            PricedLine(**_figures(LineKind.CORE), quantity=Quantity(-1)),
            PricedLine(**_figures(LineKind.SUPPLIES, job_id=7), quantity=Quantity(2)),
        ),
        "discounts": (TicketDiscount(scope=Scope.ALL, percent=Percent(1), reason=TEXT),),
        "tax": (TAX,),
        "deposit": Money(77),
        "decisions": (new_answer(ticket), new_answer(ticket, by=None)),
        "paid": Money(5),
    }
    return new_invoice(ticket, **every | fields)


def new_credit_note(invoice: Invoice, total: int = 1000, **fields: Any) -> CreditNote:
    """Return a new credit note of *invoice*, with a number that no other sample has."""
    sequence = next(_sequences)
    defaults: dict[str, Any] = {
        "customer": invoice.customer,
        "seller": ProfileValues(),
        "lines": (
            CreditedLine(**_figures(LineKind.CORE), quantity=None),
            CreditedLine(**_figures(LineKind.PART), quantity=Quantity(-1)),
        ),
        "tax": (TAX,),
        "totals": evolve(TOTALS, total=Money(total)),
        "reason": TEXT,
        "issued_at": AT,
        "issued_on": DAY,
        "by": SYSTEM_ITSELF,
    }
    draft = CreditNote(
        number="",
        series="",
        sequence=0,
        invoice_id=invoice.id,
        invoice_number=invoice.number,
        ticket_id=invoice.ticket_id,
        customer_id=invoice.customer_id,
        previous=None,
        **defaults | fields,
    )
    return draft.numbered(Series(prefix="CREDIT-", last=sequence - 1, digest="a" * 64))


def _figures(kind: LineKind, **fields: Any) -> dict[str, Any]:
    figures: dict[str, Any] = {
        "line": 1,
        "kind": kind,
        "id": None,
        "job_id": None,
        "description": TEXT,
        "unit_price": Money(1),
        "amount": Money(-2),
        "discount": Money(3),
        "net": Money(-4),
        "tax": Money(5),
        "tax_class": "oil",
    }
    return figures | fields


def new_payment(ticket: Ticket, amount: int = 5000, **fields: Any) -> Payment:
    """Return a new payment for *ticket*."""
    defaults: dict[str, Any] = {
        "method": PaymentMethod.CASH,
        "received_on": DAY,
        "reference": None,
        "at": AT,
        "by": SYSTEM_ITSELF,
    }
    return Payment(
        ticket_id=ticket.id,
        customer_id=ticket.customer_id,
        amount=Money(amount),
        **defaults | fields,
    )


def new_refund(amount: int = 100, **fields: Any) -> Refund:
    """Return a new refund."""
    defaults: dict[str, Any] = {
        "method": PaymentMethod.CARD,
        "reason": TEXT,
        "received_on": DAY,
        "at": AT,
        "by": SYSTEM_ITSELF,
    }
    return Refund(amount=Money(amount), **defaults | fields)


def add_invoice(store: Store, invoice: Invoice) -> Invoice:
    """Add an invoice in a transaction of its own."""
    with store.begin() as work:
        return work.invoices.add(invoice)


def add_credit_note(store: Store, note: CreditNote) -> CreditNote:
    """Add a credit note in a transaction of its own."""
    with store.begin() as work:
        return work.credit_notes.add(note)


def add_payment(store: Store, payment: Payment) -> Payment:
    """Add a payment in a transaction of its own."""
    with store.begin() as work:
        return work.payments.add(payment)


def add_refund(store: Store, payment: Payment, refund: Refund) -> Payment:
    """Add a refund of a stored payment in a transaction of its own."""
    with store.begin() as work:
        return work.payments.add_refund(payment.with_refund(refund))


def save_balance(store: Store, ticket_id: TicketId, invoiced: int = 0, received: int = 0) -> None:
    """Save the balance of a ticket in a transaction of its own."""
    balance = Balance(invoiced=Money(invoiced), received=Money(received))
    with store.begin() as work:
        work.balances.save(ticket_id, balance)
