"""Credits: parts of a document that sum to it exactly, whatever the parts are."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final

import pytest
from attrs import asdict
from hypothesis import given
from hypothesis import strategies as st

from mechanic_core.errors import Problem, RuleBroken, Unknown
from mechanic_core.money import Money, Quantity, money, percent, quantity
from mechanic_core.pricing import credit, price
from mechanic_core.pricing.credits import (
    Credit,
    CreditedLine,
    CreditedOtherwise,
    LineCredit,
    MoreThanInvoiced,
)
from mechanic_core.pricing.discounts import Scope
from mechanic_core.pricing.document import PricedDocument, PricedLine
from mechanic_core.pricing.pricing_rules import (
    FeeBase,
    PricingRules,
    SuppliesFee,
    TaxRounding,
)
from tests.unit.core.pricing.documents import (
    CORE,
    DOCUMENTS,
    LABOR,
    PART,
    Draft,
    drafts,
    line,
    off,
    rate,
    rules,
    taxes,
    ticket_off,
)

FIGURES: Final = ("amount", "discount", "net", "tax")


def by_quantity(number: int, part: str | int) -> LineCredit:
    """Return a credit of a quantity of a line."""
    return LineCredit(line=number, quantity=quantity(part))


def by_amount(number: int, part: str | int) -> LineCredit:
    """Return a credit of a net amount of a line."""
    return LineCredit(line=number, amount=money(part))


def sums(lines: Sequence[PricedLine | CreditedLine]) -> dict[int, tuple[int, ...]]:
    """Return the sums of the figures by line number."""
    ordered = sorted(lines, key=lambda one: one.line)
    return {
        number: tuple(map(sum, zip(*(figures(one) for one in group), strict=True)))
        for number, group in groupby(ordered, lambda one: one.line)
    }


def figures(one: PricedLine | CreditedLine) -> tuple[int, ...]:
    """Return the figures of a line."""
    return tuple(getattr(one, name) for name in FIGURES)


def rows(parts: Sequence[PricedDocument | Credit]) -> dict[tuple[str, str], tuple[int, int]]:
    """Return the sums of base and tax by class and authority, without those of 0."""
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for part in parts:
        for row in part.tax:
            base, tax = found.get((row.tax_class, row.authority), (0, 0))
            found[row.tax_class, row.authority] = (base + row.base, tax + row.tax)
    return {key: both for key, both in found.items() if both != (0, 0)}


def cut(data: st.DataObject, document: PricedDocument, notes: list[Credit]) -> None:
    """Credit a few lines by parts that are drawn, each line always in its own way."""
    done = lines_of(notes)
    ways = data.draw(st.lists(st.booleans(), min_size=len(document.lines)), label="by amount")
    wanted = []
    for one, amounts in zip(document.lines, ways[: len(document.lines)], strict=True):
        former = [each for each in done if each.line == one.line]
        is_amount = former[0].quantity is None if former else amounts
        whole = one.net if is_amount else one.quantity
        left = abs(whole) - sum(
            abs(each.net if is_amount else each.quantity or 0) for each in former
        )
        part = data.draw(st.integers(0, min(left, 10**10 - 1 if is_amount else 99_999_000)))
        if part and is_amount:
            wanted.append(LineCredit(line=one.line, amount=Money(part)))
        elif part:
            wanted.append(LineCredit(line=one.line, quantity=Quantity(part)))
    if wanted:
        notes.append(credit(document, done, wanted))


@DOCUMENTS
@given(drafts(), st.data())
def test_any_split_of_a_full_credit_sums_exactly(draft: Draft, data: st.DataObject) -> None:
    """
    Whatever is credited in parts, with the rest, is the document: lines, breakdown and totals.
    """
    document = draft.priced()
    notes: list[Credit] = []
    for _ in range(data.draw(st.integers(0, 3))):
        cut(data, document, notes)
    assert_within(document, notes)
    if not is_whole(document, lines_of(notes)):
        notes.append(credit(document, lines_of(notes)))

    assert nonzero(document.lines) == nonzero(lines_of(notes))
    assert rows([document]) == rows(notes)
    assert is_whole(document, lines_of(notes))


def lines_of(notes: Sequence[Credit]) -> list[CreditedLine]:
    """Return the lines of all credits."""
    return [one for note in notes for one in note.lines]


def nonzero(lines: Sequence[PricedLine | CreditedLine]) -> dict[int, tuple[int, ...]]:
    """Return the sums of the figures by line number, of lines that have any."""
    return {number: found for number, found in sums(lines).items() if any(found)}


def is_whole(document: PricedDocument, lines: Sequence[CreditedLine]) -> bool:
    """Return whether nothing is left to credit."""
    try:
        credit(document, lines)
    except MoreThanInvoiced:
        return True
    return False


def assert_within(document: PricedDocument, notes: Sequence[Credit]) -> None:
    """Check that no part has another sign than its whole, and that no sum passes it."""
    whole = {one.line: one for one in document.lines}

    for note in notes:
        assert note.totals.tax == sum(row.tax for row in note.tax)
        assert note.totals.net == sum(one.net for one in note.lines)
    for one in lines_of(notes):
        for part, all_of_it in zip(figures(one), figures(whole[one.line]), strict=True):
            assert part == 0 or (part > 0) == (all_of_it > 0)
    for number, found in sums(lines_of(notes)).items():
        for part, all_of_it in zip(found, figures(whole[number]), strict=True):
            assert abs(part) <= abs(all_of_it)
    if all(one.amount >= 0 for one in document.lines):
        invoiced = rows([document])
        assert all(row.tax >= 0 for note in notes for row in note.tax)
        assert all(tax <= invoiced[key][1] for key, (_, tax) in rows(notes).items())


THIRDS: Final = price(
    [
        line(PART, 3, "33.34", discount=off(10), id=7, job_id=2, description="Pads"),
        line(LABOR, 1, 50, id=1),
    ],
    rules(rate("parts", 5, "State"), rate("parts", 3, "County"), rate("parts", "0.5", "City")),
)
"""Three parts at 33.34 less 10 %: net 90.02, tax 4.50 + 2.70 + 0.45; and labour of 50.00."""


def test_a_credit_is_the_difference_of_rounded_sums() -> None:
    """
    Of 90.02 and 7.65 of tax, thirds are 30.01, 30.00 and 30.01, each with 2.55 of tax.
    """
    done: list[CreditedLine] = []
    for _ in range(3):
        done += credit(THIRDS, done, [by_quantity(1, 1)]).lines

    assert [(3001, 255), (3000, 255), (3001, 255)] == [(one.net, one.tax) for one in done]
    assert [333, 334, 333] == [one.discount for one in done]
    assert [3334, 3334, 3334] == [one.amount for one in done]


def test_a_credit_shows_its_line() -> None:
    """
    A credited line says which line it is of; the totals and the tax are those of the credit.
    """
    given_back = credit(THIRDS, [], [by_quantity(1, 2)])
    (one,) = given_back.lines

    assert (1, "part", 7, 2, "Pads", 3334, 2000, "parts") == (
        one.line,
        one.kind,
        one.id,
        one.job_id,
        one.description,
        one.unit_price,
        one.quantity,
        one.tax_class,
    )
    assert [
        ("parts", "State", 6001, 300),
        ("parts", "County", 6001, 180),
        ("parts", "City", 6001, 30),
    ] == taxes_of(given_back)
    assert {
        "parts": 6668,
        "labor": 0,
        "charges": 0,
        "supplies": 0,
        "discount": 667,
        "net": 6001,
        "tax": 510,
        "total": 6511,
    } == asdict(given_back.totals)


def taxes_of(given_back: Credit) -> list[tuple[str, str, int, int]]:
    """Return class, authority, base and tax of each row."""
    return [(one.tax_class, one.authority, one.base, one.tax) for one in given_back.tax]


def test_an_untaxed_credit_has_no_breakdown() -> None:
    """
    A credit of labour that is untaxed has no rows of the class of the parts.
    """
    given_back = credit(THIRDS, [], [by_quantity(2, "0.5")])

    assert ((), 2500) == (given_back.tax, given_back.totals.total)


def test_a_credit_by_amount_takes_its_part_of_the_tax() -> None:
    """
    10.00 of a net of 90.02 has 0.85 of tax; the rest, by amount too, has the rest.
    """
    first = credit(THIRDS, [], [by_amount(1, 10)])
    rest = credit(THIRDS, first.lines)

    assert [(1, None, 1000, 85)] == [
        (one.line, one.quantity, one.net, one.tax) for one in first.lines
    ]
    assert [(1, None, 8002, 680), (2, 1000, 5000, 0)] == [
        (one.line, one.quantity, one.net, one.tax) for one in rest.lines
    ]
    assert THIRDS.totals.total == first.totals.total + rest.totals.total


def test_gross_lines_are_credited_with_their_tax() -> None:
    """
    With gross prices amount and discount are gross, net and the credited amount are not.
    """
    gross = price(
        [line(PART, 2, 12, discount=off(50))],
        rules(rate("parts", 20), prices_include_tax=True),
    )

    (half,) = credit(gross, [], [by_quantity(1, 1)]).lines
    (five,) = credit(gross, [], [by_amount(1, 5)]).lines

    assert (1200, 600, 500, 100) == figures(half) == figures(five)


def test_a_line_below_0_is_credited_below_0() -> None:
    """
    Of a core that came back a quantity or an amount counts as the line does, whatever its sign.
    """
    document = price(
        [line(CORE, -2, 7), line(CORE, -1, 0), line(PART, 1, 50)], rules(rate("core", 10))
    )
    part, core, nothing = document.lines

    assert (-700, -700) == (core.amount // 2, -abs(core.net) // 2)
    assert (50_00, 0) == (part.net, nothing.amount)
    for wanted in (
        [by_quantity(2, 1)],
        [by_quantity(2, -1)],
        [by_amount(2, 7)],
        [by_amount(2, -7)],
    ):
        given_back = credit(document, [], wanted)
        assert (-700, -70) == (given_back.totals.net, given_back.totals.tax)
        rest = credit(document, given_back.lines)
        assert {2: (-700, 0, -700, -70), 3: (0, 0, 0, 0), 1: (5000, 0, 5000, 0)} == sums(rest.lines)
    (all_of_it,) = credit(document, [], [by_quantity(3, 1)]).lines
    assert -1000 == all_of_it.quantity
    assert {1, 2} == {one.line for one in credit(document, [all_of_it]).lines}


def test_what_was_given_away_is_credited_as_nothing() -> None:
    """
    A line with 100 % off is part of a full credit, for 0; then nothing is left.
    """
    free = price([line(PART, 2, 10)], rules(rate("parts", 10)), [ticket_off(Scope.ALL, 100)])

    first = credit(free, [], [by_quantity(1, 1)])
    rest = credit(free, first.lines)

    assert [(1000, 1000, 0, 0)] == [figures(one) for one in first.lines]
    assert (0, 0) == (rest.totals.net, rest.totals.tax)
    with pytest.raises(MoreThanInvoiced, match=r"^Everything has been credited$") as refused:
        credit(free, [*first.lines, *rest.lines])
    assert {"line_numbers": (1,)} == refused.value.facts
    with pytest.raises(MoreThanInvoiced):
        credit(free, [], [by_amount(1, "0.01")])


def test_a_line_of_quantity_0_is_in_the_way_of_nothing() -> None:
    """
    A line of nothing, taxed as another one, is no part of a credit and hinders none.
    """
    document = price([line(PART, 0, 5), line(PART, 2, 10)], rules(rate("parts", 10)))

    half = credit(document, [], [by_quantity(2, 1)])
    rest = credit(document, half.lines)

    assert [("parts", "State", 1000, 100)] == taxes_of(half) == taxes_of(rest)
    assert [2] == [one.line for one in rest.lines]


def test_the_supplies_fee_is_credited_as_a_line() -> None:
    """
    The fee is a line of quantity 1, of which a part can be credited.
    """
    fee = SuppliesFee(percent=percent(10), of=(FeeBase.LABOR,))
    document = price([line(LABOR, 1, 100)], PricingRules(supplies_fee=fee))

    given_back = credit(document, [], [by_quantity(2, "0.25")])

    assert (250, 250) == (given_back.totals.supplies, given_back.totals.total)


@pytest.mark.parametrize(
    ("former", "wanted", "refusal", "lines"),
    [
        ((), [by_quantity(1, "3.001")], MoreThanInvoiced, (1,)),
        ((), [by_amount(1, "90.03")], MoreThanInvoiced, (1,)),
        ((), [by_quantity(1, 4), by_amount(2, 51)], MoreThanInvoiced, (1, 2)),
        ([by_quantity(1, 2)], [by_quantity(1, "1.001")], MoreThanInvoiced, (1,)),
        ([by_amount(1, 90)], [by_amount(1, "0.03")], MoreThanInvoiced, (1,)),
        ([by_quantity(1, 1)], [by_amount(1, 1)], CreditedOtherwise, (1,)),
        ([by_amount(1, 1)], [by_quantity(1, 1), by_quantity(2, 9)], CreditedOtherwise, (1,)),
    ],
)
def test_what_cannot_be_credited_is_a_conflict(
    former: Sequence[LineCredit],
    wanted: Sequence[LineCredit],
    refusal: type[MoreThanInvoiced | CreditedOtherwise],
    lines: tuple[int, ...],
) -> None:
    """
    No more than was invoiced is credited, and a line always in the way it began.
    """
    done = credit(THIRDS, [], former).lines if former else ()

    with pytest.raises(refusal) as refused:
        credit(THIRDS, done, wanted)

    assert {"line_numbers": lines} == refused.value.facts


def test_all_problems_of_a_credit_are_named() -> None:
    """
    A line that is named twice, a part below 0, and a line that is not there.
    """
    with pytest.raises(RuleBroken) as refused:
        credit(
            THIRDS,
            [],
            [
                by_quantity(2, 1),
                by_quantity(2, 1),
                by_quantity(3, 1),
                by_quantity(1, -1),
                by_quantity(2, 1),
            ],
        )

    assert (
        Problem("#/lines/1/line", "is named twice"),
        Problem("#/lines/3/quantity", "must be above 0"),
        Problem("#/lines/4/line", "is named twice"),
        Problem("#/lines/2/line", "does not exist"),
    ) == refused.value.problems
    with pytest.raises(RuleBroken, match="#/lines/0/amount: must be above 0"):
        credit(THIRDS, [], [by_amount(1, -1)])
    nothing = price([line(PART, 0, 1)], rules())
    with pytest.raises(RuleBroken, match="#/lines/0/quantity: must be above 0"):
        credit(nothing, [], [by_quantity(1, -1)])
    with pytest.raises(MoreThanInvoiced):
        credit(nothing, [], [by_quantity(1, 1)])
    with pytest.raises(RuleBroken, match="#/lines: must not be empty"):
        credit(THIRDS, [], [])
    with pytest.raises(Unknown, match="#/lines/0/line: does not exist"):
        credit(THIRDS, [], [by_quantity(3, 1), by_quantity(1, 1)])


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, Problem("#/quantity", "either quantity or amount is required")),
        (
            {"quantity": 1, "amount": 1},
            Problem("#/quantity", "either quantity or amount is required"),
        ),
        ({"quantity": 0}, Problem("#/quantity", "must not be 0")),
        ({"amount": 0}, Problem("#/amount", "must not be 0")),
    ],
)
def test_a_part_is_a_quantity_or_an_amount(given: Any, problem: Problem) -> None:
    """
    A line is credited by one of both, and by more than nothing.
    """
    with pytest.raises(RuleBroken) as refused:
        LineCredit(line=1, **given)

    assert (problem,) == refused.value.problems


def test_no_authority_gets_less_when_more_is_credited() -> None:
    """
    The share of each authority grows cent by cent with what is credited, and never shrinks.
    """
    document = price(
        [line(PART, 1, 1)],
        rules(rate("parts", 6, "A"), rate("parts", 6, "B"), rate("parts", 2, "C")),
    )
    done: list[CreditedLine] = []
    for _ in range(100):
        given_back = credit(document, done, [by_quantity(1, "0.01")])
        done += given_back.lines
        assert all(row.tax in {0, 1} for row in given_back.tax)
        assert given_back.totals.tax == sum(row.tax for row in given_back.tax)

    assert 14 == sum(one.tax for one in done)


def test_tax_that_cancels_out_is_credited_by_rate() -> None:
    """
    A core and its return have no tax together; a credit of one has its own, by the rates.
    """
    document = price(
        [line(CORE, 1, 10), line(CORE, -1, 10)],
        rules(rate("core", 6, "State"), rate("core", 2, "City")),
    )
    first = credit(document, [], [by_quantity(1, 1)])
    rest = credit(document, first.lines)

    assert [("core", "State", 0, 0), ("core", "City", 0, 0)] == taxes(document)
    assert [("core", "State", 1000, 60), ("core", "City", 1000, 20)] == taxes_of(first)
    assert [("core", "State", -1000, -60), ("core", "City", -1000, -20)] == taxes_of(rest)


def test_a_class_that_is_credited_whole_has_its_own_shares() -> None:
    """
    By line, taxes of +1 and -1 cent of two authorities cancel out, and are credited as they are.
    """
    document = price(
        [line(PART, 1, "0.10"), line(CORE, -1, "0.05", tax_class="parts")],
        rules(
            rate("parts", 5, "State"),
            rate("parts", 10, "City"),
            tax_rounding=TaxRounding.LINE,
        ),
    )

    assert [("parts", "State", 5, 1), ("parts", "City", 5, 0)] == taxes(document)
    assert [("parts", "State", 5, 1), ("parts", "City", 5, 0)] == taxes_of(credit(document, []))
