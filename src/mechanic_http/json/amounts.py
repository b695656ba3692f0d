"""Exact amounts in JSON: decimal text on one side, scaled integers on the other."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import orjson

from mechanic_core.errors import Problem, RuleBroken

_PLAIN: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,18})?")
_MOST_DIGITS: Final = 18
"""Nothing in the shop has more digits; what has is not even computed with."""

_EXACT_IN_A_FLOAT: Final = 10**15
"""Below, a decimal survives the way through a float: 15 digits are what IEEE 754 promises."""


def scaled_reader(decimals: int) -> Callable[[Any, Any], int]:
    """Return what reads a JSON number or its text as an integer with *decimals* behind the point.

    Numbers arrive as `int` or `Decimal`, as they were written, and stay exact.
    """
    wrong_type = Problem("#", f"must be a number with at most {decimals} decimals")
    too_fine = Problem("#", f"must have at most {decimals} decimals")
    out_of_range = Problem("#", "is out of range")

    def read(value: Any, _: Any) -> int:
        if type(value) is str and _PLAIN.fullmatch(value):
            value = Decimal(value)
        if type(value) is int:
            value = Decimal(value)
        if type(value) is not Decimal or not value.is_finite():
            raise RuleBroken(wrong_type)
        if not value:
            return 0
        if value.adjusted() >= _MOST_DIGITS:
            raise RuleBroken(out_of_range)
        _, digits, exponent = value.as_tuple()
        beyond = int(exponent) + decimals
        if beyond < 0 and any(digits[beyond:]):
            raise RuleBroken(too_fine)
        return int(value.scaleb(decimals))

    return read


def scaled_writer(decimals: int) -> Callable[[int], object]:
    """Return what makes an integer with *decimals* behind the point ready for orjson.

    The text that orjson writes is exact: a whole number, a float of at most 15 digits, whose
    shortest form is the decimal itself, or for longer ones the digits as they are.
    """
    one = 10**decimals

    def write(scaled: int) -> object:
        if not scaled % one:
            return scaled // one
        if -_EXACT_IN_A_FLOAT < scaled < _EXACT_IN_A_FLOAT:
            return scaled / one
        return orjson.Fragment(format(Decimal(scaled).scaleb(-decimals).normalize(), "f"))

    return write
