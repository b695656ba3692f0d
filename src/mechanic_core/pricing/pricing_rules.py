"""The part of the shop's profile that decides prices: tax rates, supplies fee, rounding."""

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from itertools import groupby
from typing import Annotated, Final

from attrs import frozen

from mechanic_core.errors import Problem, RuleBroken
from mechanic_core.money import WHOLE, Price, Share
from mechanic_core.pricing.bounds import MAX_RATES, MAX_TAX
from mechanic_core.pricing.line import DEFAULT_CLASSES, UNTAXED, TaxClass
from mechanic_core.pricing.rounding import rounded
from mechanic_core.rules import Description, Example, Length, checked
from mechanic_core.texts import ONE_LINE
from mechanic_core.values import LINE

Authority = Annotated[str, LINE, Length(1, 60), ONE_LINE, Example("State")]

_MOST: Final = f"at most {100 * MAX_TAX // WHOLE}"
_TOO_MUCH: Final = f"the rates of a tax_class must add up to {_MOST}"


class TaxRounding(StrEnum):
    """Whether a tax is rounded once for the document, or on every line."""

    DOCUMENT = "document"
    LINE = "line"


class FeeBase(StrEnum):
    """What a supplies fee is a percentage of."""

    PARTS = "parts"
    LABOR = "labor"


@frozen(kw_only=True, field_transformer=checked)
class TaxRate:
    """The rate of one tax authority for one tax class."""

    tax_class: TaxClass
    authority: Authority
    percent: Share


@frozen(kw_only=True, field_transformer=checked)
class SuppliesFee:
    """A fee for shop supplies: a percentage of the labour, or of parts and labour."""

    percent: Annotated[Share, Example(5)]
    of: Annotated[
        tuple[FeeBase, ...],
        Length(1, 2),
        Description('`["labor"]` or `["parts", "labor"]`.'),
        Example((FeeBase.LABOR,)),
    ]
    cap: Annotated[Price | None, Description("The most that it comes to."), Example(50)] = None
    tax_class: Annotated[TaxClass, Example("supplies")] = "supplies"

    def __attrs_post_init__(self) -> None:
        """Check that labour is in the base, and nothing twice."""
        if FeeBase.LABOR not in self.of or len(set(self.of)) < len(self.of):
            raise RuleBroken(Problem("#/of", 'must be ["labor"] or ["parts", "labor"]'))

    def on(self, base: int) -> int:
        """Return the fee on a *base*, which is below 0 where goods come back."""
        fee = rounded(base * self.percent, WHOLE)
        return fee if self.cap is None else max(-self.cap, min(fee, self.cap))


@frozen(kw_only=True, field_transformer=checked)
class PricingRules:
    """The rules under which a document is priced; those of a new shop add nothing."""

    tax_rates: Annotated[
        tuple[TaxRate, ...],
        Length(0, MAX_RATES),
        Description(f"Rates of several authorities for one class add up, to {_MOST} percent."),
    ] = ()
    tax_rounding: Annotated[TaxRounding, Example(TaxRounding.DOCUMENT)] = TaxRounding.DOCUMENT
    prices_include_tax: Annotated[bool, Example(False)] = False
    supplies_fee: SuppliesFee | None = None

    def __attrs_post_init__(self) -> None:
        """Check that an authority has one rate for a class, and how much they add up to."""
        found: set[tuple[str, str]] = set()
        sums: Counter[str] = Counter()
        problems = []
        for index, rate in enumerate(self.tax_rates):
            if (rate.tax_class, rate.authority) in found:
                detail = "has a rate for this tax_class already"
                problems.append(Problem(f"#/tax_rates/{index}/authority", detail))
            found.add((rate.tax_class, rate.authority))
            before = sums[rate.tax_class]
            sums[rate.tax_class] += rate.percent
            if before <= MAX_TAX < sums[rate.tax_class]:
                problems.append(Problem(f"#/tax_rates/{index}/percent", _TOO_MUCH))
        if problems:
            raise RuleBroken(*problems)

    @property
    def rates_by_class(self) -> Mapping[str, tuple[TaxRate, ...]]:
        """The rates of each class that has any: classes by their names, authorities as given."""
        ordered = sorted(self.tax_rates, key=lambda rate: rate.tax_class)
        return {
            tax_class: tuple(rates)
            for tax_class, rates in groupby(ordered, lambda rate: rate.tax_class)
        }

    @property
    def known_classes(self) -> frozenset[str]:
        """What a stored line may have: `none`, the default class of a kind, or one with rates."""
        return frozenset((UNTAXED, *DEFAULT_CLASSES.values(), *self.rates_by_class))

    def require_known(self, tax_class: str | None) -> None:
        """Raise `RuleBroken` unless a stored line may have *tax_class*, or has none."""
        known = self.known_classes
        if tax_class is not None and tax_class not in known:
            names = ", ".join(sorted(known))
            raise RuleBroken(Problem("#/tax_class", f"must be one of {names}"))
