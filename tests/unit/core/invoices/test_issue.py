"""Issue the invoice of a ticket."""

from datetime import date

import pytest
from attrs import evolve

from mechanic_core.customers.customer import CustomerId, CustomerNotFound
from mechanic_core.events.event import Event, EventType
from mechanic_core.invoices.invoice import (
    AlreadyInvoiced,
    InvoiceId,
    InvoiceNotFound,
    NotCompleted,
    OverAuthorized,
    PaymentStatus,
    TotalNegative,
)
from mechanic_core.money import Money, Percent, money, quantity
from mechanic_core.pricing.line import LineKind
from mechanic_core.pricing.pricing_rules import TaxRate
from mechanic_core.profile.billing import AuthorizationMode, Invoicing, Tolerance
from mechanic_core.tickets.lines.charge import ChargeForm
from mechanic_core.tickets.ticket import TicketId, TicketNotFound
from mechanic_core.tickets.workflow import Status, TransitionBlocked
from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.unit.core.conftest import ALL, Premises
from tests.unit.core.invoices.till import Till, as_issued, figures

MODES = [AuthorizationMode.CEILING, AuthorizationMode.STRICT]


def test_an_invoice_is_the_ticket_as_it_was_completed(till: Till) -> None:
    """
    Lines and totals are those of the ticket; whose it is and what was decided is written on it.
    """
    ticket = till.read()

    invoice = till.issue()

    assert ("INV-1", ticket.id, 1, "Ada") == (
        invoice.number,
        invoice.ticket_id,
        invoice.customer_id,
        invoice.customer.name,
    )
    price = till.premises.shop.read_price(MECHANIC, ticket.id)
    assert (price.lines, price.tax, price.totals) == (invoice.lines, invoice.tax, invoice.totals)
    assert (ticket.vehicle, ticket.service_date) == (invoice.vehicle, invoice.service_date)
    assert [("Brakes", 100_00)] == [(one.title, one.totals.total) for one in invoice.jobs]
    assert (100_00, 0, 0, 100_00, "unpaid") == figures(invoice)
    assert invoice == till.invoice(invoice)


@pytest.mark.parametrize("status", [Status.OPEN, Status.IN_PROGRESS, Status.ON_HOLD])
def test_only_finished_work_is_invoiced(premises: Premises, status: Status) -> None:
    """
    A ticket that is not completed has no invoice; neither has one that is cancelled.
    """
    till = Till(premises, premises.open())
    steps = {Status.OPEN: (), Status.IN_PROGRESS: (status,), Status.ON_HOLD: (status,)}
    till.go(*steps[status])

    with pytest.raises(NotCompleted) as refused:
        till.issue()
    assert status.value == refused.value.facts["current_state"]
    till.go(Status.CANCELLED)
    with pytest.raises(NotCompleted):
        till.issue()
    assert [] == till.invoices()


def test_a_closed_ticket_is_invoiced_too(till: Till) -> None:
    """
    Closing comes before the invoice where the shop does not require one.
    """
    till.go(Status.CLOSED)

    assert 100_00 == till.issue().totals.total


def test_a_ticket_is_invoiced_once(till: Till) -> None:
    """
    The second invoice is refused, and named is the first; no number is lost.
    """
    invoice = till.issue()

    with pytest.raises(AlreadyInvoiced) as refused:
        till.issue()

    assert {"invoice_id": invoice.id} == refused.value.facts
    assert "INV-2" == till.other("5").issue().number


def test_an_unknown_ticket_has_no_invoice(till: Till) -> None:
    """
    Neither is there an invoice that nobody has issued.
    """
    with pytest.raises(TicketNotFound):
        till.premises.shop.issue_invoice(MECHANIC, TicketId(99))
    with pytest.raises(InvoiceNotFound):
        till.premises.shop.read_invoice(MECHANIC, InvoiceId(99))


def test_a_total_below_0_is_not_invoiced(premises: Premises) -> None:
    """
    A ticket with nothing but a core that came back is refused.
    """
    till = Till(premises, premises.open())
    core = ChargeForm(
        kind=LineKind.CORE, description="Core", quantity=quantity(-1), unit_price=money(20)
    )
    premises.shop.add_charge(MECHANIC, till.ticket.id, core)
    till.complete()

    with pytest.raises(TotalNegative):
        till.issue()


def test_an_invoice_of_0_is_paid(premises: Premises) -> None:
    """
    A ticket without lines is invoiced for 0, of which nothing is due.
    """
    till = Till(premises, premises.open())
    till.complete()

    assert (0, 0, 0, 0, "paid") == figures(till.issue())


@pytest.mark.parametrize("mode", MODES)
def test_no_invoice_is_above_the_ceiling(till: Till, mode: AuthorizationMode) -> None:
    """
    Work that nobody authorized is not invoiced until a limit covers it, to the cent.
    """
    till.follow(authorization=mode, tolerance=Tolerance(amount=Money(500)))

    with pytest.raises(OverAuthorized) as refused:
        till.issue()
    amounts = {name: str(fact) for name, fact in refused.value.facts.items()}
    assert {"ceiling": "0.00", "current": "100.00", "excess": "100.00"} == amounts
    till.limit("99.99")
    with pytest.raises(OverAuthorized):
        till.issue()
    till.limit("100")
    assert ["INV-1"] == [till.issue().number]


def test_what_was_decided_is_on_the_invoice(premises: Premises) -> None:
    """
    The decisions of the ticket are those of the invoice, without the names of staff.
    """
    till = Till(premises, premises.open())
    till.follow(authorization=AuthorizationMode.CEILING)
    till.authorize(till.job("Brakes", "100"))
    till.complete()

    (decision,) = till.issue().decisions

    assert till.decisions()[0].digest == decision.digest
    assert decision.by is not None
    assert decision.by.name is None


def test_no_limit_is_taken_down_once_invoiced(till: Till) -> None:
    """
    The spending limit of a completed ticket can be set until the invoice, and after its credit.
    """
    till.limit("500")
    invoice = till.issue()

    with pytest.raises(AlreadyInvoiced) as refused:
        till.limit("600")
    assert {"invoice_id": invoice.id} == refused.value.facts
    till.credit(invoice)
    assert 600_00 == till.limit("600").amount


@pytest.mark.parametrize(
    ("zone", "days", "issued_on", "due_date"),
    [
        ("UTC", 0, date(2026, 3, 2), date(2026, 3, 2)),
        ("UTC", 30, date(2026, 3, 2), date(2026, 4, 1)),
        ("Pacific/Kiritimati", 14, date(2026, 3, 3), date(2026, 3, 17)),
        ("Pacific/Niue", 14, date(2026, 3, 1), date(2026, 3, 15)),
    ],
)
def test_days_are_those_of_the_shop(
    till: Till, zone: str, days: int, issued_on: date, due_date: date
) -> None:
    """
    An invoice is issued on the shop's day, and due so many days later as the profile says.
    """
    till.follow(time_zone=zone, payment_terms_days=days)
    till.set_clock("2026-03-02T10:59" if zone == "Pacific/Niue" else "2026-03-02T10:01")

    invoice = till.issue()

    assert (issued_on, due_date) == (invoice.issued_on, invoice.due_date)


def test_what_was_issued_never_changes(till: Till) -> None:
    """
    Another profile, another name of the customer, another tax: the invoice stays as it was.
    """
    rate = TaxRate(tax_class="fees", authority="State", percent=Percent(100_000))
    invoice = till.issue()
    till.follow(name="Other shop", payment_terms_days=9, tax_rates=(rate,), invoice_prefix="X-")
    till.premises.shop.change_customer(
        MANAGER, CustomerId(1), lambda form: evolve(form, name="Ada Other")
    )
    till.pay("30")

    after = till.invoice(invoice)

    assert ("Ada", "Mechanic Shop") == (after.customer.name, after.seller.name)
    assert as_issued(invoice) == as_issued(after)
    assert (100_00, 0, 30_00, 70_00, "partly_paid") == figures(after)


def test_an_invoiced_ticket_is_not_reopened(till: Till) -> None:
    """
    It shows in its transitions; once all is credited, a completed ticket can be reopened.
    """
    invoice = till.issue()
    assert ["invoiced"] == till.blockers(Status.IN_PROGRESS)

    till.credit(invoice)

    assert [] == till.blockers(Status.IN_PROGRESS)
    till.go(Status.IN_PROGRESS)
    till.fee(till.read().jobs[0], "7")
    till.go(Status.COMPLETED)
    assert (107_00, "INV-2") == ((after := till.issue()).totals.total, after.number)


def test_a_shop_may_require_an_invoice_to_close(till: Till) -> None:
    """
    `invoicing: required` blocks closing without an invoice, or with one that is credited.
    """
    till.follow(invoicing=Invoicing.REQUIRED)
    assert ["not-invoiced"] == till.blockers(Status.CLOSED)
    invoice = till.issue()
    assert [] == till.blockers(Status.CLOSED)
    till.credit(invoice)
    assert ["not-invoiced"] == till.blockers(Status.CLOSED)
    till.issue()
    assert Status.CLOSED is till.go(Status.CLOSED).status


def test_a_closed_ticket_is_invoiced_anew(till: Till) -> None:
    """
    Once all is credited, its same lines are on the next invoice, which payments fill.
    """
    first = till.issue()
    till.pay("60")
    till.go(Status.CLOSED)
    till.credit(first)

    second = till.issue()

    assert first.lines == second.lines
    assert (60_00, 0) == (second.deposit, first.deposit)
    assert (100_00, 100_00, 0, 0, "credited") == figures(till.invoice(first))
    assert (100_00, 0, 60_00, 40_00, "partly_paid") == figures(second)
    till.pay("40")
    assert (100_00, 0, 100_00, 0, "paid") == figures(till.invoice(second))


def test_the_customer_is_told_their_own(till: Till) -> None:
    """
    Customers read and list their own invoices, newest first; others' are not there for them.
    """
    first, second = till.issue(), till.other("5").issue()
    cleos = till.other("7", customer_id=2).issue()

    mine = till.premises.shop.list_my_invoices(CUSTOMER, ALL).items

    assert [second, first] == list(mine)
    assert first == till.invoice(first, CUSTOMER)
    with pytest.raises(InvoiceNotFound):
        till.invoice(cleos, CUSTOMER)


def test_invoices_are_found(till: Till) -> None:
    """
    By customer, ticket, payment status and days of issue.
    """
    till.issue()
    till.pay("100")
    till.premises.clock.advance(days=1)
    other = till.other("5", customer_id=2)
    other.issue()

    assert ["INV-1"] == till.invoices(customer_id=1)
    assert ["INV-2"] == till.invoices(ticket_id=other.ticket.id)
    assert ["INV-1"] == till.invoices(payment_status=PaymentStatus.PAID)
    assert ["INV-2"] == till.invoices(payment_status=PaymentStatus.UNPAID)
    assert ["INV-1", "INV-2"] == till.invoices()


def test_nothing_is_invoiced_to_who_is_erased(till: Till) -> None:
    """
    A customer without unfinished tickets can be erased, and owes nothing after that.
    """
    till.premises.erase(1)

    with pytest.raises(CustomerNotFound):
        till.issue()
    with pytest.raises(CustomerNotFound):
        till.pay("1")


def test_the_ticket_of_who_is_erased_is_only_closed(till: Till) -> None:
    """
    It cannot be reopened; it is closed without an invoice, which nobody would get.
    """
    till.follow(invoicing=Invoicing.REQUIRED)
    assert ["not-invoiced"] == till.blockers(Status.CLOSED)

    till.premises.erase(1)

    assert ["customer-erased"] == till.blockers(Status.IN_PROGRESS)
    with pytest.raises(TransitionBlocked):
        till.go(Status.IN_PROGRESS)
    assert Status.CLOSED is till.go(Status.CLOSED).status


def test_what_becomes_of_an_invoice_is_told(till: Till) -> None:
    """
    It is created, and changes by each payment and credit; a mirror needs nothing else.
    """
    seen: list[Event] = []
    till.premises.store.on_commit(seen.extend)

    invoice = till.issue()
    till.pay("40")
    till.credit(invoice)

    path = f"/invoices/{invoice.id}"
    assert [
        (EventType.INVOICE_CREATED, path),
        (EventType.PAYMENT_CREATED, "/payments/1"),
        (EventType.INVOICE_CHANGED, path),
        (EventType.INVOICE_CHANGED, path),
        (EventType.CREDIT_NOTE_CREATED, "/credit_notes/1"),
    ] == [(one.type, one.subject) for one in seen]
    assert {"paid", "due", "payment_status"} == set(seen[2].changes)
