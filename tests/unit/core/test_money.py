"""Amounts and quantities are exact."""

from decimal import Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given

import mechanic_core
from mechanic_core import money, quantity
from mechanic_core.errors import RuleBroken
from mechanic_core.money import (
    MAX_MONEY,
    MAX_QUANTITY,
    Measure,
    Quantity,
    to_decimal,
)
from mechanic_core.money import money as money_of_module
from mechanic_core.money import quantity as quantity_of_module
from tests.strategies import values_of


@pytest.mark.parametrize(
    ("scaled", "expected"),
    [(5500, "5.5"), (1, "0.001"), (0, "0"), (12000, "12"), (-1250, "-1.25")],
)
def test_quantities_have_no_trailing_zeros(scaled: int, expected: str) -> None:
    """
    A quantity is shown without trailing zeros or an exponent.
    """
    assert expected == str(to_decimal(Quantity(scaled)))


@given(values_of(Measure))
def test_quantities_convert_exactly(measure: Quantity) -> None:
    """
    Nothing is lost between thousandths and decimal numbers.
    """
    assert measure == to_decimal(measure) * 1000
    assert measure == quantity(to_decimal(measure))


@pytest.mark.parametrize(
    ("number", "in_cents", "in_thousandths"),
    [
        ("80.25", 8025, 80_250),
        ("80.250", 8025, 80_250),
        ("-0.5", -50, -500),
        ("0", 0, 0),
        (80, 8000, 80_000),
        (Decimal("1.5"), 150, 1500),
        (Decimal("15E+2"), 150_000, 1_500_000),
        (Decimal("0E-9"), 0, 0),
    ],
)
def test_amounts_are_made_of_exact_numbers(
    number: str | int | Decimal, in_cents: int, in_thousandths: int
) -> None:
    """
    An amount and a quantity are made of a text, an integer or a decimal number, exactly.
    """
    assert (in_cents, in_thousandths) == (money(number), quantity(number))


@pytest.mark.parametrize(
    ("number", "problem"),
    [
        (80.25, "must be a str, an int or a Decimal, not float"),
        (True, "must be a str, an int or a Decimal, not bool"),
        (None, "must be a str, an int or a Decimal, not NoneType"),
        ("80.255", "must have at most 2 decimals"),
        (Decimal("1E-999999"), "must have at most 2 decimals"),
        ("80,25", "must be a number with at most 2 decimals"),
        ("1e3", "must be a number with at most 2 decimals"),
        (" 80", "must be a number with at most 2 decimals"),
        ("1_000", "must be a number with at most 2 decimals"),
        ("٣", "must be a number with at most 2 decimals"),
        ("", "must be a number with at most 2 decimals"),
        (Decimal("NaN"), "must be a number with at most 2 decimals"),
        (Decimal("sNaN"), "must be a number with at most 2 decimals"),
        (Decimal("Infinity"), "must be a number with at most 2 decimals"),
        ("100000000", "must be from -99999999.99 to 99999999.99"),
        (-(10**8), "must be from -99999999.99 to 99999999.99"),
        pytest.param(10**5000, "is out of range", id="very many digits"),
        (Decimal("1E+999999"), "is out of range"),
    ],
)
def test_no_amount_is_made_of_anything_else(number: Any, problem: str) -> None:
    """
    What is not an exact amount in range is refused with one sentence.
    """
    with pytest.raises(RuleBroken) as refused:
        money(number)

    assert problem == str(refused.value)


def test_a_quantity_has_three_decimals() -> None:
    """
    A quantity has at most three decimals, and a bound of its own.
    """
    assert 1 == quantity("0.001")
    with pytest.raises(RuleBroken, match="must have at most 3 decimals"):
        quantity("0.0001")
    with pytest.raises(RuleBroken, match="must be from -99999 to 99999"):
        quantity("99999.001")


def test_amounts_are_exact_in_any_decimal_context() -> None:
    """
    The precision that a program sets for its own decimal numbers changes no amount.
    """
    with localcontext(prec=3):
        assert MAX_MONEY == money("99999999.99")
        assert MAX_QUANTITY == quantity(99_999)
        assert "12345.678" == str(to_decimal(Quantity(12_345_678)))


def test_both_imports_are_the_same() -> None:
    """
    The functions are in the package and in its module of the same name.
    """
    assert (money_of_module, quantity_of_module) == (money, quantity)
    assert ["money", "quantity"] == mechanic_core.__all__
