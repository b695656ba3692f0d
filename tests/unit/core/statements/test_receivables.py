"""What all customers owe, by how long it is overdue."""

from datetime import date, timedelta

import pytest
from attrs import asdict

from mechanic_core.statements.receivables import AgedAmounts, Receivables
from tests.unit.core.invoices.till import Till, by_amount

DUE = date(2026, 3, 16)
"""14 days after the tests' present."""


def amounts(aged: AgedAmounts) -> dict[str, int]:
    """Return the amounts that are not 0, by their names."""
    names = ("current", "days_1_30", "days_31_60", "days_61_90", "over_90", "deposits")
    return {name: one for name in names if (one := asdict(aged)[name])}


def rows(found: Receivables) -> dict[str, int]:
    """Return the balances by the customers' names; all rows and totals must add up."""
    for one in (*found.items, found.totals):
        due = one.current + one.days_1_30 + one.days_31_60 + one.days_61_90 + one.over_90
        assert due - one.deposits == one.balance
    assert found.totals.balance == sum(one.balance for one in found.items)
    return {one.name: one.balance for one in found.items}


@pytest.fixture
def terms(till: Till) -> Till:
    """An invoice of 100.00 that is due on 16 March."""
    till.follow(payment_terms_days=14)
    assert DUE == till.issue().due_date
    return till


@pytest.mark.parametrize(
    ("days", "name"),
    [
        (-14, "current"),
        (0, "current"),
        (1, "days_1_30"),
        (30, "days_1_30"),
        (31, "days_31_60"),
        (60, "days_31_60"),
        (61, "days_61_90"),
        (90, "days_61_90"),
        (91, "over_90"),
        (4000, "over_90"),
    ],
)
def test_amounts_are_by_age(terms: Till, days: int, name: str) -> None:
    """
    The day on which it is due is not overdue; a day to come is allowed.
    """
    found = terms.receivables(DUE + timedelta(days=days))

    assert [{name: 100_00}] == [amounts(one) for one in found.items]
    assert {"Ada": 100_00} == rows(found)


@pytest.mark.parametrize(
    ("zone", "moment", "day", "name"),
    [
        ("UTC", "2026-03-16T23:59", date(2026, 3, 16), "current"),
        ("UTC", "2026-03-17T00:00", date(2026, 3, 17), "days_1_30"),
        ("America/Chicago", "2026-03-17T04:59", date(2026, 3, 16), "current"),
        ("America/Chicago", "2026-03-17T05:00", date(2026, 3, 17), "days_1_30"),
        ("Pacific/Kiritimati", "2026-03-16T10:00", date(2026, 3, 17), "days_1_30"),
    ],
)
def test_today_is_that_of_the_shop(
    terms: Till, zone: str, moment: str, day: date, name: str
) -> None:
    """
    Without a day the receivables are those of the shop's today.
    """
    terms.follow(time_zone=zone)
    terms.set_clock(moment)

    found = terms.receivables()

    assert (day, [{name: 100_00}]) == (found.as_of, [amounts(one) for one in found.items])


def test_a_day_in_the_past_is_as_it_was(till: Till) -> None:
    """
    What has its day later is not in it: invoices, credits, payments and refunds.
    """
    first = date(2026, 3, 2)
    payment = till.pay("30", received_on=first - timedelta(days=10))
    invoice = till.issue()
    till.premises.clock.advance(days=1)
    till.credit(invoice, by_amount(1, "25"))
    till.premises.clock.advance(days=1)
    till.pay("45")
    till.premises.clock.advance(days=1)
    till.refund(payment, "5")

    days = [-11, -10, -1, 0, 1, 2, 3]
    balances = [rows(till.receivables(first + timedelta(days=day))).get("Ada") for day in days]

    assert [None, -30_00, -30_00, 70_00, 45_00, None, 5_00] == balances
    assert {"deposits": 30_00} == amounts(till.receivables(first - timedelta(days=1)).totals)


def test_each_customer_has_a_row(till: Till) -> None:
    """
    By id, with dues and deposits of all their tickets; who owes nothing is left out.
    """
    till.issue()
    till.other("8").pay("3")
    settled = till.other("5", customer_id=2)
    settled.issue()
    settled.pay("5")
    assert {"Ada": 97_00} == rows(till.receivables())

    till.other("7", customer_id=2).issue()

    found = till.receivables()
    assert {"Ada": 97_00, "Cleo": 7_00} == rows(found)
    assert [1, 2] == [one.customer_id for one in found.items]
    assert {"current": 100_00, "deposits": 3_00} == amounts(found.items[0])
    assert {"current": 107_00, "deposits": 3_00} == amounts(found.totals)


def test_who_owes_as_much_as_was_paid_ahead_has_a_row(till: Till) -> None:
    """
    A deposit on one ticket does not pay the invoice of another.
    """
    till.issue()
    till.other("200").pay("100")

    found = till.receivables()

    assert {"Ada": 0} == rows(found)
    assert {"current": 100_00, "deposits": 100_00} == amounts(found.items[0])


def test_payments_fill_invoices_by_number(till: Till) -> None:
    """
    Money on a credited invoice fills the next one, whose age counts then.
    """
    first = till.issue()
    till.pay("60")
    till.premises.clock.advance(days=40)
    till.credit(first)
    assert {"deposits": 60_00} == amounts(till.receivables().totals)

    till.issue()

    assert {"current": 40_00} == amounts(till.receivables().totals)
    assert {"days_31_60": 40_00} == amounts(till.receivables(date(2026, 4, 10)).totals)


def test_an_empty_shop_has_no_receivables(till: Till) -> None:
    """
    Neither before anything was issued, nor long after.
    """
    assert ((), {}) == ((found := till.receivables()).items, amounts(found.totals))
