"""Value types that several nouns share."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Final, TypeAlias

from mechanic_core.rules import Between, Example, Length, Normalized, Pattern, Unpublished
from mechanic_core.texts import (
    LONG_TEXT,
    ONE_LINE,
    clean_email,
    clean_phone,
    trim,
    unify_line_breaks,
)

LINE: Final = Normalized(trim)
"""A text of one line: a name, a SKU, a plate, search words."""

LINES: Final = Normalized(unify_line_breaks)
"""A text that may have line breaks and tabs: a description, an address, a note."""

Name = Annotated[str, LINE, Length(1, 100), ONE_LINE, Example("Ada Moore")]

_LOCAL_PART: Final = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_NO_EMAIL: Final = "must be a valid e-mail address"

Email = Annotated[
    str,
    Normalized(clean_email),
    Length(3, 254),
    Pattern(rf"{_LOCAL_PART}@{_LABEL}(?:\.{_LABEL})*", _NO_EMAIL),
    Example("ada@example.com"),
]
"""An address that HTML's ``<input type=email>`` accepts; an international domain is in ASCII."""

LoginEmail = Annotated[
    str,
    Normalized(clean_email),
    Length(3, 254),
    Pattern(rf"{_LOCAL_PART}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", _NO_EMAIL),
    Example("ada@example.com"),
]
"""An address to log in with: one that a former release took too, with a domain that none has."""

Phone = Annotated[
    str,
    Normalized(clean_phone),
    Length(3, 32),
    Pattern(
        r"[0-9+()./ x\u2010-\u2015-]+(?: ?(?:[Ee][Xx][Tt](?:ension)?\.?|#) ?[0-9]+)?",
        "must be a valid phone number",
    ),
    Example("+1-555-0100"),
]
"""A number in any usual spelling, also with an extension: ``555-0100 ext. 12``."""

Address = Annotated[str, LINES, Length(1, 300), LONG_TEXT, Example("12 Mill Lane, Springfield")]

Text = Annotated[str, LINES, Length(1, 2000), LONG_TEXT, Example("Grinding noise when braking")]

Note = Annotated[str, LINES, Length(1, 500), LONG_TEXT, Example("Customer agreed by phone")]

SearchText = Annotated[str, LINE, Length(1, 100), ONE_LINE, Example("ada")]

IdNumber = Annotated[int, Between(1, 2**63 - 1), Example(1)]
"""An id in a request. Ids that a store has assigned are always in range."""

Version = Annotated[int, Unpublished()]
"""The number of times that a record was saved, for optimistic locking; the ETag contains it."""

Clock: TypeAlias = Callable[[], datetime]
"""Returns the present moment in UTC, to the microsecond."""
