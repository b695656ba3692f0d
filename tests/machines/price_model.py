"""The model of prices: what the lines of a ticket in plain dictionaries come to.

It is written from section 11 of the contract: it knows which lines, rules and discounts are priced,
and asks the pricing function, which has tests of its own, what they come to.
"""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import Final

from attrs import astuple

from mechanic_core.money import Money, Percent, Quantity
from mechanic_core.pricing import price
from mechanic_core.pricing.discounts import Discount, Scope, TicketDiscount
from mechanic_core.pricing.document import PricedDocument
from mechanic_core.pricing.line import LineKind, PricingLine
from mechanic_core.pricing.pricing_rules import FeeBase, PricingRules, SuppliesFee, TaxRate
from tests.machines.inventory_model import Fields

_STATE = TaxRate(tax_class="parts", authority="State", percent=Percent(82_500))
_CITY = TaxRate(tax_class="parts", authority="City", percent=Percent(12_345))
_VAT = TaxRate(tax_class="vat", authority="Federal", percent=Percent(190_000))
_FEE = SuppliesFee(percent=Percent(50_000), of=(FeeBase.PARTS, FeeBase.LABOR), cap=Money(3000))

RULES: Final = MappingProxyType(
    {
        "plain": PricingRules(),
        "taxed": PricingRules(tax_rates=(_STATE, _CITY, _VAT), supplies_fee=_FEE),
        "gross": PricingRules(tax_rates=(_STATE, _VAT), prices_include_tax=True),
    }
)
"""The rules that the shop may have."""

DISCOUNTS: Final = MappingProxyType(
    {
        "none": None,
        "10 % off": Discount(percent=Percent(100_000)),
        "0.3333 % off": Discount(percent=Percent(3333)),
        "5.00 off": Discount(amount=Money(500)),
    }
)
"""The discounts that a line may have, by their texts in the history."""

TICKET_DISCOUNTS: Final = MappingProxyType(
    {
        "7.5 % off all: Regular": TicketDiscount(
            scope=Scope.ALL, percent=Percent(75_000), reason="Regular"
        ),
        "12.34 off labor: Coupon": TicketDiscount(
            scope=Scope.LABOR, amount=Money(1234), reason="Coupon"
        ),
    }
)
"""The discounts that a ticket may have, by their texts in the history."""

CLASSES: Final = MappingProxyType(
    {"part": "parts", "labor": "labor", "fee": "fees", "sublet": "sublet", "core": "core"}
)
"""The tax class of a line that is given none, by its kind."""


def has_class(rules: PricingRules, tax_class: str) -> bool:
    """Return whether a line may have a tax class: a default one, `none`, or one with rates."""
    rated = {rate.tax_class for rate in rules.tax_rates}
    return tax_class in {"none", *CLASSES.values(), *rated}


def document(ticket: Fields, rules: PricingRules) -> PricedDocument:
    """Return what a ticket comes to under *rules*, or under those that it was finished with."""
    lines = [line.given_away() if free else line for line, free in _lines(ticket)]
    given = [TICKET_DISCOUNTS[text] for text in ticket["discounts"]]
    return price(lines, ticket["rules"] or rules, given)


def described_lines(ticket: Fields, rules: PricingRules) -> dict[str, Fields]:
    """Return every line with its amount and its net, by its name."""
    priced = document(ticket, rules)
    nets = {_letter(one.kind) + str(one.id): one.net for one in priced.lines}
    return {
        name: line | {"amount": cents(*_measure(line)), "net": nets[name]}
        for kind in ("parts", "labor", "charges")
        for name, line in ticket[kind].items()
    }


def described_jobs(ticket: Fields, rules: PricingRules) -> list[Fields]:
    """Return the jobs with their totals."""
    priced = document(ticket, rules)
    return [
        job | {"totals": astuple(priced.totals_of_job(int(name[1:])))}
        for name, job in ticket["jobs"].items()
    ]


def cents(thousandths: int, unit_price: int) -> int:
    """Return the amount of a line, from the middle between two cents away from zero."""
    exact = Decimal(thousandths) * unit_price / 1000
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def line_text(what: str, line: Fields, other: Fields | None = None) -> str:
    """Return the text of a line in the history: where it has moved, and its discount."""
    texts = [what]
    if other and line["job"] != other["job"]:
        texts.append(f"job {line['job']}")
    if other and line["tax_class"] != other["tax_class"]:
        texts.append(f"taxed as {line['tax_class']}")
    if line["discount"] != "none":
        texts.append(line["discount"])
    return ", ".join(texts)


def _measure(line: Fields) -> tuple[Quantity, Money]:
    """Return the quantity and the price of a part or a charge, or the hours and the rate."""
    names = ("hours", "rate") if line["kind"] == "labor" else ("quantity", "price")
    return Quantity(line[names[0]]), Money(line[names[1]])


def _letter(kind: LineKind) -> str:
    return {LineKind.PART: "l", LineKind.LABOR: "w"}.get(kind, "x")


def _lines(ticket: Fields) -> Iterator[tuple[PricingLine, bool]]:
    """Yield each line, and whether nothing is to pay for its job."""
    for kind in ("parts", "labor", "charges"):
        for name, line in ticket[kind].items():
            quantity, unit_price = _measure(line)
            yield (
                PricingLine(
                    id=int(name[1:]),
                    job_id=int(line["job"][1:]),
                    kind=LineKind(line["kind"]),
                    quantity=quantity,
                    unit_price=unit_price,
                    tax_class=line["tax_class"],
                    discount=DISCOUNTS[line["discount"]],
                ),
                ticket["jobs"][line["job"]]["kind"] == "warranty",
            )
