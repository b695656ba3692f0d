"""Bounds of what is priced. No shop's work reaches them."""

from typing import Final

MAX_LINES: Final = 200
"""How many parts a document may have, how many lines of labour, and how many charges."""

MAX_DISCOUNTS: Final = 20
"""How many discounts may be taken off the whole of it."""

MAX_RATES: Final = 200
"""How many tax rates a shop may have."""
