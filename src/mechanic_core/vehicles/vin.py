"""Vehicle identification numbers (ISO 3779; check digit: 49 CFR 565.15)."""

from enum import StrEnum
from typing import Annotated, Final

from mechanic_core.errors import Problem, RuleBroken
from mechanic_core.rules import Example, Pattern

Vin = Annotated[
    str,
    Pattern(
        r"[A-HJ-NPR-Za-hj-npr-z0-9]{17}", "must be 17 letters and digits, none of them I, O or Q"
    ),
    Example("1HGCM82633A004352"),
]


class VinCheck(StrEnum):
    """What the check digit says."""

    VALID = "valid"
    INVALID = "invalid"
    NOT_APPLICABLE = "not-applicable"


_VALUES: Final = dict(
    zip(
        "0123456789ABCDEFGHJKLMNPRSTUVWXYZ",
        [*range(10), *range(1, 9), *range(1, 6), 7, 9, *range(2, 10)],
        strict=True,
    )
)
_WEIGHTS: Final = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_CHECK_PLACE: Final = 8
_NORTH_AMERICA: Final = "12345"
"""First characters of vehicles made for the market where the check digit is law."""


def check_digit(vin: str) -> str:
    """Return what the ninth character of *vin* must be."""
    rest = sum(_VALUES[c] * w for c, w in zip(vin.upper(), _WEIGHTS, strict=True)) % 11
    return "X" if rest == 10 else str(rest)  # noqa: PLR2004 - the regulation's own number


def vin_check(vin: str | None) -> VinCheck:
    """Return what the check digit of *vin* says, where it has one."""
    if vin is None or vin[0] not in _NORTH_AMERICA:
        return VinCheck.NOT_APPLICABLE
    return VinCheck.VALID if vin[_CHECK_PLACE].upper() == check_digit(vin) else VinCheck.INVALID


def require_check_digit(vin: str | None, *, strict: bool) -> None:
    """Refuse a wrong check digit where the shop is strict about it."""
    if strict and vin_check(vin) is VinCheck.INVALID:
        raise RuleBroken(
            Problem("#/vin", f"has a wrong check digit, {check_digit(vin or '')} fits")
        )
