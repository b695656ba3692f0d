"""Exact amounts: money in minor units, quantities in thousandths, percentages in parts per million.

They are integers with types of their own, never a binary float, so that the type checker
distinguishes them and a database column stores them as they are.
"""

import re
from collections.abc import Callable
from decimal import Context, Decimal
from typing import Annotated, Any, Final, NewType

from mechanic_core.errors import Problem, RuleBroken
from mechanic_core.rules import Between, Example, Expected

Money = NewType(
    "Money", Annotated[int, Expected("a whole number of minor currency units: use money()")]
)
"""An amount in minor currency units: 1999 is 19.99."""

Quantity = NewType(
    "Quantity", Annotated[int, Expected("a whole number of thousandths: use quantity()")]
)
"""A quantity of parts or hours in thousandths: 5500 is 5.5."""

Percent = NewType(
    "Percent",
    Annotated[int, Expected("a whole number of ten-thousandths of a percent: use percent()")],
)
"""A percentage in ten-thousandths, which are parts per million: 82500 is 8.25 %."""

MONEY_DECIMALS: Final = 2
QUANTITY_DECIMALS: Final = 3
PERCENT_DECIMALS: Final = 4

MAX_MONEY: Final = 9_999_999_999
MAX_QUANTITY: Final = 99_999_000

Price = Annotated[Money, Between(0, MAX_MONEY, MONEY_DECIMALS), Example(19.99)]
"""A price, a rate or a salary, from 0 to 99,999,999.99."""

Stock = Annotated[Quantity, Between(0, MAX_QUANTITY, QUANTITY_DECIMALS), Example(12)]
"""A quantity on the shelf, from 0."""

Measure = Annotated[Quantity, Between(1, MAX_QUANTITY, QUANTITY_DECIMALS), Example(1.5)]
"""A quantity that is taken, received or worked, greater than 0."""

ONE: Final = Quantity(1000)

WHOLE: Final = Percent(1_000_000)
"""100 %."""

Share = Annotated[Percent, Between(0, WHOLE, PERCENT_DECIMALS), Example(8.25)]
"""A percentage from 0 to 100, with at most four decimals."""

_EXACT: Final = Context(prec=50)
"""More digits than any number here has, whatever the precision of the caller's context."""

_PLAIN: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,18})?")
_MAXIMUM_DIGITS: Final = 18
"""Larger numbers are refused before any arithmetic."""


def money(amount: str | int | Decimal) -> Money:
    """Return an amount of so many currency units: ``money("80.25")`` is 8025, ``money(80)`` 8000.

    Raises `RuleBroken` for a float, which is not exact, for more than two decimals, and for more
    than `MAX_MONEY`, positive or negative.
    """
    return Money(_to_money(amount))


def quantity(number: str | int | Decimal) -> Quantity:
    """Return a quantity of parts or hours: ``quantity("1.5")`` is 1500, ``quantity(2)`` is 2000.

    Raises `RuleBroken` for a float, which is not exact, for more than three decimals, and for more
    than `MAX_QUANTITY`, positive or negative.
    """
    return Quantity(_to_quantity(number))


def percent(number: str | int | Decimal) -> Percent:
    """Return a percentage: ``percent("8.25")`` is 82500, ``percent(10)`` is 100000.

    Raises `RuleBroken` for a float, which is not exact, for more than four decimals, and for more
    than 100, positive or negative.
    """
    return Percent(_to_percent(number))


def scaled(decimals: int) -> Callable[[Any], int]:
    """Return a function from a number or its text to an integer in units of 10 ** -*decimals*.

    It is exact, and raises `RuleBroken` for what is neither an `int` nor a `Decimal` nor the text
    of a decimal number, and for more decimals or 18 digits before them.
    """
    wrong_type = Problem("#", f"must be a number with at most {decimals} decimals")
    too_precise = Problem("#", f"must have at most {decimals} decimals")
    out_of_range = Problem("#", "is out of range")

    def scale(number: Any) -> int:
        if type(number) is int or (type(number) is str and _PLAIN.fullmatch(number)):
            number = Decimal(number)
        if type(number) is not Decimal or not number.is_finite():
            raise RuleBroken(wrong_type)
        if not number:
            return 0
        if number.adjusted() >= _MAXIMUM_DIGITS:
            raise RuleBroken(out_of_range)
        _, digits, exponent = number.as_tuple()
        excess = int(exponent) + decimals
        if excess < 0 and any(digits[excess:]):
            raise RuleBroken(too_precise)
        return int(number.scaleb(decimals, _EXACT))

    return scale


def _exact(decimals: int, maximum: int) -> Callable[[object], int]:
    """Return `scaled` for callers in Python, within -*maximum* and *maximum*."""
    scale, bounds = scaled(decimals), Between(-maximum, maximum, decimals)

    def exact(number: object) -> int:
        if type(number) not in (str, int, Decimal):
            name = type(number).__name__
            raise RuleBroken(Problem("#", f"must be a str, an int or a Decimal, not {name}"))
        found = scale(number)
        if detail := bounds.violation(found):
            raise RuleBroken(Problem("#", detail))
        return found

    return exact


_to_money: Final = _exact(MONEY_DECIMALS, MAX_MONEY)
_to_quantity: Final = _exact(QUANTITY_DECIMALS, MAX_QUANTITY)
_to_percent: Final = _exact(PERCENT_DECIMALS, WHOLE)


def money_to_decimal(amount: int) -> Decimal:
    """Return *amount* as a decimal number of currency units, with two decimals: 20.90 for 2090."""
    return Decimal(amount).scaleb(-MONEY_DECIMALS, _EXACT)


def to_decimal(quantity: Quantity) -> Decimal:
    """Return *quantity* as a decimal number: 5.5 for 5500."""
    return without_zeros(quantity, QUANTITY_DECIMALS)


def percent_to_decimal(percentage: Percent) -> Decimal:
    """Return *percentage* as a decimal number: 7.5 for 75000."""
    return without_zeros(percentage, PERCENT_DECIMALS)


def without_zeros(scaled: int, decimals: int) -> Decimal:
    """Return a whole number of units of 10 ** -*decimals* without zeros after the last digit."""
    whole, fraction = divmod(scaled, 10**decimals)
    if not fraction:
        return Decimal(whole)
    return Decimal(scaled).scaleb(-decimals, _EXACT).normalize(_EXACT)
