"""Prices of lines that are on no service ticket."""

from typing import Final, final

from attrs import frozen

from mechanic_core.access import Actor
from mechanic_core.pricing.document import PricedDocument
from mechanic_core.pricing.forms import PriceRequest
from mechanic_core.pricing.use_cases import PriceLines
from mechanic_core.shop import Shop
from mechanic_http.endpoint.operation import endpoint
from mechanic_http.endpoint.route import Route


@final
@frozen
class Prices:
    """What lines come to."""

    shop: Shop

    @endpoint(PriceLines, limits=("default",))
    def on_post(self, actor: Actor, form: PriceRequest) -> PricedDocument:
        """Price lines under the shop's rules, or under given ones; nothing is stored."""
        return self.shop.price_lines(actor, form)


ROUTES: Final = (Route("/prices", Prices),)
