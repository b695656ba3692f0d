"""Take payments, and give them back."""

from datetime import date

import pytest

from mechanic_core.errors import Problem, RuleBroken
from mechanic_core.payments.payment import (
    MAX_PAYMENTS,
    MAX_REFUNDS,
    MoreThanDue,
    MoreThanPaid,
    PaymentForm,
    PaymentId,
    PaymentMethod,
    PaymentNotFound,
    RefundForm,
)
from mechanic_core.payments.ports import PaymentFilter
from mechanic_core.profile.calendar import Period, same_day
from mechanic_core.tickets.bounds import TooMany
from mechanic_core.tickets.ticket import TicketFrozen, TicketId, TicketNotFound, TicketStarted
from mechanic_core.tickets.workflow import Status
from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.unit.core.conftest import ALL, Premises
from tests.unit.core.invoices.till import Till, by_amount, figures

TODAY = date(2026, 3, 2)


@pytest.fixture
def new(premises: Premises) -> Till:
    """A new ticket without lines."""
    return Till(premises, premises.open())


def test_deposits_have_no_bound(new: Till) -> None:
    """
    Before the invoice anything is taken: it fills the invoice, up to its total.
    """
    payments = [new.pay("50"), new.pay("70.01", method=PaymentMethod.CARD, reference="x1")]
    new.job("Brakes", "100")
    new.complete()

    invoice = new.issue()

    assert 120_01 == invoice.deposit
    assert (100_00, 0, 100_00, 0, "paid") == figures(invoice)
    assert payments == list(
        new.premises.shop.list_ticket_payments(CUSTOMER, new.ticket.id, ALL).items
    )
    assert (TODAY, TODAY) == (payments[0].received_on, payments[1].received_on)
    assert 20_01 == new.receivables().totals.deposits


def test_no_more_is_paid_than_is_due(till: Till) -> None:
    """
    With an invoice at most what is due is taken, to the cent.
    """
    invoice = till.issue()
    till.pay("30")

    with pytest.raises(MoreThanDue, match=r"^Only 70.00 is due$") as refused:
        till.pay("70.01")
    assert {"due": "70.00"} == {name: str(one) for name, one in refused.value.facts.items()}
    till.pay("70")
    assert "paid" == till.invoice(invoice).payment_status
    with pytest.raises(MoreThanDue):
        till.pay("0.01")


def test_nothing_is_paid_on_an_invoice_of_0(new: Till) -> None:
    """
    It is paid from the start.
    """
    new.complete()
    new.issue()

    with pytest.raises(MoreThanDue):
        new.pay("0.01")


def test_after_the_credit_all_is_a_deposit_again(till: Till) -> None:
    """
    Once all invoices are credited anything is taken.
    """
    invoice = till.issue()
    till.credit(invoice, by_amount(1, "99.99"))
    with pytest.raises(MoreThanDue):
        till.pay("0.02")
    till.credit(invoice)

    till.pay("1000")

    assert (100_00, 100_00, 0, 0, "credited") == figures(till.invoice(invoice))
    assert 1000_00 == till.receivables().totals.deposits


@pytest.mark.parametrize("day", [date(2025, 3, 2), date(2025, 12, 31), TODAY])
def test_a_payment_is_entered_within_a_year(till: Till, day: date) -> None:
    """
    From the same day of last year up to today.
    """
    assert day == till.pay("1", received_on=day).received_on


@pytest.mark.parametrize("day", [date(2025, 3, 1), date(2026, 3, 3), date(1950, 1, 1)])
def test_other_days_are_refused(till: Till, day: date) -> None:
    """
    Not in the future, and at most a year back.
    """
    with pytest.raises(RuleBroken) as refused:
        till.pay("1", received_on=day)
    detail = "must be from 2025-03-02 to 2026-03-02"
    assert (Problem("#/received_on", detail),) == refused.value.problems


def test_today_is_that_of_the_shop(till: Till) -> None:
    """
    What is tomorrow in UTC is today in Kiribati, and what is today there is not yet in Niue.
    """
    till.follow(time_zone="Pacific/Kiritimati")
    assert date(2026, 3, 3) == till.pay("1").received_on
    till.follow(time_zone="Pacific/Niue")
    with pytest.raises(RuleBroken):
        till.pay("1", received_on=date(2026, 3, 3))


def test_a_year_before_a_leap_day_is_28_february() -> None:
    """
    Every other day has its own.
    """
    assert date(2027, 2, 28) == same_day(date(2028, 2, 29), 2027)
    assert date(2028, 2, 28) == same_day(date(2029, 2, 28), 2028)


def test_a_cancelled_ticket_takes_no_money(new: Till) -> None:
    """
    Nothing will ever be invoiced on it.
    """
    new.go(Status.CANCELLED)

    with pytest.raises(TicketFrozen) as refused:
        new.pay("1")
    assert {"current_state": "cancelled"} == refused.value.facts


def test_a_ticket_with_money_on_it_is_not_cancelled(new: Till) -> None:
    """
    All of it is refunded first; part of it is not enough.
    """
    payment = new.pay("50")
    assert ["deposit-unsettled"] == new.blockers(Status.CANCELLED)
    new.refund(payment, "49.99")
    assert ["deposit-unsettled"] == new.blockers(Status.CANCELLED)
    new.refund(payment, "0.01")

    assert Status.CANCELLED is new.go(Status.CANCELLED).status


def test_a_ticket_with_a_payment_is_not_deleted(new: Till) -> None:
    """
    Not even when all was refunded: the payment stays.
    """
    new.refund(new.pay("50"), "50")

    with pytest.raises(TicketStarted):
        new.premises.shop.remove_ticket(MANAGER, new.ticket.id)


def test_a_refund_makes_it_due_again(till: Till) -> None:
    """
    What the payment has filled is open, and can be paid.
    """
    invoice = till.issue()
    payment = till.pay("100")

    refund = till.refund(payment, "30")

    assert (100_00, 0, 70_00, 30_00, "partly_paid") == figures(till.invoice(invoice))
    after = till.payment(payment)
    assert ((refund,), 30_00, 2) == (after.refunds, after.refunded, after.version)
    till.refund(payment, "70")
    assert (100_00, 0, 0, 100_00, "unpaid") == figures(till.invoice(invoice))
    till.pay("100")


def test_a_refund_is_by_the_method_of_the_payment(till: Till) -> None:
    """
    Unless another one is named; its day is today.
    """
    payment = till.pay("10", method=PaymentMethod.CARD, received_on=date(2026, 1, 2))

    refunds = [till.refund(payment, "1"), till.refund(payment, "2", method=PaymentMethod.CASH)]

    assert [PaymentMethod.CARD, PaymentMethod.CASH] == [one.method for one in refunds]
    assert {TODAY} == {one.received_on for one in refunds}


def test_no_more_is_refunded_than_was_paid(till: Till) -> None:
    """
    All refunds of a payment together; those of another one do not count.
    """
    payment, other = till.pay("10"), till.pay("10")
    till.refund(payment, "6")

    with pytest.raises(MoreThanPaid, match=r"^Only 4.00 is left to refund$") as refused:
        till.refund(payment, "4.01")
    assert {"refundable": "4.00"} == {n: str(one) for n, one in refused.value.facts.items()}
    till.refund(payment, "4")
    till.refund(other, "10")
    with pytest.raises(MoreThanPaid):
        till.refund(other, "0.01")


def test_takings_are_by_method_and_day(till: Till) -> None:
    """
    Payments less refunds, each by its own method on its own day; the list has the payments.
    """
    old = till.pay("10", received_on=date(2026, 1, 2))
    till.pay("20", method=PaymentMethod.CARD)
    till.refund(old, "3", method=PaymentMethod.CARD)
    shop = till.premises.shop

    everything = shop.list_payments(MANAGER, PaymentFilter(), ALL)
    january = shop.list_payments(
        MANAGER, PaymentFilter(period=Period(since=date(2026, 1, 1), until=date(2026, 1, 31))), ALL
    )
    by_card = shop.list_payments(MANAGER, PaymentFilter(method=PaymentMethod.CARD), ALL)

    assert {PaymentMethod.CASH: 10_00, PaymentMethod.CARD: 17_00} == everything.totals
    assert [1, 2] == [one.id for one in everything.items]
    assert [1] == [one.id for one in january.items]
    assert {PaymentMethod.CASH: 10_00} == january.totals
    assert {PaymentMethod.CARD: 17_00} == by_card.totals


def test_unknown_payments_are_not_there(till: Till) -> None:
    """
    Neither are those of other customers, nor those of an unknown ticket.
    """
    cleos = till.other("7", customer_id=2).pay("1")
    shop = till.premises.shop

    with pytest.raises(PaymentNotFound):
        shop.read_payment(CUSTOMER, cleos.id)
    with pytest.raises(TicketNotFound):
        shop.list_ticket_payments(CUSTOMER, cleos.ticket_id, ALL)
    with pytest.raises(PaymentNotFound):
        shop.refund_payment(
            MANAGER, PaymentId(99), RefundForm(amount=till.pay("1").amount, reason="x")
        )
    form = PaymentForm(amount=cleos.amount, method=PaymentMethod.CASH)
    with pytest.raises(TicketNotFound):
        shop.take_payment(MECHANIC, TicketId(99), form)


def test_payments_and_refunds_are_bounded(till: Till) -> None:
    """
    A ticket has at most 1,000 payments, and a payment 100 refunds.
    """
    payment = till.pay("500")
    for _ in range(MAX_REFUNDS):
        till.refund(payment, "0.01")
    with pytest.raises(TooMany):
        till.refund(payment, "0.01")
    for _ in range(MAX_PAYMENTS - 1):
        till.pay("0.01")
    with pytest.raises(TooMany):
        till.pay("0.01")
