"""Documents to price: short ways to write them, and Hypothesis strategies."""

from collections.abc import Sequence
from typing import Any, Final

from attrs import evolve, frozen
from hypothesis import settings
from hypothesis import strategies as st

from mechanic_core.money import Money, Percent, Quantity, money, percent, quantity
from mechanic_core.pricing import price
from mechanic_core.pricing.discounts import Discount, Scope, ScopedDiscount
from mechanic_core.pricing.document import PricedDocument
from mechanic_core.pricing.line import LineKind, PricingLine
from mechanic_core.pricing.pricing_rules import (
    FeeBase,
    PricingRules,
    SuppliesFee,
    TaxRate,
    TaxRounding,
)

DOCUMENTS: Final = settings(max_examples=7 * settings().max_examples)
"""210 documents; 1,400 with the profile `ci`, 14,000 with `long`."""

PART, LABOR, FEE, SUBLET, CORE, _ = LineKind


def line(kind: LineKind, number: str | int, unit_price: str | int, **given: Any) -> PricingLine:
    """Return a line of a quantity at a price, written as people write them."""
    return PricingLine(kind=kind, quantity=quantity(number), unit_price=money(unit_price), **given)


def off(number: str | int) -> Discount:
    """Return a discount of a percentage."""
    return Discount(percent=percent(number))


def ticket_off(scope: Scope, number: str | int) -> ScopedDiscount:
    """Return a ticket-wide discount of a percentage."""
    return ScopedDiscount(scope=scope, percent=percent(number))


def rate(tax_class: str, number: str | int, authority: str = "State") -> TaxRate:
    """Return the rate of an authority."""
    return TaxRate(tax_class=tax_class, authority=authority, percent=percent(number))


def rules(*rates: TaxRate, **given: Any) -> PricingRules:
    """Return rules with *rates*."""
    return PricingRules(tax_rates=rates, **given)


def figures(document: PricedDocument) -> list[tuple[int, int, int, int]]:
    """Return amount, discount, net and tax of each line."""
    return [(one.amount, one.discount, one.net, one.tax) for one in document.lines]


def taxes(document: PricedDocument) -> list[tuple[str, str, int, int]]:
    """Return class, authority, base and tax of each row of the breakdown."""
    return [(one.tax_class, one.authority, one.base, one.tax) for one in document.tax]


@frozen
class Draft:
    """What is priced."""

    lines: tuple[PricingLine, ...]
    rules: PricingRules
    discounts: tuple[ScopedDiscount, ...] = ()

    def priced(self, lines: Sequence[PricingLine] | None = None) -> PricedDocument:
        """Return the document, or that of other *lines* instead."""
        return price(self.lines if lines is None else lines, self.rules, self.discounts)


CLASSES: Final = ("a", "b", "none", None)
AMOUNTS: Final = (
    st.integers(0, 30).map(Money) | st.integers(0, 50_000).map(Money) | st.just(Money(10**10 - 1))
)
QUANTITIES: Final = st.sampled_from(
    [Quantity(1000), Quantity(500), Quantity(250), Quantity(3000)]
) | st.integers(0, 20_000).map(Quantity)
PERCENTS: Final = (
    st.sampled_from([percent(n) for n in (0, 100, 50, 25, 10, 7, "8.25", "33.3333", "0.0001")])
    | st.integers(0, 300_000)
    | st.integers(0, 1_000_000)
).map(Percent)


@st.composite
def _lines(draw: st.DrawFn, number: int | None) -> PricingLine:
    made = PricingLine(
        id=number,
        job_id=draw(st.sampled_from([None, 1, 2])),
        kind=draw(st.sampled_from([PART, LABOR, FEE, SUBLET, CORE])),
        quantity=draw(QUANTITIES),
        unit_price=draw(AMOUNTS),
        tax_class=draw(st.sampled_from(CLASSES)),
    )
    if draw(st.integers(0, 4)) == 0:
        return evolve(made, quantity=Quantity(-made.quantity))
    return evolve(made, discount=draw(st.none() | discounts()))


def discounts() -> st.SearchStrategy[Discount]:
    """Return a strategy for discounts."""
    return st.builds(Discount, amount=AMOUNTS) | st.builds(Discount, percent=PERCENTS)


def ticket_discounts() -> st.SearchStrategy[ScopedDiscount]:
    """Return a strategy for ticket-wide discounts."""
    scopes = st.sampled_from(Scope)
    return st.builds(ScopedDiscount, scope=scopes, amount=AMOUNTS) | st.builds(
        ScopedDiscount, scope=scopes, percent=PERCENTS
    )


def all_rules() -> st.SearchStrategy[PricingRules]:
    """Return a strategy for rules, some with several authorities for a class."""
    rates = st.lists(
        st.builds(
            TaxRate,
            tax_class=st.sampled_from(["a", "b", "parts", "labor", "supplies"]),
            authority=st.sampled_from(["State", "County", "City", "Metro"]),
            percent=PERCENTS,
        ),
        max_size=8,
        unique_by=lambda one: (one.tax_class, one.authority),
    ).map(tuple)
    fee = st.builds(
        SuppliesFee,
        percent=PERCENTS,
        of=st.sampled_from([(FeeBase.LABOR,), (FeeBase.PARTS, FeeBase.LABOR)]),
        cap=st.none() | AMOUNTS,
        tax_class=st.sampled_from(["supplies", "a", "none"]),
    )
    return st.builds(
        PricingRules,
        tax_rates=rates,
        tax_rounding=st.sampled_from(TaxRounding),
        prices_include_tax=st.booleans(),
        supplies_fee=st.none() | fee,
    )


@st.composite
def drafts(draw: st.DrawFn, *, with_ids: bool = True) -> Draft:
    """Draw what is priced: up to 8 lines, below 0 too, with up to 3 ticket-wide discounts."""
    ids = draw(st.permutations(range(1, 9))) if with_ids else [None] * 8
    count = draw(st.integers(0, 8))
    return Draft(
        tuple(draw(_lines(number)) for number in ids[:count]),
        draw(all_rules()),
        tuple(draw(st.lists(ticket_discounts(), max_size=3))),
    )
