"""What is sent to be priced."""

from typing import Annotated, Final

from attrs import field, frozen

from mechanic_core.errors import Problem, RuleBroken
from mechanic_core.money import Price
from mechanic_core.pricing.bounds import MAX_DISCOUNTS, MAX_LINES
from mechanic_core.pricing.discounts import ScopedDiscount
from mechanic_core.pricing.line import (
    NO_DISCOUNT_BELOW_0,
    LineKind,
    PricingLine,
    SignedQuantity,
)
from mechanic_core.pricing.pricing_rules import PricingRules
from mechanic_core.rules import Alias, Description, Length, Unpublished, checked
from mechanic_core.values import IdNumber

_OF_LABOR: Final = ("kind", LineKind.LABOR)


@frozen(kw_only=True, field_transformer=checked)
class PriceLine(PricingLine):
    """A line to be priced, of no ticket. A quantity below 0 is what the customer brings back."""

    job_id: Annotated[IdNumber | None, Unpublished()] = field(default=None, init=False)
    quantity: Annotated[SignedQuantity, Alias("hours", _OF_LABOR)]
    unit_price: Annotated[Price, Alias("rate", _OF_LABOR)]

    def __attrs_post_init__(self) -> None:
        """Check that a line below 0 has no discount."""
        if not self.takes_discount:
            raise RuleBroken(Problem("#/discount", NO_DISCOUNT_BELOW_0))


@frozen(kw_only=True, field_transformer=checked)
class PriceRequest:
    """Lines to be priced, with discounts on all of them, taken off in their order."""

    lines: Annotated[tuple[PriceLine, ...], Length(0, 3 * MAX_LINES)]
    discounts: Annotated[tuple[ScopedDiscount, ...], Length(0, MAX_DISCOUNTS)] = ()
    profile: Annotated[
        PricingRules | None, Description("The rules; by default those of the shop.")
    ] = None
