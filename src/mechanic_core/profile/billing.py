"""What the shop asks of its customers: authorization of the work, and payment of its invoices."""

from enum import StrEnum
from typing import Annotated, Any, Final

from attrs import frozen

from mechanic_core.money import Money, Percent, Price, Share
from mechanic_core.rules import Between, Description, Example, Length, checked
from mechanic_core.texts import NO_DIGIT_AT_END, unify_line_breaks
from mechanic_core.values import LINE, Text


class AuthorizationMode(StrEnum):
    """Whether work needs the customer's authorization.

    `ceiling` keeps the bill within what was authorized; `strict` wants each changed job
    authorized again too.
    """

    OFF = "off"
    CEILING = "ceiling"
    STRICT = "strict"


class Invoicing(StrEnum):
    """Whether a ticket needs an invoice before it is closed."""

    OFF = "off"
    REQUIRED = "required"


@frozen(kw_only=True, field_transformer=checked)
class Tolerance:
    """How far a bill may pass what was authorized.

    It is the greater of the percentage and the amount, and at most *most*.
    """

    percent: Annotated[Share, Description("Of what was authorized."), Example(10)] = Percent(0)
    amount: Annotated[Price, Example(50)] = Money(0)
    most: Annotated[
        Price | None, Description("The most that it comes to; null for no bound."), Example(200)
    ] = None


NO_TOLERANCE: Final = Tolerance()
"""No bill may pass what was authorized."""

TermsDays = Annotated[
    int,
    Between(0, 365),
    Description("After how many days an invoice is due."),
    Example(30),
]

SeriesPrefix = Annotated[str, LINE, Length(1, 20), NO_DIGIT_AT_END]
"""What the numbers of a series begin with; a digit at its end would read as part of the number."""

Disclosures = Annotated[
    tuple[Text, ...],
    Length(0, 20),
    Description("Texts that are printed on estimates and invoices."),
    Example(("Replaced parts are returned on request.",)),
]


def trimmed(texts: Any) -> Any:
    """Return a tuple with each text in the form in which it is checked; anything else as it is."""
    if type(texts) is not tuple:
        return texts
    return tuple(unify_line_breaks(text) if type(text) is str else text for text in texts)
