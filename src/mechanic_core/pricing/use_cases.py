"""Price lines without storing anything."""

from typing import ClassVar, final

from attrs import frozen

from mechanic_core.access import STAFF_ONLY, Actor
from mechanic_core.pricing.document import PricedDocument
from mechanic_core.pricing.forms import PriceRequest
from mechanic_core.pricing.steps import price
from mechanic_core.unit_of_work import ReadOnly


@final
@frozen
class PriceLines:
    """Price lines under the shop's rules, or under given ones. Nothing is stored."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = ()

    read_only: ReadOnly

    def __call__(self, actor: Actor, request: PriceRequest) -> PricedDocument:
        """Return the priced document; raise `RuleBroken` with the problems of all lines."""
        self.policy.admit(actor)
        rules = request.profile
        if rules is None:
            with self.read_only() as work:
                rules = work.profiles.get().pricing_rules
        return price(request.lines, rules, request.discounts)
