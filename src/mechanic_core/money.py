"""Exact amounts: money in minor units, quantities in thousandths, never a binary float.

Both are integers with types of their own, so that the type checker tells them apart and a
database column stores them as they are.
"""

from decimal import Decimal
from typing import Annotated, Final, NewType

from mechanic_core.rules import Between, Example, Expected

Money = NewType(
    "Money", Annotated[int, Expected("a whole number of minor currency units: use money()")]
)
"""An amount in minor currency units: 1999 is 19.99."""

Quantity = NewType(
    "Quantity", Annotated[int, Expected("a whole number of thousandths: use quantity()")]
)
"""A quantity of parts or hours in thousandths: 5500 is 5.5."""

MONEY_DECIMALS: Final = 2
QUANTITY_DECIMALS: Final = 3

MAX_MONEY: Final = 9_999_999_999
MAX_QUANTITY: Final = 99_999_000

Price = Annotated[Money, Between(0, MAX_MONEY, MONEY_DECIMALS), Example(19.99)]
"""A price, a rate or a salary, from 0 to 99,999,999.99."""

Stock = Annotated[Quantity, Between(0, MAX_QUANTITY, QUANTITY_DECIMALS), Example(12)]
"""A quantity on the shelf, from 0."""

Measure = Annotated[Quantity, Between(1, MAX_QUANTITY, QUANTITY_DECIMALS), Example(1.5)]
"""A quantity that is taken, received or worked, greater than 0."""

ONE: Final = Quantity(1000)


def line_amount(quantity: Quantity, price: Money) -> Money:
    """Return *quantity* × *price*, rounded half-even to the minor unit, once."""
    units, remainder = divmod(quantity * price, ONE)
    doubled = 2 * remainder
    if doubled > ONE or (doubled == ONE and units % 2):
        units += 1
    return Money(units)


def to_decimal(quantity: Quantity) -> Decimal:
    """Return *quantity* as a decimal number: 5.5 for 5500."""
    whole, fraction = divmod(quantity, ONE)
    if not fraction:
        return Decimal(whole)
    return Decimal(quantity).scaleb(-QUANTITY_DECIMALS).normalize()
