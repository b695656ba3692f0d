"""The price of a ticket: under the shop's rules until it is finished, and then under those."""

from typing import Any

import pytest
from attrs import evolve

from mechanic_core.errors import Invalid
from mechanic_core.money import WHOLE, Money, Percent, Quantity
from mechanic_core.pricing.discounts import Discount, Scope, TicketDiscount
from mechanic_core.pricing.line import LineKind
from mechanic_core.pricing.pricing_rules import FeeBase, PricingRules, SuppliesFee, TaxRate
from mechanic_core.tickets.forms import DiscountsForm
from mechanic_core.tickets.history import HistoryEvent
from mechanic_core.tickets.job import JobDraft, JobKind
from mechanic_core.tickets.lines.charge import ChargeForm, ChargeLine
from mechanic_core.tickets.lines.labor_line import LaborLineForm
from mechanic_core.tickets.lines.part_line import PartLineForm
from mechanic_core.tickets.price import document_of, priced
from mechanic_core.tickets.ticket import Ticket, TicketChanged, TicketFrozen, TicketNotFound
from mechanic_core.tickets.workflow import Status
from tests.shops import CUSTOMER, MANAGER, MECHANIC, follow
from tests.strategies import sample
from tests.unit.core.conftest import ALL, Premises

STATE = TaxRate(tax_class="parts", authority="State", percent=Percent(82_500))
TAXED = PricingRules(
    tax_rates=(STATE, TaxRate(tax_class="vat", authority="Federal", percent=Percent(200_000))),
    supplies_fee=SuppliesFee(percent=Percent(50_000), of=(FeeBase.LABOR,), cap=Money(2500)),
)
FLEET = TicketDiscount(scope=Scope.ALL, percent=Percent(100_000), reason="Fleet customer")
COUPON = TicketDiscount(scope=Scope.LABOR, amount=Money(550), reason="Coupon")


def labor(premises: Premises, ticket: Ticket, **given: Any) -> int:
    """Add a labour line for 100.00 and return its net."""
    form = {"hours": Quantity(1000), "rate": Money(10_000), "mechanic_id": None} | given
    return premises.shop.add_labor_line(MECHANIC, ticket.id, sample(LaborLineForm, **form)).net


def discount(premises: Premises, ticket: Ticket, *items: TicketDiscount) -> Ticket:
    """Replace the discounts of a ticket."""
    return premises.shop.replace_discounts(MECHANIC, ticket.id, DiscountsForm(items=items))


def test_a_ticket_is_priced_with_each_change(premises: Premises) -> None:
    """
    Lines, jobs and discounts change the totals at once, which are the price's.
    """
    follow(premises.shop, TAXED)
    ticket, shop = premises.open(), premises.shop
    shop.add_part_line(MECHANIC, ticket.id, PartLineForm(part_id=1, quantity=Quantity(5000)))
    labor(premises, ticket)
    core = {"kind": LineKind.CORE, "quantity": Quantity(-1000), "unit_price": Money(4500)}
    shop.add_charge(MECHANIC, ticket.id, sample(ChargeForm, **core))
    job = shop.add_job(MECHANIC, ticket.id, sample(JobDraft, kind=JobKind.WARRANTY))
    shop.add_labor_line(MECHANIC, ticket.id, sample(LaborLineForm, job_id=job.id))

    after = discount(premises, ticket, FLEET, COUPON)

    free = after.labor[1].amount
    assert (9995, 10_000 + free, -4500, 2000 + 550 + free) == (
        after.totals.parts,
        after.totals.labor,
        after.totals.charges,
        after.totals.discount,
    )
    assert 423 == after.totals.supplies  # 5 % of 100.00 - 10.00 - 5.50
    price = shop.read_price(MECHANIC, ticket.id)
    assert (after, price.totals) == (premises.read(ticket), after.totals)
    assert [one.net for one in price.lines[:-1]] == [
        line.net for line in (*after.parts, *after.labor, *after.charges)
    ]
    assert [price.totals_of_job(job.id) for job in after.jobs] == [job.totals for job in after.jobs]
    assert price == document_of(after, TAXED)


def test_discounts_are_recorded_in_the_history(premises: Premises) -> None:
    """
    Each change says what was taken off and why; the same discounts are no change.
    """
    ticket = premises.open()

    discount(premises, ticket, FLEET)
    discount(premises, ticket, FLEET)
    discount(premises, ticket, COUPON, FLEET)
    after = discount(premises, ticket)

    fleet, coupon = "10 % off all: Fleet customer", "5.50 off labor: Coupon"
    assert ((), 4) == (after.discounts, after.version)
    assert [
        (HistoryEvent.DISCOUNTS, None, fleet),
        (HistoryEvent.DISCOUNTS, fleet, f"{coupon}; {fleet}"),
        (HistoryEvent.DISCOUNTS, f"{coupon}; {fleet}", None),
    ] == [(e.event, e.from_, e.to) for e in premises.history(ticket.id)[1:]]


@pytest.mark.parametrize(
    ("percent", "text"),
    [(1, "0.0001 % off"), (WHOLE, "100 % off"), (82_500, "8.25 % off"), (0, "0 % off")],
)
def test_the_discount_of_a_line_is_in_its_history(
    premises: Premises, percent: int, text: str
) -> None:
    """
    The description of a line has its discount, a percentage without needless digits.
    """
    ticket = premises.open()

    labor(premises, ticket, description="Brakes", discount=Discount(percent=Percent(percent)))

    assert f"1 h: Brakes, {text}" == premises.history(ticket.id)[-1].to


def test_a_line_takes_a_tax_class_that_the_shop_has(premises: Premises) -> None:
    """
    One with rates, a default one or none; a line keeps one that has lost its rates.
    """
    follow(premises.shop, TAXED)
    ticket, shop = premises.open(), premises.shop
    labor(premises, ticket, tax_class="vat")
    (line,) = premises.read(ticket).labor
    follow(premises.shop, PricingRules())

    longer = shop.change_labor_line(
        MECHANIC, ticket.id, line.id, lambda form: evolve(form, hours=Quantity(2000))
    )
    with pytest.raises(Invalid, match="#/tax_class: must be one of core, fees"):
        labor(premises, ticket, tax_class="vat")
    plain = shop.change_labor_line(
        MECHANIC, ticket.id, line.id, lambda form: evolve(form, tax_class="none")
    )
    with pytest.raises(Invalid, match="#/tax_class"):
        shop.change_labor_line(
            MECHANIC, ticket.id, line.id, lambda form: evolve(form, tax_class="vat")
        )

    assert ("vat", "none") == (longer.tax_class, plain.tax_class)


def test_all_that_is_wrong_with_a_part_line_is_reported(premises: Premises) -> None:
    """
    An unknown part, job and tax class are reported together.
    """
    ticket = premises.open()
    form = PartLineForm(part_id=99, quantity=Quantity(1), job_id=99, tax_class="vat")

    with pytest.raises(Invalid) as refused:
        premises.shop.add_part_line(MECHANIC, ticket.id, form)

    assert ["#/tax_class", "#/job_id", "#/part_id"] == [
        one.pointer for one in refused.value.problems
    ]


def test_a_discount_moves_no_stock(premises: Premises) -> None:
    """
    A change of a part line that is not one of its quantity leaves the stock as it is.
    """
    ticket, shop = premises.open(), premises.shop
    line = shop.add_part_line(MECHANIC, ticket.id, PartLineForm(part_id=1, quantity=Quantity(1000)))

    cheaper = shop.change_part_line(
        MECHANIC,
        ticket.id,
        line.id,
        lambda form: evolve(form, discount=Discount(amount=Money(100))),
    )

    assert (1999, 1899) == (cheaper.amount, cheaper.net)
    assert (10_000, 1000) == premises.stock()
    assert 2 == len(shop.list_movements(MECHANIC, line.part_id, ALL).items)


def test_a_change_of_the_profile_reprices_unfinished_tickets(premises: Premises) -> None:
    """
    At once, without a new version or an entry in the history; finished ones stay as they are.
    """
    tickets = [premises.open() for _ in range(4)]
    for ticket in tickets:
        labor(premises, ticket)
    premises.go(tickets[1], Status.IN_PROGRESS, Status.COMPLETED)
    premises.go(tickets[2], Status.CANCELLED)
    premises.go(tickets[3], Status.IN_PROGRESS)
    before = [premises.read(ticket) for ticket in tickets]

    follow(premises.shop, TAXED)

    after = [premises.read(ticket) for ticket in tickets]
    assert [10_500, 10_000, 10_000, 10_500] == [ticket.totals.total for ticket in after]
    assert before[1:3] == after[1:3]
    assert [evolve(ticket, totals=before[0].totals) for ticket in after[::3]] == before[::3]
    assert [ticket.version for ticket in before] == [
        len(premises.history(ticket.id)) for ticket in tickets
    ]


def test_an_event_names_what_has_changed_of_a_ticket(premises: Premises) -> None:
    """
    Its jobs, charges, discounts and totals; a change of the rules is an event of the shop alone.
    """
    ticket = premises.open()
    known = premises.shop.read_events(MANAGER).last
    fee = sample(ChargeForm, kind=LineKind.FEE, quantity=Quantity(1000))
    premises.shop.add_charge(MECHANIC, ticket.id, fee)
    discount(premises, ticket, FLEET)
    follow(premises.shop, TAXED)

    feed = premises.shop.read_events(MANAGER, known)

    assert [
        (f"/service_tickets/{ticket.id}", ("jobs", "charges", "totals")),
        (f"/service_tickets/{ticket.id}", ("jobs", "charges", "discounts", "totals")),
        ("/shop", ("tax_rates", "supplies_fee")),
    ] == [(event.subject, event.changes) for event in feed.items]


def test_what_does_not_decide_prices_reprices_nothing(premises: Premises) -> None:
    """
    A change of the shop's name touches no ticket.
    """
    ticket = premises.open()
    labor(premises, ticket)
    with premises.store.begin() as work:
        wrong = evolve(premises.read(ticket), totals=evolve(ticket.totals, total=Money(1)))
        wrong = work.tickets.save(wrong, premises.history(ticket.id)[0])

    premises.shop.change_profile(MANAGER, lambda form: evolve(form, name="Speedy"))

    assert wrong == premises.read(ticket)


def test_a_finished_ticket_keeps_its_rules(premises: Premises) -> None:
    """
    Completing and cancelling freeze the price, closing keeps it, reopening thaws it.
    """
    completed, cancelled = premises.open(), premises.open()
    for ticket in (completed, cancelled):
        labor(premises, ticket)
    premises.go(completed, Status.IN_PROGRESS, Status.COMPLETED)
    premises.go(cancelled, Status.CANCELLED)

    follow(premises.shop, TAXED)

    for ticket in (completed, cancelled):
        assert 10_000 == premises.shop.read_price(MECHANIC, ticket.id).totals.total
        assert PricingRules() == premises.read(ticket).rules
    reopened = premises.go(completed, Status.IN_PROGRESS)
    assert (None, 10_500) == (reopened.rules, reopened.totals.total)
    closed = premises.go(reopened, Status.COMPLETED)
    follow(premises.shop, PricingRules())
    closed = premises.go(closed, Status.CLOSED)
    assert (TAXED, 10_500) == (closed.rules, closed.totals.total)


def test_discounts_change_before_completion_only(premises: Premises) -> None:
    """
    A frozen ticket and an old version are refused.
    """
    ticket = premises.open()
    discount(premises, ticket, FLEET)

    with pytest.raises(TicketChanged):
        premises.shop.replace_discounts(MECHANIC, ticket.id, DiscountsForm(items=()), 1)
    premises.go(ticket, Status.IN_PROGRESS, Status.COMPLETED)
    with pytest.raises(TicketFrozen):
        discount(premises, ticket)

    assert (FLEET,) == premises.read(ticket).discounts


def test_a_customer_reads_the_price_of_their_own_tickets(premises: Premises) -> None:
    """
    Those of others are not found.
    """
    mine, other = premises.open(), premises.open(customer_id=2)
    labor(premises, mine)

    assert 10_000 == premises.shop.read_price(CUSTOMER, mine.id).totals.total
    with pytest.raises(TicketNotFound):
        premises.shop.read_price(CUSTOMER, other.id)


def test_prices_of_lines_that_have_no_ids_yet_are_theirs() -> None:
    """
    New lines get their own nets, in their order, and the new job its totals.
    """
    new = [
        sample(ChargeForm, kind=LineKind.FEE, unit_price=Money(price), quantity=Quantity(1000))
        for price in (3, 1, 2)
    ]
    ticket = sample(Ticket)
    for form in new:
        ticket = ticket.with_line(ChargeLine.of(form), ticket.updated_at)

    after = priced(ticket, TAXED)

    assert [3, 1, 2] == [line.net for line in after.charges]
    assert [6] == [job.totals.total for job in after.jobs]
