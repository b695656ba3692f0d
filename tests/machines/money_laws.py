"""What must hold of invoices, payments and statements after every step, whatever was done."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from attrs import asdict, evolve

from mechanic_core.customers.customer import CustomerId
from mechanic_core.digests import digest_of
from mechanic_core.invoices.credit_note import CreditNote
from mechanic_core.invoices.invoice import NOT_DIGESTED, Invoice, InvoiceId
from mechanic_core.money import Money
from mechanic_core.profile.calendar import ALL_TIME
from mechanic_core.shop import Shop
from mechanic_core.tickets.ticket import TicketId
from tests.machines.money_model import ModelInvoice, ModelTicket, aged, status_of
from tests.shops import MANAGER, MECHANIC


def as_issued(invoice: Invoice) -> Invoice:
    """Return an invoice without what may change after its issue."""
    none = Money(0)
    return evolve(
        invoice,
        customer_id=CustomerId(0),
        credited=none,
        paid=none,
        fully_credited=False,
        updated_at=invoice.issued_at,
        version=1,
    )


def require_balance_law(
    shop: Shop,
    customers: Iterable[CustomerId],
    tickets: Mapping[TicketId, ModelTicket],
    today: date,
) -> None:
    """Require that statements come to what is due less deposits, and so do the receivables."""
    rows = {one.customer_id: one for one in shop.read_receivables(MANAGER).items}
    for customer in customers:
        theirs = [one for one in tickets.values() if one.customer == customer]
        statement = shop.read_statement(MECHANIC, customer, ALL_TIME)
        balance = sum(one.due - one.deposit for one in theirs)
        assert balance == statement.closing == sum(one.amount for one in statement.entries)
        row = rows.pop(customer, None)
        shown = {} if row is None else asdict(row)
        amounts = {name: one for name, one in shown.items() if one and name not in _WHOSE}
        assert aged(theirs, today) == amounts
        assert row is None or balance == row.balance
    assert {} == rows


_WHOSE = {"customer_id", "name"}


def require_figures(
    found: Sequence[Invoice],
    models: Mapping[InvoiceId, ModelInvoice],
    tickets: Mapping[TicketId, ModelTicket],
) -> None:
    """Require that figures follow from credits and payments, and all else is as it was issued."""
    assert list(models) == [one.id for one in found]
    paid = {id(one): paid for ticket in tickets.values() for one, paid in ticket.paid()}
    for invoice in found:
        model = models[invoice.id]
        filled = paid[id(model)]
        assert model.issued == as_issued(invoice)
        assert tickets[TicketId(model.ticket)].customer == invoice.customer_id
        due = model.total - model.credited - filled
        assert (model.credited, filled, due) == (invoice.credited, invoice.paid, invoice.due)
        assert status_of(model, filled) == invoice.payment_status
        assert model.due_date == invoice.due_date


def require_whole_series(
    documents: Iterable[Invoice | CreditNote], last: Mapping[str, int]
) -> None:
    """Require numbers 1 to n in each series, and in each document the digest of the one before."""
    series: dict[str, list[Invoice | CreditNote]] = defaultdict(list)
    for one in documents:
        left_out = NOT_DIGESTED if isinstance(one, Invoice) else {"id", "digest"}
        assert digest_of(one, left_out) == one.digest
        series[one.series].append(one)
    assert {name: count for name, count in last.items() if count} == {
        name: len(found) for name, found in series.items()
    }
    for found in series.values():
        found.sort(key=lambda one: one.sequence)
        assert list(range(1, len(found) + 1)) == [one.sequence for one in found]
        assert [None, *(one.digest for one in found[:-1])] == [one.previous for one in found]
