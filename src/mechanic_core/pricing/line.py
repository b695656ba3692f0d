"""The lines that are priced, of a ticket or of a request, and their tax classes."""

from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Final, Self

from attrs import fields, frozen

from mechanic_core.money import (
    MAX_QUANTITY,
    ONE,
    QUANTITY_DECIMALS,
    WHOLE,
    Money,
    Price,
    Quantity,
)
from mechanic_core.pricing.discounts import Discount
from mechanic_core.pricing.rounding import rounded
from mechanic_core.rules import Between, Example, Length, OneOf, Pattern, checked
from mechanic_core.texts import LONG_TEXT
from mechanic_core.validators import unchecked
from mechanic_core.values import LINE, LINES, IdNumber


class LineKind(StrEnum):
    """What a line is for, in the order in which lines are numbered."""

    PART = "part"
    LABOR = "labor"
    FEE = "fee"
    SUBLET = "sublet"
    CORE = "core"
    SUPPLIES = "supplies"


CHARGES: Final = (LineKind.FEE, LineKind.SUBLET, LineKind.CORE)
"""The kinds that are neither parts nor labour; their lines are numbered together."""

GIVEN_KINDS: Final = (LineKind.PART, LineKind.LABOR, *CHARGES)
"""The kinds of lines that are priced; lines of kind `supplies` are what the price adds."""

TaxClass = Annotated[
    str,
    LINE,
    Length(1, 40),
    Pattern(
        r"[a-z0-9]+(?:[_-][a-z0-9]+)*",
        "must be lower-case letters and digits, in groups that are joined by - or _",
    ),
    Example("parts"),
]
"""The name of what is taxed alike. A class without rates is untaxed."""

UNTAXED: Final = "none"
"""The class that says that a line is untaxed."""

DEFAULT_CLASSES: Final = MappingProxyType(
    {
        LineKind.PART: "parts",
        LineKind.LABOR: "labor",
        LineKind.FEE: "fees",
        LineKind.SUBLET: "sublet",
        LineKind.CORE: "core",
    }
)
"""The tax class of a line that has none of its own, by its kind."""

SignedQuantity = Annotated[
    Quantity, Between(-MAX_QUANTITY, MAX_QUANTITY, QUANTITY_DECIMALS), Example(1.5)
]
"""A quantity or hours; below 0 for what the customer brings back."""

NO_DISCOUNT_BELOW_0: Final = "must be null: the amount of the line is below 0"

LineText = Annotated[str, LINES, Length(1, 300), LONG_TEXT, Example("Front brake pads")]


def line_amount(quantity: Quantity, unit_price: Money) -> Money:
    """Return *quantity* × *unit_price*, rounded half away from zero to the cent, once."""
    return Money(rounded(quantity * unit_price, ONE))


@frozen(kw_only=True, field_transformer=checked)
class PricingLine:
    """A line to be priced. *quantity* is hours where the kind is labour, *unit_price* the rate.

    Kind and id together are unique in a document. Lines without an id come last of their kind, in
    the order in which they are given.
    """

    id: IdNumber | None = None
    job_id: IdNumber | None = None
    kind: Annotated[LineKind, OneOf(GIVEN_KINDS)]
    description: LineText | None = None
    quantity: SignedQuantity
    unit_price: Price
    tax_class: TaxClass | None = None
    discount: Discount | None = None

    @property
    def amount(self) -> Money:
        """Quantity × price, before any discount."""
        return line_amount(self.quantity, self.unit_price)

    @property
    def takes_discount(self) -> bool:
        """Whether the line may have the discount that it has: one below 0 takes none."""
        return self.discount is None or self.amount >= 0

    @property
    def discounted(self) -> int:
        """What its own discount leaves of the amount."""
        amount = self.amount
        return amount - (self.discount.off(amount) if self.discount else 0)

    @property
    def taxed_as(self) -> str:
        """The tax class of the line, or the default class of its kind."""
        return self.tax_class or DEFAULT_CLASSES[self.kind]

    @property
    def place(self) -> tuple[int, bool, int, str]:
        """What lines are sorted by: parts, labour, charges; in each those with an id, by it."""
        group = 0 if self.kind is LineKind.PART else 1 if self.kind is LineKind.LABOR else 2
        return group, self.id is None, self.id or 0, self.kind if self.id else ""

    def given_away(self) -> Self:
        """Return the line with a discount of 100 %, as on a warranty job.

        A line below 0 stays as it is: the customer gets what they have brought back.
        """
        if self.amount < 0:
            return self
        values = {one.name: getattr(self, one.name) for one in fields(type(self))}
        return unchecked(type(self), **{**values, "discount": Discount(percent=WHOLE)})
