"""The steps from lines to a priced document, in the order of the package's description."""

from collections.abc import Sequence
from itertools import compress
from operator import sub
from types import MappingProxyType
from typing import Final

from mechanic_core.errors import Problem, RuleBroken
from mechanic_core.money import ONE, Money, Quantity
from mechanic_core.pricing.discounts import Scope, ScopedDiscount
from mechanic_core.pricing.document import PricedDocument, PricedLine, Totals
from mechanic_core.pricing.line import GIVEN_KINDS, NO_DISCOUNT_BELOW_0, LineKind, PricingLine
from mechanic_core.pricing.pricing_rules import FeeBase, PricingRules, SuppliesFee
from mechanic_core.pricing.rounding import shared
from mechanic_core.pricing.taxes import tax_lines
from mechanic_core.validators import unchecked

SUPPLIES: Final = "Shop supplies"
"""The description of the line that is the supplies fee."""

KINDS_OF_SCOPES: Final = MappingProxyType(
    {
        Scope.ALL: tuple(kind for kind in GIVEN_KINDS if kind is not LineKind.CORE),
        Scope.PARTS: (LineKind.PART,),
        Scope.LABOR: (LineKind.LABOR,),
    }
)
"""The kinds of lines that a ticket-wide discount is taken from."""

KINDS_OF_BASES: Final = MappingProxyType(
    {FeeBase.PARTS: LineKind.PART, FeeBase.LABOR: LineKind.LABOR}
)
"""The kind of lines that a supplies fee is taken of."""


def price(
    lines: Sequence[PricingLine], rules: PricingRules, discounts: Sequence[ScopedDiscount] = ()
) -> PricedDocument:
    """Return what *lines* come to under *rules*: the seven steps of `mechanic_core.pricing`.

    Args:
        lines: In any order, which changes no figure.
        rules: Tax rates, supplies fee, rounding.
        discounts: On the whole document, taken off in this order.

    Raises:
        RuleBroken: Two lines have one id, or a line below 0 has a discount. All such lines are
            named, and nothing is priced.
    """
    _require_priceable(lines)
    ordered = sorted(lines, key=lambda line: line.place)
    left = [line.discounted for line in ordered]
    kinds = [line.kind for line in ordered]
    for discount in discounts:
        left = _discounted(discount, kinds, left)
    if rules.supplies_fee and (fee := _fee(rules.supplies_fee, kinds, left)):
        ordered.append(_supplies_line(fee, rules.supplies_fee.tax_class))
        left.append(fee)
    taxes, breakdown = tax_lines(left, [line.taxed_as for line in ordered], rules)
    contained = taxes if rules.prices_include_tax else [0] * len(taxes)
    priced = tuple(
        _priced(number, line, charged, charged - without, tax)
        for number, (line, charged, without, tax) in enumerate(
            zip(ordered, left, contained, taxes, strict=True), start=1
        )
    )
    return PricedDocument(lines=priced, tax=breakdown, totals=Totals.of(priced))


def _require_priceable(lines: Sequence[PricingLine]) -> None:
    """Raise `RuleBroken` with the problems of all lines."""
    problems: list[Problem] = []
    known: set[tuple[LineKind, int | None]] = set()
    for index, line in enumerate(lines):
        if line.id is not None and (line.kind, line.id) in known:
            problems.append(Problem(f"#/lines/{index}/id", f"is the id of another {line.kind}"))
        known.add((line.kind, line.id))
        if not line.takes_discount:
            problems.append(Problem(f"#/lines/{index}/discount", NO_DISCOUNT_BELOW_0))
    if problems:
        raise RuleBroken(*problems)


def _discounted(
    discount: ScopedDiscount, kinds: Sequence[LineKind], left: Sequence[int]
) -> list[int]:
    """Return what is *left* of each line after a ticket-wide discount, which they share."""
    scope = KINDS_OF_SCOPES[discount.scope]
    bases = [max(0, left[place]) if kind in scope else 0 for place, kind in enumerate(kinds)]
    base = sum(bases)
    off = discount.off(base)
    if not off:
        return list(left)
    return list(map(sub, left, shared(off, [off * one for one in bases], base)))


def _fee(fee: SuppliesFee, kinds: Sequence[LineKind], left: Sequence[int]) -> int:
    """Return the supplies fee on what is *left* of the lines in its base."""
    base = [KINDS_OF_BASES[one] for one in fee.of]
    return fee.on(sum(compress(left, (kind in base for kind in kinds))))


def _supplies_line(fee: int, tax_class: str) -> PricingLine:
    """Return the line of a supplies *fee*, which no request can have: hence unchecked."""
    return unchecked(
        PricingLine,
        kind=LineKind.SUPPLIES,
        description=SUPPLIES,
        quantity=ONE if fee > 0 else Quantity(-ONE),
        unit_price=Money(abs(fee)),
        tax_class=tax_class,
    )


def _priced(number: int, line: PricingLine, charged: int, net: int, tax: int) -> PricedLine:
    """Return a line with its figures; *charged* is what discounts have left of it."""
    amount = line.amount
    return PricedLine(
        line=number,
        kind=line.kind,
        id=line.id,
        job_id=line.job_id,
        description=line.description,
        quantity=line.quantity,
        unit_price=line.unit_price,
        amount=amount,
        discount=Money(amount - charged),
        net=Money(net),
        tax=Money(tax),
        tax_class=line.taxed_as,
    )
