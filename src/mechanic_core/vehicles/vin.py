"""Vehicle identification numbers (ISO 3779; check digit: 49 CFR 565.15)."""

from enum import StrEnum
from typing import Annotated, Final

from mechanic_core.errors import Problem, RuleBroken
from mechanic_core.rules import Description, Example, Normalized, Pattern
from mechanic_core.texts import VIN_SEPARATOR, clean_vin

_CHARACTER: Final = "[A-HJ-NPR-Za-hj-npr-z0-9]"
_MEANING: Final = "must be 17 letters and digits, none of them I, O or Q"
_SPACED: Final = f"{VIN_SEPARATOR}*(?:[Ii]{VIN_SEPARATOR}*)?(?:{_CHARACTER}{VIN_SEPARATOR}*){{17}}"

Vin = Annotated[str, Pattern(_CHARACTER + "{17}", _MEANING), Example("1HGCM82633A004352")]
"""A VIN as it is stored and answered."""

ScannedVin = Annotated[
    str,
    Normalized(clean_vin),
    Pattern(_CHARACTER + "{17}", _MEANING, published=_SPACED),
    Example("1HGCM82633A004352"),
    Description(
        "Blanks, dashes and asterisks between the 17 characters, and a leading import `I` of "
        "scanners, are dropped."
    ),
]
"""A VIN as people and scanners enter it, which becomes a `Vin`."""


class VinCheck(StrEnum):
    """The result of the check digit test."""

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
_CHECK_DIGIT_INDEX: Final = 8
_NORTH_AMERICA: Final = "12345"
"""First characters of vehicles built for the market that requires a check digit."""


def check_digit(vin: str) -> str:
    """Return the right ninth character of *vin*."""
    remainder = sum(_VALUES[c] * w for c, w in zip(vin.upper(), _WEIGHTS, strict=True)) % 11
    return "X" if remainder == 10 else str(remainder)  # noqa: PLR2004 - the regulation's number


def vin_check(vin: str | None) -> VinCheck:
    """Return whether the check digit of *vin* is right, where it must have one."""
    if vin is None or vin[0] not in _NORTH_AMERICA:
        return VinCheck.NOT_APPLICABLE
    return (
        VinCheck.VALID if vin[_CHECK_DIGIT_INDEX].upper() == check_digit(vin) else VinCheck.INVALID
    )


def require_check_digit(vin: str | None, *, strict: bool) -> None:
    """Raise `RuleBroken` for a wrong check digit if *strict*."""
    if strict and vin_check(vin) is VinCheck.INVALID:
        expected = check_digit(vin or "")
        detail = f"has an invalid check digit: expected {expected}; staff may insist: vin_confirmed"
        raise RuleBroken(Problem("#/vin", detail))
