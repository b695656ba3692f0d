"""The published vectors are what the shop computes, and what decimal arithmetic does."""

import json
import runpy
from pathlib import Path
from typing import Any, Final

import pytest

from mechanic_core.money import Money, Percent, Quantity
from mechanic_core.pricing import credit, price
from mechanic_core.pricing.credits import CreditedLine, LineCredit
from mechanic_core.pricing.discounts import Discount, Scope, ScopedDiscount
from mechanic_core.pricing.document import PricedDocument
from mechanic_core.pricing.line import LineKind, PricingLine
from mechanic_core.pricing.pricing_rules import PricingRules, TaxRate, TaxRounding

REFERENCE: Final = Path(__file__).parents[4] / "docs/reference"
VECTORS: Final = json.loads((REFERENCE / "pricing-vectors.json").read_text("utf-8"))


def priced(vector: dict[str, Any]) -> PricedDocument:
    """Return the document of a vector."""
    options = vector["options"]
    lines = [
        PricingLine(
            id=line["id"],
            kind=LineKind(line["kind"]),
            quantity=Quantity(line["qty"]),
            unit_price=Money(line["price"]),
            tax_class=line["tax"],
            discount=Discount(percent=Percent(line["disc_ppm"])) if "disc_ppm" in line else None,
        )
        for line in vector["lines"]
    ]
    rules = PricingRules(
        tax_rates=tuple(
            TaxRate(tax_class=tax_class, authority=name, percent=Percent(ppm))
            for tax_class, rates in options.get("taxes", {}).items()
            for name, ppm in rates
        ),
        tax_rounding=TaxRounding(options.get("tax_at", "document")),
        prices_include_tax=options.get("inclusive", False),
    )
    discounts = [
        ScopedDiscount(scope=Scope(one["scope"]), percent=Percent(one["ppm"]))
        for one in options.get("discounts", ())
    ]
    return price(lines, rules, discounts)


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_a_vector_is_priced_as_published(vector: dict[str, Any]) -> None:
    """
    Lines, breakdown and totals of a published vector are what it says.
    """
    document, expected = priced(vector), vector["expect"]

    assert {
        (one["id"], one["gross"], one["discount"], one["net"], one["tax"])
        for one in expected["lines"]
    } == {(one.id, one.amount, one.discount, one.net, one.tax) for one in document.lines}
    assert [tuple(row.values()) for row in expected["breakdown"]] == [
        (row.tax_class, row.authority, row.percent, row.base, row.tax) for row in document.tax
    ]
    totals = document.totals
    assert (expected["net"], expected["tax"], expected["total"]) == (
        totals.net,
        totals.tax,
        totals.total,
    )


@pytest.mark.parametrize(
    "vector", [pytest.param(one, id=one["name"]) for one in VECTORS if "credit_notes" in one]
)
def test_a_vector_is_credited_as_published(vector: dict[str, Any]) -> None:
    """
    The credit notes of a vector, one after another, are what it says.
    """
    document = priced(vector)
    numbers = {one.id: one.line for one in document.lines}
    credited: list[CreditedLine] = []

    for note in vector["credit_notes"]:
        given = credit(
            document,
            credited,
            [
                LineCredit(line=numbers[int(number)], quantity=Quantity(part))
                for number, part in note["quantities"].items()
            ],
        )
        credited += given.lines

        assert (note["net"], note["tax"]) == (given.totals.net, given.totals.tax)


def test_the_vectors_agree_with_decimal_arithmetic() -> None:
    """
    The script beside the vectors finds none that decimal arithmetic does not confirm.
    """
    assert 22 == len(VECTORS)
    assert 22 == len(runpy.run_path(str(REFERENCE / "check_pricing_vectors.py"))["VECTORS"])
