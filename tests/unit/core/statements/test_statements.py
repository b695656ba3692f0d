"""What one customer owes, entry by entry."""

from datetime import date

import pytest

from mechanic_core.customers.customer import BalanceOpen, CustomerId, CustomerNotFound
from mechanic_core.errors import RuleBroken
from mechanic_core.invoices.ports import InvoiceFilter
from mechanic_core.profile.calendar import ALL_TIME
from mechanic_core.statements.statement import Statement
from mechanic_core.tickets.forms import TicketForm
from mechanic_core.tickets.ownership import CustomerFixed
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.tickets.workflow import Status
from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.unit.core.conftest import ALL
from tests.unit.core.invoices.till import Till, by_amount


def lines(statement: Statement) -> list[tuple[str, str, str, str | None, int, int]]:
    """Return the entries of a statement."""
    return [
        (one.on.isoformat()[5:], one.kind.value, one.subject, one.number, one.amount, one.balance)
        for one in statement.entries
    ]


def give(till: Till, customer_id: int) -> Ticket:
    """Make the ticket another customer's."""

    def change(form: TicketForm) -> TicketForm:
        return TicketForm(
            description=form.description,
            service_date=form.service_date,
            customer_id=customer_id,
        )

    return till.premises.shop.change_ticket(MECHANIC, till.ticket.id, change)


@pytest.fixture
def busy(till: Till) -> Till:
    """A month: a deposit, an invoice, money that came late, a credit and a refund."""
    payment = till.pay("30", received_on=date(2026, 2, 20))
    invoice = till.issue()
    till.premises.clock.advance(days=8)
    till.pay("40", received_on=date(2026, 3, 2))
    till.credit(invoice, by_amount(1, "50"))
    till.refund(payment, "20")
    return till


def test_a_statement_has_every_entry(busy: Till) -> None:
    """
    By day, then in the order in which they were entered; each with the balance after it.
    """
    statement = busy.statement()

    assert (0, 0) == (statement.opening, statement.closing)
    assert [
        ("02-20", "payment", "/payments/1", None, -30_00, -30_00),
        ("03-02", "invoice", "/invoices/1", "INV-1", 100_00, 70_00),
        ("03-02", "payment", "/payments/2", None, -40_00, 30_00),
        ("03-10", "credit_note", "/credit_notes/1", "CN-1", -50_00, -20_00),
        ("03-10", "refund", "/payments/1", None, 20_00, 0),
    ] == lines(statement)


@pytest.mark.parametrize(
    ("since", "until", "opening", "closing", "kinds"),
    [
        (date(2026, 3, 2), None, -30_00, 0, ["invoice", "payment", "credit_note", "refund"]),
        (date(2026, 3, 3), None, 30_00, 0, ["credit_note", "refund"]),
        (None, date(2026, 3, 1), 0, -30_00, ["payment"]),
        (date(2026, 2, 20), date(2026, 3, 2), 0, 30_00, ["payment", "invoice", "payment"]),
        (date(2026, 3, 3), date(2026, 3, 9), 30_00, 30_00, []),
        (date(2026, 3, 11), None, 0, 0, []),
    ],
)
def test_a_statement_is_of_a_period(  # noqa: PLR0913 - what is asked and what is answered
    busy: Till,
    since: date | None,
    until: date | None,
    opening: int,
    closing: int,
    kinds: list[str],
) -> None:
    """
    Both days are in it; what was before them is the opening.
    """
    statement = busy.statement(since, until)

    assert (opening, closing, kinds) == (
        statement.opening,
        statement.closing,
        [one.kind.value for one in statement.entries],
    )
    assert (since, until) == (statement.since, statement.until)


def test_a_period_does_not_end_before_it_begins(busy: Till) -> None:
    """
    That is refused.
    """
    with pytest.raises(RuleBroken):
        busy.statement(date(2026, 3, 3), date(2026, 3, 2))


def test_a_statement_at_any_day_is_what_is_receivable(busy: Till) -> None:
    """
    Its closing is the balance of the receivables as of that day.
    """
    for day in [date(2026, 2, 19), date(2026, 2, 20), date(2026, 3, 2), date(2026, 3, 9)]:
        rows = busy.receivables(day).items
        assert busy.statement(None, day).closing == sum(one.balance for one in rows)


def test_customers_read_their_own(busy: Till) -> None:
    """
    That of another, or of nobody, is not there for them.
    """
    shop = busy.premises.shop

    assert busy.statement() == shop.read_statement(CUSTOMER, CustomerId(1), ALL_TIME)
    for other in (2, 99):
        with pytest.raises(CustomerNotFound):
            shop.read_statement(CUSTOMER, CustomerId(other), ALL_TIME)


def test_a_merge_moves_what_is_owed(busy: Till) -> None:
    """
    Invoices, credit notes, payments and refunds are entries of who has both records then.
    """
    before = busy.statement()
    cleos = busy.other("5", customer_id=2)
    cleos.issue()

    busy.merge(1, 2)

    after = busy.statement()
    assert (before.closing + 5_00, len(before.entries) + 1) == (after.closing, len(after.entries))
    assert ["INV-1", "INV-2"] == busy.invoices(customer_id=1)
    assert "Cleo" == cleos.premises.shop.list_my_invoices(CUSTOMER, ALL).items[0].customer.name
    assert [1] == [one.customer_id for one in busy.receivables().items]


def test_who_owes_is_not_erased(till: Till) -> None:
    """
    Neither is who has paid ahead; the tickets that are not settled are named.
    """
    payment = till.pay("1")
    with pytest.raises(BalanceOpen) as deposit:
        till.premises.erase(1)
    till.refund(payment, "1")
    till.issue()
    with pytest.raises(BalanceOpen) as due:
        till.premises.erase(1)
    till.pay("100")

    till.premises.erase(1)

    assert {"tickets": [till.ticket.id]} == due.value.facts == deposit.value.facts
    assert ("Ada", "paid") == (
        (
            kept := till.premises.shop.list_invoices(MECHANIC, InvoiceFilter(), ALL).items[0]
        ).customer.name,
        kept.payment_status,
    )


def test_the_customer_is_fixed_by_money(till: Till) -> None:
    """
    Once there is a payment, even one that was refunded, or an invoice, even one that is credited.
    """
    paid, free = (Till(till.premises, till.premises.open()) for _ in range(2))
    paid.refund(paid.pay("1"), "1")
    till.credit(till.issue())
    till.go(Status.IN_PROGRESS)
    free.job("Brakes", "5")

    for fixed in (paid, till):
        with pytest.raises(CustomerFixed):
            give(fixed, 2)
    assert 2 == give(free, 2).customer_id


def test_all_money_is_in_the_export(busy: Till) -> None:
    """
    Tickets have their payments, and invoices their credit notes.
    """
    export = busy.premises.shop.export_customer(MANAGER, CustomerId(1))

    (ticket,) = export.service_tickets
    assert [1, 2] == [one.id for one in ticket.payments]
    assert [1] == [len(one.refunds) for one in ticket.payments if one.refunds]
    (invoice,) = export.invoices
    assert ("INV-1", ["CN-1"]) == (
        invoice.invoice.number,
        [one.number for one in invoice.credit_notes],
    )
