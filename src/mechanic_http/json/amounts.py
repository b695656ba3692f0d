"""Exact amounts: scaled integers in records, decimal numbers in JSON."""

from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

import orjson

from mechanic_core.money import scaled

_EXACT_AS_FLOAT: Final = 10**15
"""IEEE 754 doubles represent every decimal of up to 15 digits exactly enough to round-trip."""


def structure_scaled(decimals: int) -> Callable[[Any, Any], int]:
    """Return a hook that structures a JSON number or its text as `scaled` does.

    Numbers arrive as `int` or `Decimal`.
    """
    scale = scaled(decimals)
    return lambda value, _: scale(value)


def unstructure_scaled(decimals: int) -> Callable[[int], object]:
    """Return a hook that unstructures an integer in units of 10 ** -*decimals* for orjson.

    orjson writes the decimal exactly: as a whole number, as a float of at most 15 digits, whose
    shortest representation is the decimal, or digit by digit.
    """
    one = 10**decimals

    @lru_cache(maxsize=4096)
    def unstructure(scaled: int) -> object:
        if not scaled % one:
            return scaled // one
        if -_EXACT_AS_FLOAT < scaled < _EXACT_AS_FLOAT:
            return scaled / one
        return orjson.Fragment(format(Decimal(scaled).scaleb(-decimals).normalize(), "f"))

    return unstructure
