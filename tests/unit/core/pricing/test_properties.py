"""Laws of pricing, for any document."""

from collections.abc import Callable
from typing import Final

import pytest
from attrs import asdict, evolve
from hypothesis import given
from hypothesis import strategies as st

from mechanic_core.errors import RuleBroken
from mechanic_core.money import WHOLE, Money, Percent, Quantity
from mechanic_core.pricing import price
from mechanic_core.pricing.discounts import Discount, Scope, ScopedDiscount
from mechanic_core.pricing.document import PricedDocument
from mechanic_core.pricing.line import LineKind, PricingLine
from mechanic_core.pricing.pricing_rules import PricingRules
from tests.strategies import FEWER
from tests.unit.core.pricing.documents import DOCUMENTS, Draft, drafts
from tests.unit.core.pricing.oracle import oracle

EVERYTHING: Final = ScopedDiscount(scope=Scope.ALL, percent=WHOLE)
NOTHING: Final = tuple(ScopedDiscount(scope=scope, percent=Percent(0)) for scope in Scope)


def agrees_with_fractions(draft: Draft) -> None:
    """Every figure is that of a slow second implementation with fractions."""
    document = draft.priced()
    expected = oracle(draft.lines, draft.rules, draft.discounts)

    assert expected["lines"] == [
        (one.kind, one.id, one.amount, one.discount, one.net, one.tax) for one in document.lines
    ]
    assert expected["tax"] == [tuple(asdict(row).values()) for row in document.tax]
    assert (expected["net"], expected["total"]) == (document.totals.net, document.totals.total)


def has_exact_sums(draft: Draft) -> None:
    """Nets, taxes and the breakdown sum to the totals, and all discounts are accounted for."""
    document = draft.priced()
    totals = document.totals
    before_discounts = totals.parts + totals.labor + totals.charges + totals.supplies
    charged = totals.total if draft.rules.prices_include_tax else totals.net

    assert totals.net == sum(line.net for line in document.lines)
    assert totals.tax == sum(line.tax for line in document.lines)
    assert totals.tax == sum(row.tax for row in document.tax)
    assert totals.total == totals.net + totals.tax
    assert before_discounts == sum(line.amount for line in document.lines)
    assert before_discounts - totals.discount == charged
    assert [*range(1, len(document.lines) + 1)] == [line.line for line in document.lines]


def has_no_order(draft: Draft) -> None:
    """Lines with ids give the same document in whatever order they come."""
    by_id = sorted(draft.lines, key=lambda line: line.id or 0)

    assert draft.priced() == draft.priced(by_id) == draft.priced(by_id[::-1])


def is_free_when_given_away(draft: Draft) -> None:
    """With 100 % off each line, or all of the ticket, only what is below 0 is left."""
    lines = draft.priced([line.given_away() for line in draft.lines])
    ticket = price(draft.lines, draft.rules, [*draft.discounts, EVERYTHING])

    for document, spared in (
        (lines, {LineKind.SUPPLIES}),
        (ticket, {LineKind.SUPPLIES, LineKind.CORE}),
    ):
        left = {one.amount - one.discount for one in document.lines if one.kind not in spared}
        assert all(one <= 0 for one in left)
    if all(line.amount >= 0 for line in draft.lines):
        assert (0, 0, 0) == (lines.totals.net, lines.totals.tax, lines.totals.total)
        assert all(row.tax == 0 for row in lines.tax)


def is_the_same_with_nothing_off(draft: Draft) -> None:
    """Discounts of 0 % are as good as none."""
    nothing = Discount(percent=Percent(0))
    plain = [evolve(line, discount=None) for line in draft.lines]
    zero = [line if line.amount < 0 else evolve(line, discount=nothing) for line in plain]

    assert price(plain, draft.rules) == price(zero, draft.rules, NOTHING)


def is_paid_as_shown_with_gross_prices(draft: Draft) -> None:
    """When prices include tax, the total is the sum of the prices shown, line by line."""
    gross = price(draft.lines, evolve(draft.rules, prices_include_tax=True), draft.discounts)

    assert all(one.net + one.tax == one.amount - one.discount for one in gross.lines)
    assert gross.totals.total == sum(one.amount - one.discount for one in gross.lines)


def has_a_mirror(draft: Draft) -> None:
    """Without discounts, negative quantities give the same figures below 0."""
    lines = [evolve(line, discount=None) for line in draft.lines]
    reverse = [evolve(line, quantity=Quantity(-line.quantity)) for line in lines]

    assert all_figures(price(reverse, draft.rules)) == [
        -figure for figure in all_figures(price(lines, draft.rules))
    ]


def has_discounts_within_its_lines(draft: Draft) -> None:
    """A discount is never below 0 nor more than its line, and a line below 0 has none."""
    for line in draft.priced().lines:
        assert 0 <= line.discount <= max(0, line.amount)


def all_figures(document: PricedDocument) -> list[int]:
    """Return the figures of all lines, of the breakdown, and of the totals."""
    return [
        *(figure for one in document.lines for figure in (one.amount, one.net, one.tax)),
        *(figure for row in document.tax for figure in (row.base, row.tax)),
        *asdict(document.totals).values(),
    ]


LAWS: Final[tuple[Callable[[Draft], None], ...]] = (
    agrees_with_fractions,
    has_exact_sums,
    has_no_order,
    is_free_when_given_away,
    is_the_same_with_nothing_off,
    is_paid_as_shown_with_gross_prices,
    has_a_mirror,
    has_discounts_within_its_lines,
)


@DOCUMENTS
@given(drafts())
def test_the_laws_hold_for_any_document(draft: Draft) -> None:
    """
    Each law holds for each document.
    """
    for law in LAWS:
        law(draft)


@FEWER
@given(drafts(with_ids=False))
def test_lines_without_ids_are_priced_in_their_order(draft: Draft) -> None:
    """
    Lines without ids are numbered as they are given, after those of the kinds before them.
    """
    agrees_with_fractions(draft)
    has_exact_sums(draft)


def below_0(line: PricingLine) -> PricingLine:
    """Return a line that no document has: below 0, with a discount."""
    half = Discount(percent=Percent(WHOLE // 2))
    return evolve(line, quantity=Quantity(-1000), unit_price=Money(100), discount=half)


@FEWER
@given(drafts(), st.sets(st.integers(0, 7), min_size=1))
def test_a_refusal_prices_nothing_and_names_everything(draft: Draft, wrong: set[int]) -> None:
    """
    All lines below 0 with a discount are named, and no document comes back.
    """
    lines = [below_0(line) if place in wrong else line for place, line in enumerate(draft.lines)]
    named = {f"#/lines/{place}/discount" for place in wrong if place < len(lines)}
    if named:
        with pytest.raises(RuleBroken) as refused:
            draft.priced(lines)

        assert named == {problem.pointer for problem in refused.value.problems}


@pytest.mark.parametrize("discounts", [(), (EVERYTHING,)])
def test_nothing_costs_nothing(discounts: tuple[ScopedDiscount, ...]) -> None:
    """
    A document without lines has no tax, and totals of 0.
    """
    document = price((), PricingRules(), discounts)

    assert ((), ()) == (document.lines, document.tax)
    assert {0} == set(asdict(document.totals).values())
