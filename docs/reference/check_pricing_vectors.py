"""Recompute the totals of `pricing-vectors.json` with decimal arithmetic, without the shop."""

import json
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

VECTORS = json.loads(Path(__file__).with_name("pricing-vectors.json").read_text("utf-8"))


def cents(amount: Decimal) -> Decimal:
    """Round to a whole number, from the middle away from zero: so is ROUND_HALF_UP defined."""
    return amount.quantize(Decimal(1), ROUND_HALF_UP)


def totals(lines: list[dict[str, Any]], options: dict[str, Any]) -> tuple[Decimal, Decimal]:
    """Return net and tax of the *lines* of a vector."""
    net = tax = Decimal(0)
    by_class: dict[str, list[Decimal]] = {}
    for line in lines:
        amount = cents(Decimal(line["qty"] * line["price"]) / 1000)
        for off in (line, *({"disc_ppm": one["ppm"]} for one in options.get("discounts", ()))):
            amount -= cents(amount * off.get("disc_ppm", 0) / 10**6)
        by_class.setdefault(line["tax"], []).append(amount)
    for tax_class, amounts in by_class.items():
        rates = [Decimal(ppm) / 10**6 for _, ppm in options.get("taxes", {}).get(tax_class, ())]
        for base in amounts if options.get("tax_at") == "line" else [sum(amounts, Decimal(0))]:
            if options.get("inclusive"):
                net += cents(base / (1 + sum(rates)))
                tax += base - cents(base / (1 + sum(rates)))
            else:
                net += base
                tax += sum(cents(base * rate) for rate in rates)
    return net, tax


if failed := [
    vector["name"]
    for vector in VECTORS
    if totals(vector["lines"], vector["options"])
    != (vector["expect"]["net"], vector["expect"]["tax"])
]:
    raise SystemExit(f"these vectors are not as expected: {', '.join(failed)}")
