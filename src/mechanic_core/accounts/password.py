"""Types of plain-text passwords in requests."""

from typing import Annotated, Final

from mechanic_core.rules import Example, Length, Normalized, Pattern
from mechanic_core.texts import opaque


def mask_secret(_: str) -> str:
    """Return asterisks: the `repr` of a secret field, for logs and tracebacks."""
    return "***"


PASSWORD_LENGTH: Final = Length(8, 128)

Password = Annotated[
    str,
    Normalized(opaque),
    PASSWORD_LENGTH,
    Pattern(r"(?s)[^\x00\ud800-\udfff]*", "must not contain NUL or unpaired surrogates"),
    Example("correct horse battery"),
]
"""A new password: any 8 to 128 characters (NIST SP 800-63B-4, section 3.1.1.2), as RFC 8265 has it."""

PasswordAttempt = Annotated[
    str,
    Normalized(opaque),
    Length(1, 1024),
    Pattern(r"(?s)[^\x00\ud800-\udfff]*", "must not contain NUL or unpaired surrogates"),
    Example("correct horse battery"),
]
"""A password to verify; only its length is bounded."""
