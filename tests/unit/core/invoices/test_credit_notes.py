"""Give invoices back, in whole and in parts."""

from typing import Any

import pytest

from mechanic_core.errors import NotFound, Problem, RuleBroken, Unknown
from mechanic_core.invoices.credit_note import CreditNote, CreditNoteForm, CreditNoteNotFound
from mechanic_core.invoices.invoice import Invoice
from mechanic_core.money import Money, Percent, Quantity, money, quantity
from mechanic_core.pricing.credits import CreditedOtherwise, LineCredit, MoreThanInvoiced
from mechanic_core.pricing.discounts import Discount, Scope, TicketDiscount
from mechanic_core.pricing.line import LineKind
from mechanic_core.pricing.pricing_rules import TaxRate, TaxRounding
from mechanic_core.tickets.forms import DiscountsForm
from mechanic_core.tickets.job import JobKind
from mechanic_core.tickets.lines.charge import ChargeForm
from mechanic_core.tickets.workflow import Status
from tests.shops import CUSTOMER, MECHANIC
from tests.unit.core.conftest import ALL, Premises
from tests.unit.core.invoices.till import Till, by_amount, by_quantity, figures
from tests.unit.core.pricing.test_vectors import VECTORS

KINDS = {"part": LineKind.FEE, "labor": LineKind.SUBLET, "fee": LineKind.FEE}
"""Charges take any price and tax class: what a line is makes no difference to its credit."""

CREDITED = [
    pytest.param(one, id=one["name"])
    for one in VECTORS
    if "credit_notes" in one
    and not any("scope" in extra for extra in one["options"].get("discounts", ()))
]


def notes_of(till: Till, invoice: Invoice) -> tuple[CreditNote, ...]:
    """Return the credit notes of an invoice."""
    return till.premises.shop.list_credit_notes(MECHANIC, invoice.id, ALL).items


def add(till: Till, price: str, number: str = "1", **given: Any) -> None:
    """Add a charge to the ticket."""
    form = ChargeForm(
        kind=given.pop("kind", LineKind.FEE),
        description="Work",
        quantity=quantity(number),
        unit_price=money(price),
        **given,
    )
    till.premises.shop.add_charge(MECHANIC, till.ticket.id, form)


@pytest.fixture
def thirds(premises: Premises) -> Till:
    """A completed ticket with 3 pieces at 33.35, taxed with 8.25 %, and one of 50.00 untaxed."""
    till = Till(premises, premises.open())
    till.follow(tax_rates=(TaxRate(tax_class="fees", authority="State", percent=Percent(82_500)),))
    add(till, "33.35", "3")
    add(till, "50", tax_class="none")
    till.complete()
    return till


def test_credits_of_all_parts_sum_to_the_invoice(thirds: Till) -> None:
    """
    Net and tax of each credit are differences of rounded sums: no cent is lost or made.
    """
    invoice = thirds.issue()
    parts = [by_quantity(1, "1")], [by_quantity(1, "1"), by_amount(2, "20")], [by_quantity(1, "1")]

    notes = [thirds.credit(invoice, *lines) for lines in parts]
    notes.append(thirds.credit(invoice))

    assert [(33_35, 2_75), (53_35, 2_75), (33_35, 2_75), (30_00, 0)] == [
        (note.totals.net, note.totals.tax) for note in notes
    ]
    assert invoice.totals.total == sum(note.totals.total for note in notes) == 158_30
    assert "credited" == thirds.invoice(invoice).payment_status
    assert tuple(notes) == notes_of(thirds, invoice)


def test_what_is_left_is_credited_at_once(thirds: Till) -> None:
    """
    `all` takes what is left of every line, however it was credited before; then nothing is left.
    """
    invoice = thirds.issue()
    thirds.credit(invoice, by_quantity(1, "0.5"), by_amount(2, "0.01"))

    note = thirds.credit(invoice)

    assert [(1, 2500), (2, None)] == [(line.line, line.quantity) for line in note.lines]
    assert 49_99 == note.lines[1].net
    with pytest.raises(MoreThanInvoiced):
        thirds.credit(invoice)
    with pytest.raises(MoreThanInvoiced):
        thirds.credit(invoice, by_quantity(1, "0.001"))
    assert 2 == len(notes_of(thirds, invoice))


def test_a_line_is_credited_one_way(thirds: Till) -> None:
    """
    By quantity or by amount: the other way is refused, and the lines are named.
    """
    invoice = thirds.issue()
    thirds.credit(invoice, by_quantity(1, "1"), by_amount(2, "1"))

    with pytest.raises(CreditedOtherwise) as refused:
        thirds.credit(invoice, by_amount(1, "1"), by_quantity(2, "0.5"))

    assert {"line_numbers": (1, 2)} == refused.value.facts
    assert 1 == len(notes_of(thirds, invoice))


@pytest.mark.parametrize(
    "beyond", [by_quantity(1, "2.001"), by_quantity(2, "1.001"), by_amount(2, "50.01")]
)
def test_no_more_is_credited_than_was_invoiced(thirds: Till, beyond: LineCredit) -> None:
    """
    Of a line no more than is left of it; then nothing of the credit is stored.
    """
    invoice = thirds.issue()
    thirds.credit(invoice, by_quantity(1, "1"))

    with pytest.raises(MoreThanInvoiced) as refused:
        thirds.credit(invoice, beyond)

    assert {"line_numbers": (beyond.line,)} == refused.value.facts
    assert thirds.invoice(invoice).credited == notes_of(thirds, invoice)[0].totals.total
    assert "CN-2" == thirds.credit(invoice).number


def test_credits_never_pass_the_sum_of_the_invoice(premises: Premises) -> None:
    """
    Where a core lowers the total, other lines are not credited beyond it, nor the core alone.
    """
    till = Till(premises, premises.open())
    add(till, "100")
    add(till, "20", "-1", kind=LineKind.CORE)
    till.complete()
    invoice = till.issue()

    with pytest.raises(MoreThanInvoiced):
        till.credit(invoice, by_quantity(1, "1"))
    with pytest.raises(MoreThanInvoiced):
        till.credit(invoice, by_quantity(2, "1"))

    till.credit(invoice, by_amount(1, "30"))
    note = till.credit(invoice)
    assert (50_00, [70_00, -20_00]) == (note.totals.total, [line.net for line in note.lines])
    assert (80_00, 80_00, 0, 0, "credited") == figures(till.invoice(invoice))


def test_what_was_given_away_can_be_credited(premises: Premises) -> None:
    """
    An invoice of 0 with lines is credited when each of them is.
    """
    till = Till(premises, premises.open())
    till.job("Again", "40", kind=JobKind.WARRANTY)
    till.job("Again", "50", kind=JobKind.WARRANTY)
    till.complete()
    invoice = till.issue()

    till.credit(invoice, by_quantity(1, "1"))
    assert (0, 0, 0, 0, "paid") == figures(till.invoice(invoice))
    till.credit(invoice)

    assert (0, 0, 0, 0, "credited") == figures(till.invoice(invoice))
    assert [] == till.blockers(Status.IN_PROGRESS)


def test_an_invoice_without_lines_is_credited_once(premises: Premises) -> None:
    """
    Then its ticket can be reopened, as that of any other invoice.
    """
    till = Till(premises, premises.open())
    till.complete()
    invoice = till.issue()

    till.credit(invoice)

    assert (0, 0, 0, 0, "credited") == figures(till.invoice(invoice))
    assert [] == till.blockers(Status.IN_PROGRESS)
    with pytest.raises(MoreThanInvoiced):
        till.credit(invoice)


@pytest.mark.parametrize("vector", CREDITED)
def test_the_published_credits_are_those_of_an_invoice(
    premises: Premises, vector: dict[str, Any]
) -> None:
    """
    The lines of a published vector, invoiced and credited in its steps, come to its figures.
    """
    till, options = Till(premises, premises.open()), vector["options"]
    rates = [
        TaxRate(tax_class=tax_class, authority=name, percent=Percent(ppm))
        for tax_class, found in options.get("taxes", {}).items()
        for name, ppm in found
    ]
    till.follow(
        tax_rates=tuple(rates),
        tax_rounding=TaxRounding(options.get("tax_at", "document")),
        prices_include_tax=options.get("inclusive", False),
    )
    for line in vector["lines"]:
        off = Discount(percent=Percent(line["disc_ppm"])) if "disc_ppm" in line else None
        form = ChargeForm(
            kind=KINDS[line["kind"]],
            description="Work",
            quantity=Quantity(line["qty"]),
            unit_price=Money(line["price"]),
            tax_class=line["tax"],
            discount=off,
        )
        premises.shop.add_charge(MECHANIC, till.ticket.id, form)
    till.complete()
    invoice = till.issue()

    for note in vector["credit_notes"]:
        numbers = {one["id"]: place for place, one in enumerate(vector["lines"], start=1)}
        lines = [
            LineCredit(line=numbers[int(one)], quantity=Quantity(part))
            for one, part in note["quantities"].items()
        ]
        given = till.credit(invoice, *lines)
        assert (note["net"], note["tax"]) == (given.totals.net, given.totals.tax)
    assert vector["expect"]["total"] == invoice.totals.total


def test_a_ticket_discount_is_credited_in_its_parts(premises: Premises) -> None:
    """
    Each line gives back its share of the ticket's discount, and all together no more.
    """
    till = Till(premises, premises.open())
    for price in ("10", "10", "10"):
        add(till, price)
    ten = TicketDiscount(scope=Scope.ALL, amount=Money(10_00), reason="Regular")
    premises.shop.replace_discounts(MECHANIC, till.ticket.id, DiscountsForm(items=(ten,)))
    till.complete()
    invoice = till.issue()

    nets = [till.credit(invoice, by_quantity(line, "1")).totals.net for line in (1, 2, 3)]

    assert [6_66, 6_67, 6_67] == sorted(nets)
    assert "credited" == till.invoice(invoice).payment_status


def test_paid_money_that_is_credited_is_a_deposit(till: Till) -> None:
    """
    Less is due and less is paid; what was paid beyond is there for the next invoice.
    """
    invoice = till.issue()
    till.pay("70")

    till.credit(invoice, by_amount(1, "20"))
    assert (100_00, 20_00, 70_00, 10_00, "partly_paid") == figures(till.invoice(invoice))
    till.credit(invoice, by_amount(1, "30"))
    assert (100_00, 50_00, 50_00, 0, "paid") == figures(till.invoice(invoice))

    assert 20_00 == till.receivables().totals.deposits


def test_a_credit_note_says_what_it_credits(till: Till) -> None:
    """
    It names its invoice, the customer and the shop of today, and the reason.
    """
    invoice = till.issue()
    till.follow(name="New name")

    note = till.credit(invoice, by_amount(1, "1"))

    assert ("CN-1", "INV-1", invoice.id) == (note.number, note.invoice_number, note.invoice_id)
    assert (invoice.customer, "New name", "Came back") == (
        note.customer,
        note.seller.name,
        note.reason,
    )
    assert note == till.premises.shop.read_credit_note(CUSTOMER, note.id)


def test_others_credit_notes_are_not_there(till: Till) -> None:
    """
    A customer reads and lists the credit notes of their own invoices alone.
    """
    cleos = till.other("7", customer_id=2)
    invoice = cleos.issue()
    note = cleos.credit(invoice)

    with pytest.raises(CreditNoteNotFound):
        till.premises.shop.read_credit_note(CUSTOMER, note.id)
    with pytest.raises(NotFound):
        till.premises.shop.list_credit_notes(CUSTOMER, invoice.id, ALL)


def test_a_credit_is_not_dated_before_its_invoice(till: Till) -> None:
    """
    Whoever moves the shop's time zone to yesterday credits on the day of the invoice.
    """
    till.follow(time_zone="Pacific/Kiritimati")
    invoice = till.issue()
    payment = till.pay("10")
    till.follow(time_zone="Pacific/Niue")

    assert invoice.issued_on == till.credit(invoice, by_amount(1, "1")).issued_on
    assert payment.received_on == till.refund(payment, "1").received_on


@pytest.mark.parametrize(
    ("given", "detail"),
    [
        ({}, "is required, or all"),
        ({"all_": True, "lines": (by_quantity(1, "1"),)}, "must not be given with all"),
    ],
)
def test_lines_or_all_are_given(given: dict[str, Any], detail: str) -> None:
    """
    One of both, and not both.
    """
    with pytest.raises(RuleBroken) as refused:
        CreditNoteForm(**given, reason="Came back")
    assert (Problem("#/lines", detail),) == refused.value.problems


def test_wrong_lines_are_named(thirds: Till) -> None:
    """
    A line that the invoice lacks is unknown; one that is named twice breaks a rule.
    """
    invoice = thirds.issue()

    with pytest.raises(Unknown) as unknown:
        thirds.credit(invoice, by_quantity(1, "1"), by_quantity(9, "1"))
    assert ["#/lines/1/line"] == [one.pointer for one in unknown.value.problems]
    with pytest.raises(RuleBroken) as twice:
        thirds.credit(invoice, by_quantity(1, "1"), by_quantity(1, "1"))
    assert ["#/lines/1/line"] == [one.pointer for one in twice.value.problems]
