"""What prices cost: 200 lines priced, and a page of 100 tickets beside that of another checkout.

Run `python -m benchmarks.prices [--against CHECKOUT [--postgres URL URL URL]]`. The checkout is the
release before prices were stored; the databases must be empty, and their server run on this machine,
under Linux. Three processes answer the same request in turns, so that other load affects them
alike: one with the code of the checkout, one with this code and the same tickets, and one whose
tickets have all that a bill can have. A ratio is the median of all turns, and the cost is CPU time.
It exits 1 if a goal is missed.
"""

# ruff: noqa: T201 - a command-line program prints

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.layers import Layer, cost_of
from benchmarks.ticket_page import TICKETS
from mechanic_core.money import Money, Percent, money, percent, quantity
from mechanic_core.pricing import price
from mechanic_core.pricing.discounts import Discount, Scope, ScopedDiscount
from mechanic_core.pricing.line import LineKind, PricingLine
from mechanic_core.pricing.pricing_rules import (
    FeeBase,
    PricingRules,
    SuppliesFee,
    TaxRate,
    TaxRounding,
)

MOST_MS: Final = 5.0
"""What 200 lines may take."""

MOST_GROWTH: Final = 1.5
"""How many times what it cost before the page may cost."""

HERE: Final = Path(__file__).parents[1]
TURNS: Final = 31
SHOPS: Final = ("before", "now", "now, with all that a bill can have")

LINES: Final = tuple(
    PricingLine(
        id=200 - number,
        kind=(LineKind.PART, LineKind.LABOR, LineKind.FEE)[number % 3],
        quantity=quantity("1.25"),
        unit_price=money("19.99"),
        discount=Discount(percent=percent("7.5")),
    )
    for number in range(200)
)
DISCOUNTS: Final = (
    ScopedDiscount(scope=Scope.ALL, percent=percent("2.5")),
    ScopedDiscount(scope=Scope.PARTS, amount=Money(5000)),
)


def rules_of(rounding: TaxRounding, *, gross: bool) -> PricingRules:
    """Return rules with three authorities for each class, and a supplies fee."""
    rates = (("State", 40_000), ("City", 45_000), ("Metro", 3_750))
    return PricingRules(
        tax_rates=tuple(
            TaxRate(tax_class=tax_class, authority=authority, percent=Percent(rate))
            for tax_class in ("parts", "labor", "fees", "supplies")
            for authority, rate in rates
        ),
        tax_rounding=rounding,
        prices_include_tax=gross,
        supplies_fee=SuppliesFee(percent=percent(5), of=(FeeBase.LABOR,), cap=Money(5000)),
    )


def report_lines() -> bool:
    """Print the CPU time of `price` for 200 lines, and return whether the goal is met."""
    print("| 200 lines | ms |\n|---|---:|")
    met = True
    for rounding in TaxRounding:
        for gross in (False, True):
            rules = rules_of(rounding, gross=gross)
            cost = cost_of(Layer("", partial(price, LINES, rules, DISCOUNTS), 20)) / 1000
            met &= cost < MOST_MS
            print(f"| {'gross' if gross else 'net'} prices, tax by {rounding} | {cost:.2f} |")
    return met


def report_pages(name: str, urls: Sequence[str], former: Path) -> bool:
    """Print what the page costs in each shop, and return whether the goal is met."""
    versions = ((former, ()), (HERE, ()), (HERE, ("--bills",)))
    with ExitStack() as stack:
        shops = [
            stack.enter_context(answering(url, checkout, *options))
            for url, (checkout, options) in zip(urls, versions, strict=True)
        ]
        for shop in shops:
            ask(shop)  # once, when it is filled
        turns = [[ask(shop) for shop in shops] for _ in range(TURNS)]
    print(f"\n| {name}: a page of {TICKETS} tickets | ms | ÷ before |\n|---|---:|---:|")
    growth = [median(costs[number] / costs[0] for costs in turns) for number in range(len(urls))]
    for number, shop_name in enumerate(SHOPS):
        cost = median(costs[number] for costs in turns)
        print(f"| {shop_name} | {cost:.2f} | {growth[number]:.2f} |")
    return growth[1] <= MOST_GROWTH


@contextmanager
def answering(url: str, checkout: Path, *options: str) -> Iterator["subprocess.Popen[str]"]:
    """Run `benchmarks.ticket_page` with the code of *checkout* within the block."""
    paths = os.pathsep.join(map(str, (checkout / "src", HERE)))
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.ticket_page", url, *options],
        env=os.environ | {"PYTHONPATH": paths},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.communicate()


def ask(process: "subprocess.Popen[str]") -> float:
    """Return the milliseconds that the page costs in a process of `answering`."""
    if process.stdin is None or process.stdout is None:
        raise SystemExit("the process has no pipes")
    print(file=process.stdin, flush=True)
    return float(process.stdout.readline())


def main() -> int:
    """Measure, print the tables, and return 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", type=Path, metavar="CHECKOUT")
    parser.add_argument("--postgres", nargs=len(SHOPS), metavar="URL")
    options = parser.parse_args()
    met = report_lines()
    if options.against:
        with tempfile.TemporaryDirectory() as folder:
            urls = [f"sqlite:///{folder}/{number}.db" for number in range(len(SHOPS))]
            met &= report_pages("SQLite", urls, options.against)
        if options.postgres:
            met &= report_pages("PostgreSQL", options.postgres, options.against)
    return int(not met)


if __name__ == "__main__":
    sys.exit(main())
