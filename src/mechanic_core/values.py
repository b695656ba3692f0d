"""The kinds of text and time that several nouns share."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, TypeAlias

from mechanic_core.rules import (
    NOT_BLANK,
    PRINTABLE,
    Between,
    Example,
    Length,
    Pattern,
    Unpublished,
)

Name = Annotated[str, Length(1, 100), NOT_BLANK, PRINTABLE, Example("Ada Moore")]

Email = Annotated[
    str,
    Length(3, 254),
    Pattern(
        r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*",
        "must be an e-mail address",
    ),
    Example("ada@example.com"),
]
"""An address as the HTML standard's `input type=email` accepts it."""

Phone = Annotated[
    str,
    Length(3, 32),
    Pattern(r"[0-9+()./ x-]+", "must be a phone number"),
    Example("+1-555-0100"),
]

Address = Annotated[str, Length(1, 300), NOT_BLANK, PRINTABLE, Example("12 Mill Lane, Springfield")]

Text = Annotated[str, Length(1, 2000), NOT_BLANK, PRINTABLE, Example("Grinding noise when braking")]

Note = Annotated[str, Length(1, 500), NOT_BLANK, PRINTABLE, Example("Customer agreed by phone")]

SearchText = Annotated[str, Length(1, 100), NOT_BLANK, PRINTABLE, Example("ada")]

IdNumber = Annotated[int, Between(1, 2**63 - 1), Example(1)]
"""An id where somebody else gives it; the stores' own ids are never out of range."""

Version = Annotated[int, Unpublished()]
"""How often a record was saved; the ETag is made of it."""

Clock: TypeAlias = Callable[[], datetime]
"""Tells the present moment, in UTC, to the microsecond."""


def fold_case(text: str) -> str:
    """Return *text* as it is compared: without regard to case."""
    return text.casefold()
