"""Value types that several nouns share."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Final, TypeAlias

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
        "must be a valid e-mail address",
    ),
    Example("ada@example.com"),
]
"""An address that HTML's ``<input type=email>`` accepts."""

Phone = Annotated[
    str,
    Length(3, 32),
    Pattern(r"[0-9+()./ x-]+", "must be a valid phone number"),
    Example("+1-555-0100"),
]

Address = Annotated[str, Length(1, 300), NOT_BLANK, PRINTABLE, Example("12 Mill Lane, Springfield")]

Text = Annotated[str, Length(1, 2000), NOT_BLANK, PRINTABLE, Example("Grinding noise when braking")]

Note = Annotated[str, Length(1, 500), NOT_BLANK, PRINTABLE, Example("Customer agreed by phone")]

SearchText = Annotated[str, Length(1, 100), NOT_BLANK, PRINTABLE, Example("ada")]

IdNumber = Annotated[int, Between(1, 2**63 - 1), Example(1)]
"""An id in a request. Ids that a store has assigned are always in range."""

Version = Annotated[int, Unpublished()]
"""The number of times that a record was saved, for optimistic locking; the ETag contains it."""

Clock: TypeAlias = Callable[[], datetime]
"""Returns the present moment in UTC, to the microsecond."""

fold_case: Final = str.casefold
"""Returns a text in the form in which texts are compared without regard to case."""
