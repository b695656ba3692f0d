"""No document comes to more than 64 bits can store."""

from typing import Final

import pytest
from attrs import evolve

from mechanic_core.errors import Problem, RuleBroken
from mechanic_core.money import MAX_MONEY, MAX_QUANTITY, Money, Quantity, percent
from mechanic_core.pricing import price
from mechanic_core.pricing.bounds import MAX_LINES
from mechanic_core.pricing.line import PricingLine
from mechanic_core.pricing.pricing_rules import (
    FeeBase,
    PricingRules,
    SuppliesFee,
    TaxRate,
    TaxRounding,
)
from tests.unit.core.pricing.documents import PART, rate, rules

TOO_MUCH: Final = "the rates of a tax_class must add up to at most 500"
MOST: Final = [
    rate(name, 100, authority) for name in ("parts", "supplies") for authority in "ABCDE"
]
LARGEST: Final = PricingLine(
    kind=PART, quantity=Quantity(MAX_QUANTITY), unit_price=Money(MAX_MONEY)
)


@pytest.mark.parametrize("rounding", TaxRounding)
@pytest.mark.parametrize("sign", [1, -1])
def test_the_largest_document_has_64_bits(sign: int, rounding: TaxRounding) -> None:
    """
    As many lines as there can be, with the largest numbers, the largest fee and the largest tax.
    """
    fee = SuppliesFee(percent=percent(100), of=(FeeBase.PARTS, FeeBase.LABOR))
    line = evolve(LARGEST, quantity=Quantity(sign * LARGEST.quantity))

    totals = price(
        [line] * (3 * MAX_LINES), rules(*MOST, supplies_fee=fee, tax_rounding=rounding)
    ).totals

    assert 600 * line.amount == totals.parts == totals.supplies
    assert 600 * 2 * 6 * line.amount == totals.total
    assert abs(totals.total) < 2**63


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ([rate("parts", "0.0001", "F")], [10]),
        ([rate("labor", 100), rate("parts", 100, "F"), rate("parts", 100, "G")], [11]),
        ([rate("supplies", 1, "F"), rate("parts", 1, "F")], [10, 11]),
        ([rate("labor", 100, name) for name in "ABCDEFG"], [15]),
        ([rate("labor", 60, name) for name in "ABCDEFGHI"], [18]),
    ],
)
def test_the_rates_of_a_class_are_bounded(more: list[TaxRate], named: list[int]) -> None:
    """
    They add up to at most 500 %; of each class the rate that passes it is named.
    """
    with pytest.raises(RuleBroken) as refused:
        PricingRules(tax_rates=(*MOST, *more))

    problems = tuple(Problem(f"#/tax_rates/{index}/percent", TOO_MUCH) for index in named)
    assert problems == refused.value.problems
