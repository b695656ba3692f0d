"""Refusals of the HTTP message itself; the first line of a docstring is the problem's title."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from mechanic_core.errors import Forbidden, Refused
from mechanic_core.rules import Example


class BadRequest(Refused):
    """The request is malformed."""


class MalformedBody(BadRequest):
    """The request body is malformed."""


class MalformedHeader(BadRequest):
    """A request header is malformed."""


class IdempotencyKeyRequired(BadRequest):
    """Idempotency-Key is required."""


class BodyTooLarge(Refused):
    """The request body is too large."""


class UnsupportedMediaType(Refused):
    """The media type of the request body is not supported."""


class NotAcceptable(Refused):
    """No acceptable media type is available."""


class PreconditionRequired(Refused):
    """If-Match is required."""


class PreconditionFailed(Refused):
    """If-Match or If-None-Match does not match."""


class TooManyRequests(Refused):
    """The rate limit is exceeded."""

    fact_types: ClassVar = {"violated-policies": Annotated[tuple[str, ...], Example(("default",))]}

    def __init__(self, policies: Sequence[str], retry_after: int) -> None:
        """Name the exceeded *policies* and the seconds to wait, at least one."""
        seconds = max(1, retry_after)
        super().__init__(f"try again in {seconds} seconds", **{"violated-policies": [*policies]})
        self.retry_after = seconds


class HttpsRequired(Forbidden):
    """HTTPS is required; replace credentials that were sent over plain HTTP."""


class PdfNotInstalled(Refused):
    """This server makes no PDF: the extra `pdf` is not installed."""
