"""A second implementation of pricing, with fractions: slow, and written from the description.

It follows the seven steps one by one, takes and returns plain dictionaries, and shares nothing
with the shop but the records that it reads.
"""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any

from mechanic_core.pricing.discounts import Discount, ScopedDiscount
from mechanic_core.pricing.line import PricingLine
from mechanic_core.pricing.pricing_rules import PricingRules

MILLION = 1_000_000
CLASSES = {"part": "parts", "labor": "labor", "fee": "fees", "sublet": "sublet", "core": "core"}


def nearest(exact: Fraction) -> int:
    """Return the nearest whole number; from the middle, the one away from zero."""
    whole = int(exact)  # cuts towards zero
    if abs(exact - whole) >= Fraction(1, 2):
        whole += 1 if exact > 0 else -1
    return whole


def portion(total: int, exact: Sequence[Fraction]) -> list[int]:
    """Return the exact shares in whole numbers that sum to *total*, unit by unit."""
    shares = [int(one) for one in exact]
    while sum(shares) != total:
        step = 1 if sum(shares) < total else -1
        most = max((one - share) * step for one, share in zip(exact, shares, strict=True))
        for place, (one, share) in enumerate(zip(exact, shares, strict=True)):
            if (one - share) * step == most:
                shares[place] += step
                break
    return shares


def reduced(discount: Discount, base: int) -> int:
    """Return what a discount takes off a base."""
    if discount.amount is not None:
        return min(discount.amount, base)
    return nearest(Fraction(base) * (discount.percent or 0) / MILLION)


def numbered(lines: Iterable[PricingLine]) -> list[dict[str, Any]]:
    """Return the lines in their order: parts, labour, charges; with ids before without."""
    groups: list[list[PricingLine]] = [[], [], []]
    for line in lines:
        groups[{"part": 0, "labor": 1}.get(line.kind.value, 2)].append(line)
    ordered = []
    for group in groups:
        known = [line for line in group if line.id is not None]
        ordered += sorted(known, key=lambda line: (line.id, line.kind.value))
        ordered += [line for line in group if line.id is None]
    return [
        {
            "kind": line.kind.value,
            "id": line.id,
            "amount": nearest(Fraction(line.quantity * line.unit_price, 1000)),
            "own": line.discount,
            "tax_class": line.tax_class or CLASSES[line.kind.value],
        }
        for line in ordered
    ]


def oracle(
    lines: Sequence[PricingLine], rules: PricingRules, discounts: Sequence[ScopedDiscount]
) -> dict[str, Any]:
    """Return lines, breakdown and totals of a document."""
    rows = numbered(lines)
    for row in rows:
        row["left"] = row["amount"] - (reduced(row["own"], row["amount"]) if row["own"] else 0)
    for discount in discounts:
        take_off(rows, discount)
    add_supplies(rows, rules)
    for row in rows:
        row["discount"] = row["amount"] - row["left"]
        row["tax"], row["net"] = 0, row["left"]
    breakdown = []
    for tax_class in sorted({row["tax_class"] for row in rows}):
        rates = [
            (rate.authority, Fraction(rate.percent, MILLION))
            for rate in rules.tax_rates
            if rate.tax_class == tax_class
        ]
        if rates:
            taxed = [row for row in rows if row["tax_class"] == tax_class]
            method = gross if rules.prices_include_tax else net
            by_authority = method(taxed, rates, rules.tax_rounding.value)
            base = sum(row["net"] for row in taxed)
            breakdown += [
                (tax_class, name, int(rate * MILLION), base, by_authority[name])
                for name, rate in rates
            ]
    return {
        "lines": [
            tuple(row[name] for name in ("kind", "id", "amount", "discount", "net", "tax"))
            for row in rows
        ],
        "tax": breakdown,
        "net": sum(row["net"] for row in rows),
        "total": sum(row["net"] + row["tax"] for row in rows),
    }


def take_off(rows: list[dict[str, Any]], discount: ScopedDiscount) -> None:
    """Take a ticket-wide discount off what is left of the rows in its scope."""
    kinds = {"parts": ["part"], "labor": ["labor"], "all": ["part", "labor", "fee", "sublet"]}
    scope = [
        row for row in rows if row["kind"] in kinds[discount.scope.value] and row["amount"] >= 0
    ]
    base = sum(row["left"] for row in scope)
    if base:
        off = reduced(discount, base)
        shares = portion(off, [Fraction(off * row["left"], base) for row in scope])
        for row, share in zip(scope, shares, strict=True):
            row["left"] -= share


def add_supplies(rows: list[dict[str, Any]], rules: PricingRules) -> None:
    """Add a row for the supplies fee, unless it is 0."""
    rule = rules.supplies_fee
    if rule is None:
        return
    kinds = [{"parts": "part", "labor": "labor"}[one.value] for one in rule.of]
    base = sum(row["left"] for row in rows if row["kind"] in kinds)
    fee = nearest(Fraction(base * rule.percent, MILLION))
    if rule.cap is not None and abs(fee) > rule.cap:
        fee = rule.cap if fee > 0 else -rule.cap
    if fee:
        rows.append(
            {"kind": "supplies", "id": None, "amount": fee, "left": fee}
            | {"tax_class": rule.tax_class}
        )


def net(rows: list[dict[str, Any]], rates: Any, rounding: str) -> dict[str, int]:
    """Add tax to net prices; return it by authority."""
    by_authority = {}
    for name, rate in rates:
        exact = [row["left"] * rate for row in rows]
        if rounding == "line":
            shares = [nearest(one) for one in exact]
        else:
            shares = portion(nearest(sum(exact, Fraction(0))), exact)
        for row, share in zip(rows, shares, strict=True):
            row["tax"] += share
        by_authority[name] = sum(shares)
    return by_authority


def gross(rows: list[dict[str, Any]], rates: Any, rounding: str) -> dict[str, int]:
    """Take tax out of gross prices; return it by authority."""
    together = sum((rate for _, rate in rates), Fraction(0))
    without: Callable[[int], int] = lambda price: nearest(price / (1 + together))  # noqa: E731 - a formula
    if rounding == "line":
        taxes = [row["left"] - without(row["left"]) for row in rows]
    else:
        price = sum(row["left"] for row in rows)
        exact = [row["left"] * together / (1 + together) for row in rows]
        taxes = portion(price - without(price), exact)
    for row, tax in zip(rows, taxes, strict=True):
        row["tax"], row["net"] = tax, row["left"] - tax
    by_name = sorted(rates)
    weight = together or Fraction(1)
    shares = portion(sum(taxes), [sum(taxes) * rate / weight for _, rate in by_name])
    return {name: share for (name, _), share in zip(by_name, shares, strict=True)}
