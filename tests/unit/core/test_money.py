"""Amounts are exact, and rounded half-even once."""

from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanic_core.money import Measure, Money, Price, Quantity, line_amount, to_decimal
from tests.strategies import values_of

HALVES = [
    pytest.param(500, 1, 0, id="half of a cent goes to the even nought"),
    pytest.param(500, 3, 2, id="one and a half goes to the even two"),
    pytest.param(500, 5, 2, id="two and a half goes to the even two"),
    pytest.param(501, 1, 1, id="a little over the half goes up"),
    pytest.param(499, 3, 1, id="a little under the half goes down"),
    pytest.param(1000, 1999, 1999, id="one costs its price"),
    pytest.param(5500, 1999, 10994, id="five and a half quarts"),
    pytest.param(99_999_000, 9_999_999_999, 999_989_999_900_001, id="the most there can be"),
]


@pytest.mark.parametrize(("quantity", "price", "expected"), HALVES)
def test_amount_rounds_half_even(quantity: int, price: int, expected: int) -> None:
    """
    An amount between two cents is rounded to the nearest, and from the middle to the even one.
    """
    assert expected == line_amount(Quantity(quantity), Money(price))


@given(values_of(Measure), values_of(Price))
def test_amount_agrees_with_decimal(quantity: Quantity, price: Money) -> None:
    """
    Every amount is equal to decimal arithmetic, to the cent.
    """
    exact = Decimal(quantity) / 1000 * Decimal(price)

    assert exact.quantize(Decimal(1), ROUND_HALF_EVEN) == line_amount(quantity, price)


@given(st.integers(0, 10**6), st.integers(0, 10**4))
def test_amount_of_halves_agrees_with_decimal(halves: int, price: int) -> None:
    """
    Ties come from halves of units, and are rounded as decimal arithmetic rounds them.
    """
    exact = Decimal(halves) / 2 * price

    assert exact.quantize(Decimal(1), ROUND_HALF_EVEN) == line_amount(
        Quantity(halves * 500), Money(price)
    )


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [(5500, "5.5"), (1, "0.001"), (0, "0"), (12000, "12"), (-1250, "-1.25")],
)
def test_quantities_have_no_trailing_zeros(quantity: int, expected: str) -> None:
    """
    A quantity is shown without trailing zeros or an exponent.
    """
    assert expected == str(to_decimal(Quantity(quantity)))


@given(values_of(Measure))
def test_quantities_convert_exactly(quantity: Quantity) -> None:
    """
    Nothing is lost between thousandths and decimal numbers.
    """
    assert quantity == to_decimal(quantity) * 1000
