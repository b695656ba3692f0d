"""Passwords as people choose and type them."""

from typing import Annotated

from mechanic_core.rules import Example, Length, Pattern


def masked(_: str) -> str:
    """Return what stands for a secret where a record is shown, as in a log or a traceback."""
    return "***"


Password = Annotated[
    str,
    Length(8, 128),
    Pattern(r"(?s)[^\x00\ud800-\udfff]*", "must not hold NUL or unpaired surrogates"),
    Example("correct horse battery"),
]
"""A password to set: any 8 to 128 characters (NIST SP 800-63B-4, section 3.1.1.2)."""

GivenPassword = Annotated[
    str,
    Length(1, 1024),
    Pattern(r"(?s)[^\x00\ud800-\udfff]*", "must not hold NUL or unpaired surrogates"),
    Example("correct horse battery"),
]
"""A password to compare: whatever somebody typed, within reason."""
