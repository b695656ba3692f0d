"""Exact amounts: money in minor units, quantities in thousandths, never a binary float.

Both are integers with a name of their own, so that the type checker keeps them apart and a
database column holds them as they are.
"""

from decimal import Decimal
from typing import Annotated, Final, NewType

from mechanic_core.rules import Between, Example

Money = NewType("Money", int)
"""An amount of money in minor units: 1999 is 19.99."""

Quantity = NewType("Quantity", int)
"""An amount of parts or hours in thousandths: 5500 is 5.5."""

MONEY_DECIMALS: Final = 2
QUANTITY_DECIMALS: Final = 3

MAX_MONEY: Final = 9_999_999_999
MAX_QUANTITY: Final = 99_999_000

Price = Annotated[Money, Between(0, MAX_MONEY, MONEY_DECIMALS), Example(19.99)]
"""A price, a rate or a salary, from nothing to 99,999,999.99."""

Stock = Annotated[Quantity, Between(0, MAX_QUANTITY, QUANTITY_DECIMALS), Example(12)]
"""What lies on a shelf, nothing included."""

Measure = Annotated[Quantity, Between(1, MAX_QUANTITY, QUANTITY_DECIMALS), Example(1.5)]
"""What is taken, brought or worked: more than nothing."""

ONE: Final = Quantity(1000)


def amount(quantity: Quantity, price: Money) -> Money:
    """Return *quantity* × *price*, rounded half-even to the minor unit, once."""
    units, rest = divmod(quantity * price, ONE)
    doubled = 2 * rest
    if doubled > ONE or (doubled == ONE and units % 2):
        units += 1
    return Money(units)


def to_decimal(quantity: Quantity) -> Decimal:
    """Return *quantity* as people write it: 5500 is 5.5."""
    whole, rest = divmod(quantity, ONE)
    return Decimal(whole) if not rest else Decimal(quantity).scaleb(-QUANTITY_DECIMALS).normalize()
