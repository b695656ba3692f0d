"""Tax, steps 5 and 6: on net prices, or contained in gross ones."""

from collections.abc import Sequence

from attrs import frozen

from mechanic_core.money import WHOLE, Money
from mechanic_core.pricing.document import AuthorityTax
from mechanic_core.pricing.pricing_rules import PricingRules, TaxRate, TaxRounding
from mechanic_core.pricing.rounding import rounded, shared


@frozen
class Taxes:
    """The tax of each line, and of each authority, in the order of what was taxed."""

    of_lines: Sequence[int]
    of_authorities: Sequence[int]


def tax_lines(
    charged: Sequence[int], classes: Sequence[str], rules: PricingRules
) -> tuple[list[int], tuple[AuthorityTax, ...]]:
    """Return the tax of each line, and the breakdown by tax class and authority.

    Args:
        charged: What each line costs after discounts, with its tax if prices include it.
        classes: The tax class of each line.
        rules: The rates, and how tax is rounded.
    """
    taxes = [0] * len(charged)
    breakdown: list[AuthorityTax] = []
    for tax_class, rates in rules.rates_by_class.items():
        places = [place for place, one in enumerate(classes) if one == tax_class]
        if not places:
            continue
        prices = [charged[place] for place in places]
        found = (_contained if rules.prices_include_tax else _added)(prices, rates, rules)
        for place, tax in zip(places, found.of_lines, strict=True):
            taxes[place] = tax
        base = sum(prices) - (sum(found.of_lines) if rules.prices_include_tax else 0)
        breakdown += [
            AuthorityTax(
                tax_class=tax_class,
                authority=rate.authority,
                percent=rate.percent,
                base=Money(base),
                tax=Money(tax),
            )
            for rate, tax in zip(rates, found.of_authorities, strict=True)
        ]
    return taxes, tuple(breakdown)


def _added(nets: Sequence[int], rates: Sequence[TaxRate], rules: PricingRules) -> Taxes:
    """Return the tax on the *nets* of one class: each authority taxes them for itself."""
    base, by_authority = sum(nets), []
    for rate in rates:
        exact = [net * rate.percent for net in nets]
        if rules.tax_rounding is TaxRounding.LINE:
            by_authority.append([rounded(tax, WHOLE) for tax in exact])
        else:
            by_authority.append(shared(rounded(base * rate.percent, WHOLE), exact, WHOLE))
    return Taxes(
        [sum(of_line) for of_line in zip(*by_authority, strict=True)],
        [sum(of_authority) for of_authority in by_authority],
    )


def _contained(grosses: Sequence[int], rates: Sequence[TaxRate], rules: PricingRules) -> Taxes:
    """Return the tax in the *grosses* of one class: what is left of each without its net."""
    percent = sum(rate.percent for rate in rates)
    if rules.tax_rounding is TaxRounding.LINE:
        of_lines = [_tax_in(gross, percent) for gross in grosses]
    else:
        exact = [gross * percent for gross in grosses]
        of_lines = shared(_tax_in(sum(grosses), percent), exact, WHOLE + percent)
    return Taxes(of_lines, _by_rate(sum(of_lines), rates))


def _tax_in(gross: int, percent: int) -> int:
    return gross - rounded(gross * WHOLE, WHOLE + percent)


def _by_rate(tax: int, rates: Sequence[TaxRate]) -> list[int]:
    """Return the share of each authority in a *tax*; a unit in doubt goes to the first by name."""
    if not tax:
        return [0] * len(rates)
    by_name = sorted(rates, key=lambda rate: rate.authority)
    percent = sum(rate.percent for rate in rates)
    shares = shared(tax, [tax * rate.percent for rate in by_name], percent)
    return [shares[by_name.index(rate)] for rate in rates]
