"""What is refused because of the HTTP message itself, before the shop is asked."""

from typing import Annotated, ClassVar

from mechanic_core.errors import Forbidden, Refused
from mechanic_core.rules import Example


class BadRequest(Refused):
    """The request can't be understood."""


class MalformedBody(BadRequest):
    """The body can't be parsed."""


class MalformedHeader(BadRequest):
    """A header can't be parsed."""


class BodyTooLarge(Refused):
    """The body is too large."""


class UnsupportedMediaType(Refused):
    """The body is of a kind that is not understood here."""


class NotAcceptable(Refused):
    """There is no answer of a kind that you accept."""


class PreconditionRequired(Refused):
    """Say with If-Match which version you have seen."""


class PreconditionFailed(Refused):
    """What If-Match or If-None-Match asks for is not so."""


class TooManyRequests(Refused):
    """That was too often; try again later."""

    fact_types: ClassVar = {"violated-policies": Annotated[tuple[str, ...], Example(("default",))]}

    def __init__(self, policy: str, retry_after: int) -> None:
        """Tell which *policy* was broken, and for how many seconds to wait."""
        super().__init__(f"try again in {retry_after} seconds", **{"violated-policies": [policy]})
        self.retry_after = retry_after


class HttpsRequired(Forbidden):
    """Plain HTTP is not answered here: use HTTPS, and change what you have just sent."""
