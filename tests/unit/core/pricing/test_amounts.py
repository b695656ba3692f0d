"""The amount of a line is rounded once, half away from zero."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanic_core.money import Measure, Money, Price, Quantity
from mechanic_core.pricing.line import line_amount
from tests.strategies import values_of

HALVES = [
    pytest.param(500, 1, 1, id="half of a cent goes to 1"),
    pytest.param(500, 3, 2, id="one and a half goes to 2"),
    pytest.param(500, 5, 3, id="two and a half goes to 3"),
    pytest.param(-500, 5, -3, id="minus two and a half goes to -3"),
    pytest.param(250, 9010, 2253, id="a quarter of an hour"),
    pytest.param(501, 1, 1, id="a little over the half goes up"),
    pytest.param(499, 3, 1, id="a little under the half goes down"),
    pytest.param(1000, 1999, 1999, id="one costs its price"),
    pytest.param(5500, 1999, 10995, id="five and a half quarts"),
    pytest.param(99_999_000, 9_999_999_999, 999_989_999_900_001, id="the most there can be"),
]


@pytest.mark.parametrize(("scaled", "price", "expected"), HALVES)
def test_an_amount_rounds_half_away_from_zero(scaled: int, price: int, expected: int) -> None:
    """
    An amount between two cents is rounded to the nearest, and from the middle away from zero.
    """
    assert expected == line_amount(Quantity(scaled), Money(price))


@given(values_of(Measure), values_of(Price))
def test_an_amount_agrees_with_decimal(measure: Quantity, price: Money) -> None:
    """
    Every amount is equal to decimal arithmetic, to the cent.
    """
    exact = Decimal(measure) / 1000 * Decimal(price)

    assert exact.quantize(Decimal(1), ROUND_HALF_UP) == line_amount(measure, price)


@given(st.integers(-(10**6), 10**6), st.integers(0, 10**4))
def test_an_amount_of_halves_agrees_with_decimal(halves: int, price: int) -> None:
    """
    Ties come from halves of units, and are rounded as decimal arithmetic rounds them.
    """
    exact = Decimal(halves) / 2 * price

    assert exact.quantize(Decimal(1), ROUND_HALF_UP) == line_amount(
        Quantity(halves * 500), Money(price)
    )
