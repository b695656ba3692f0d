"""Bounds of what is priced. No shop's work reaches them, and no figure reaches 2 ** 63."""

from typing import Final

from mechanic_core.money import WHOLE, Percent

MAX_LINES: Final = 200
"""How many parts a document may have, how many lines of labour, and how many charges."""

MAX_DISCOUNTS: Final = 20
"""How many discounts may be taken off the whole of it."""

MAX_RATES: Final = 200
"""How many tax rates a shop may have."""

MAX_TAX: Final = Percent(5 * WHOLE)
"""What the rates of one tax class may add up to.

The amount of a line is under 10 ** 15. So 600 lines, a supplies fee of as much again, and this tax
on all of it come to less than 7.2 * 10 ** 18, which columns of 64 bits store.
"""
