"""Exact amounts: scaled integers in records, decimal numbers in JSON."""

import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

import orjson

from mechanic_core.errors import Problem, RuleBroken

_PLAIN: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,18})?")
_MAXIMUM_DIGITS: Final = 18
"""Larger numbers are refused before any arithmetic."""

_EXACT_AS_FLOAT: Final = 10**15
"""IEEE 754 doubles represent every decimal of up to 15 digits exactly enough to round-trip."""


def structure_scaled(decimals: int) -> Callable[[Any, Any], int]:
    """Return a hook that structures a JSON number or its text as an integer.

    The integer counts units of 10 ** -*decimals*. Numbers arrive as `int` or `Decimal`.
    """
    wrong_type = Problem("#", f"must be a number with at most {decimals} decimals")
    too_precise = Problem("#", f"must have at most {decimals} decimals")
    out_of_range = Problem("#", "is out of range")

    def structure(value: Any, _: Any) -> int:
        if type(value) is int or (type(value) is str and _PLAIN.fullmatch(value)):
            value = Decimal(value)
        if type(value) is not Decimal or not value.is_finite():
            raise RuleBroken(wrong_type)
        if not value:
            return 0
        if value.adjusted() >= _MAXIMUM_DIGITS:
            raise RuleBroken(out_of_range)
        _, digits, exponent = value.as_tuple()
        excess = int(exponent) + decimals
        if excess < 0 and any(digits[excess:]):
            raise RuleBroken(too_precise)
        return int(value.scaleb(decimals))

    return structure


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
