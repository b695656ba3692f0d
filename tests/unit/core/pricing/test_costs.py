"""Pricing costs little enough to be done at every write."""

import time
from typing import Final

import pytest

from mechanic_core.money import money, percent
from mechanic_core.pricing import credit, price
from mechanic_core.pricing.discounts import Scope, ScopedDiscount
from mechanic_core.pricing.pricing_rules import (
    FeeBase,
    PricingRules,
    SuppliesFee,
    TaxRounding,
)
from tests.unit.core.pricing.documents import FEE, LABOR, PART, line, off, rate, ticket_off

ALLOWED_S: Final = 0.005
"""The CPU time that 200 lines may take."""

NOISE: Final = 4
"""What a busy machine may add."""

ATTEMPTS: Final = 20

LINES: Final = [
    line((PART, LABOR, FEE)[number % 3], "1.25", "19.99", id=number, discount=off("7.5"))
    for number in range(200, 0, -1)
]
DISCOUNTS: Final = (
    ticket_off(Scope.ALL, "2.5"),
    ScopedDiscount(scope=Scope.PARTS, amount=money(50)),
)


@pytest.mark.parametrize("gross", [False, True], ids=["net", "gross"])
@pytest.mark.parametrize("rounding", TaxRounding)
def test_200_lines_cost_little(rounding: TaxRounding, *, gross: bool) -> None:
    """
    200 lines with discounts, a supplies fee and three authorities take under 5 ms of CPU.
    """
    rules = PricingRules(
        tax_rates=tuple(
            rate(tax_class, number, authority)
            for tax_class in ("parts", "labor", "fees", "supplies")
            for authority, number in (("State", 4), ("City", "4.5"), ("Metro", "0.375"))
        ),
        tax_rounding=rounding,
        prices_include_tax=gross,
        supplies_fee=SuppliesFee(percent=percent(5), of=(FeeBase.LABOR,), cap=money(50)),
    )
    document, times = price(LINES, rules, DISCOUNTS), []
    for _ in range(ATTEMPTS):
        began = time.thread_time()
        price(LINES, rules, DISCOUNTS)
        times.append(time.thread_time() - began)

    assert 201 == len(document.lines)
    assert min(times) < ALLOWED_S * NOISE
    assert document.totals.total == credit(document, []).totals.total
