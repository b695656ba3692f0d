"""Each step of pricing, by examples that a person can follow."""

from typing import Any

import pytest

from mechanic_core.errors import Problem, RuleBroken
from mechanic_core.money import WHOLE, money, percent
from mechanic_core.pricing import price
from mechanic_core.pricing.bounds import MAX_TAX
from mechanic_core.pricing.discounts import Discount, Scope, ScopedDiscount
from mechanic_core.pricing.line import LineKind, PricingLine
from mechanic_core.pricing.pricing_rules import (
    FeeBase,
    PricingRules,
    SuppliesFee,
    TaxRate,
    TaxRounding,
)
from tests.unit.core.pricing.documents import (
    CORE,
    FEE,
    LABOR,
    PART,
    SUBLET,
    figures,
    line,
    off,
    rate,
    rules,
    taxes,
    ticket_off,
)

PLAIN = rules()
BY_LINE = {"tax_rounding": TaxRounding.LINE}
GROSS = {"prices_include_tax": True}


def fee(number: str, *of: FeeBase, cap: str | None = None, **given: Any) -> PricingRules:
    """Return rules with a supplies fee, of labour unless *of* something else."""
    base = of or (FeeBase.LABOR,)
    most = None if cap is None else money(cap)
    made = SuppliesFee(percent=percent(number), of=base, cap=most, **given)
    return PricingRules(supplies_fee=made)


@pytest.mark.parametrize(
    ("number", "unit_price", "expected"),
    [
        ("0.25", "90.10", 2253),
        ("-0.25", "90.10", -2253),
        ("0.249", "90.10", 2243),
        ("5.5", "7.49", 4120),
        ("0.001", "4.99", 0),
        ("0.001", "5.00", 1),
        ("-0.001", "5.00", -1),
        (0, "5.00", 0),
    ],
)
def test_step_1_half_a_cent_goes_away_from_zero(
    number: str, unit_price: str, expected: int
) -> None:
    """
    An amount is quantity × price, rounded once, and half a cent goes away from zero.
    """
    document = price([line(LABOR, number, unit_price)], PLAIN)

    assert [(expected, 0, expected, 0)] == figures(document)


@pytest.mark.parametrize(
    ("discount", "expected"),
    [
        (off(10), 100),
        (off("0.0501"), 1),
        (off("0.05"), 0),
        (off(100), 999),
        (off(0), 0),
        (Discount(amount=money("9.98")), 998),
        (Discount(amount=money("10.00")), 999),
        (Discount(amount=money(0)), 0),
    ],
)
def test_step_2_a_discount_is_at_most_the_amount(discount: Discount, expected: int) -> None:
    """
    The discount of a line is an amount or a rounded percentage, and never beyond the line.
    """
    document = price([line(PART, 1, "9.99", discount=discount)], PLAIN)

    assert [(999, expected, 999 - expected, 0)] == figures(document)


def test_step_2_a_line_below_0_takes_no_discount() -> None:
    """
    A line below 0 with a discount is refused, even one of 0 %; all such lines are named.
    """
    core = line(CORE, -1, 7, discount=off(0))

    with pytest.raises(RuleBroken) as refused:
        price([line(PART, 1, 1, discount=off(5)), core, line(PART, 1, 1), core], PLAIN)

    detail = "must be null: the amount of the line is below 0"
    assert (
        Problem("#/lines/1/discount", detail),
        Problem("#/lines/3/discount", detail),
    ) == refused.value.problems


def test_a_line_that_rounds_to_0_is_not_below_it() -> None:
    """
    A line of -0.001 at 1.00 comes to 0, and may have a discount.
    """
    document = price([line(PART, "-0.001", 1, discount=off(5))], PLAIN)

    assert [(0, 0, 0, 0)] == figures(document)


def test_a_warranty_line_is_given_away_but_a_core_that_comes_back_is_paid() -> None:
    """
    A line of a warranty job gets 100 % off, whatever its own discount was, unless below 0.
    """
    pads = line(PART, 2, "64.99", discount=off(10), id=1)
    core = line(CORE, -1, 7, id=2)

    document = price([pads.given_away(), core.given_away()], PLAIN)

    assert [(12998, 12998, 0, 0), (-700, 0, -700, 0)] == figures(document)
    assert core is core.given_away()
    assert off(100) == line(FEE, 0, 1).given_away().discount


def test_step_3_the_cent_that_is_left_goes_to_the_first_line() -> None:
    """
    1.00 off three equal lines is 0.34, 0.33 and 0.33, and the part comes before the labour.
    """
    lines = [line(LABOR, 1, 10, id=1), line(PART, 1, 10, id=9), line(PART, 1, 10, id=3)]
    discount = ScopedDiscount(scope=Scope.ALL, amount=money(1))

    document = price(lines, PLAIN, [discount])

    assert [(PART, 3, 34), (PART, 9, 33), (LABOR, 1, 33)] == [
        (one.kind, one.id, one.discount) for one in document.lines
    ]


def test_step_3_the_largest_remainder_gets_the_cent() -> None:
    """
    0.10 off lines of 1.00, 2.00 and 4.00 is 0.01, 0.03 and 0.06: of 2.86 most is cut off.
    """
    lines = [line(PART, 1, amount) for amount in (1, 2, 4)]

    document = price(lines, PLAIN, [ScopedDiscount(scope=Scope.ALL, amount=money("0.10"))])

    assert [1, 3, 6] == [one.discount for one in document.lines]


def test_step_3_discounts_are_taken_in_their_order() -> None:
    """
    10 % and then 5.00 is less than 5.00 and then 10 %.
    """
    lines = [line(PART, 1, 100)]
    tenth, five = ticket_off(Scope.ALL, 10), ScopedDiscount(scope=Scope.ALL, amount=money(5))

    assert 1500 == price(lines, PLAIN, [tenth, five]).totals.discount
    assert 1450 == price(lines, PLAIN, [five, tenth]).totals.discount


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (Scope.ALL, [50, 0, 100, 200, 400, 0, 0]),
        (Scope.PARTS, [50, 0, 0, 0, 0, 0, 0]),
        (Scope.LABOR, [0, 0, 100, 0, 0, 0, 0]),
    ],
)
def test_step_3_a_scope_has_no_cores_and_nothing_below_0(scope: Scope, expected: list[int]) -> None:
    """
    A ticket-wide discount leaves out core charges, lines of other kinds, and lines below 0.
    """
    lines = [
        line(PART, 1, 1, id=1),
        line(PART, -1, 5, id=2),
        line(LABOR, 1, 2),
        line(FEE, 1, 4, id=1),
        line(SUBLET, 1, 8, id=2),
        line(CORE, 1, 16, id=3),
        line(CORE, -1, 16, id=4),
    ]

    document = price(lines, PLAIN, [ticket_off(scope, 50)])

    assert expected == [one.discount for one in document.lines]


def test_step_3_more_than_the_scope_has_is_all_of_it() -> None:
    """
    An amount beyond what is left of the scope takes what is left, and no more.
    """
    lines = [line(PART, 1, 3, discount=off(50)), line(PART, 1, 1), line(LABOR, 1, 9)]
    discounts = [ScopedDiscount(scope=Scope.PARTS, amount=money(50))] * 2

    document = price(lines, PLAIN, discounts)

    assert [(300, 300, 0, 0), (100, 100, 0, 0), (900, 0, 900, 0)] == figures(document)


def test_step_3_a_cent_can_be_taken_off_and_nothing_of_nothing() -> None:
    """
    A line of one cent has its share in a discount, and a line of which nothing is left has none.
    """
    lines = [line(PART, 1, "0.01"), line(PART, 1, 5, discount=off(100)), line(PART, 1, "0.01")]

    document = price(lines, PLAIN, [ScopedDiscount(scope=Scope.ALL, amount=money("0.02"))])

    assert [1, 500, 1] == [one.discount for one in document.lines]


def test_step_4_the_supplies_fee_is_the_last_line() -> None:
    """
    5 % of what discounts have left of the labour, as a line with its own class.
    """
    lines = [line(CORE, 1, 9, id=8), line(LABOR, 2, 100, discount=off(10)), line(PART, 1, 50)]

    (*_, supplies) = document = price(lines, fee("5"), []).lines

    assert ("supplies", None, None, "Shop supplies") == (
        supplies.kind,
        supplies.id,
        supplies.job_id,
        supplies.description,
    )
    assert (4, 1000, 900, 900, 0, 900, "supplies") == (
        supplies.line,
        supplies.quantity,
        supplies.unit_price,
        supplies.amount,
        supplies.discount,
        supplies.net,
        supplies.tax_class,
    )
    assert [PART, LABOR, CORE, LineKind.SUPPLIES] == [one.kind for one in document]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (fee("10"), 1000),
        (fee("10", FeeBase.PARTS, FeeBase.LABOR), 1500),
        (fee("10", FeeBase.LABOR, FeeBase.PARTS), 1500),
        (fee("10", cap="9.99"), 999),
        (fee("10", cap="10.01"), 1000),
        (fee("10", cap="0"), 0),
        (fee("0"), 0),
        (fee("0.004"), 0),
        (fee("0.005"), 1),
        (fee("100"), 10000),
    ],
)
def test_step_4_the_fee_has_a_base_and_a_cap(given: PricingRules, expected: int) -> None:
    """
    The fee is of labour, or parts and labour, at most its cap, and no line where it is 0.
    """
    document = price([line(PART, 1, 50), line(LABOR, 1, 100), line(FEE, 1, 5)], given)

    assert expected == document.totals.supplies
    assert (4 if expected else 3) == len(document.lines)


def test_step_4_a_fee_on_what_comes_back_is_below_0() -> None:
    """
    A document of returned goods gives the fee back: the same in reverse, within the same cap.
    """
    lines = [line(LABOR, -1, 100)]

    assert (-1000, -1000, 1000) == next(
        (one.amount, one.quantity, one.unit_price)
        for one in price(lines, fee("10")).lines
        if one.kind is LineKind.SUPPLIES
    )
    assert -400 == price(lines, fee("10", cap="4")).totals.supplies
    (_, cent) = price([line(LABOR, 1, "0.10")], fee("10")).lines
    assert (1, 1000, 1) == (cent.amount, cent.quantity, cent.unit_price)


def test_step_5_a_class_is_taxed_as_a_whole() -> None:
    """
    55.55 and 11.11 at 23 % are taxed 15.33 together, and 15.34 by line.
    """
    lines = [line(PART, 1, "55.55"), line(PART, 1, "11.11")]

    together = price(lines, rules(rate("parts", 23)))
    by_line = price(lines, rules(rate("parts", 23), **BY_LINE))

    assert [("parts", "State", 6666, 1533)] == taxes(together)
    assert [1278, 255] == [one.tax for one in together.lines]
    assert [("parts", "State", 6666, 1534)] == taxes(by_line)
    assert [1278, 256] == [one.tax for one in by_line.lines]


def test_step_5_each_authority_rounds_for_itself() -> None:
    """
    Two authorities at 2.25 % of 10.10 take 0.23 each, although 4.5 % would be 0.45.
    """
    given = (rate("parts", "2.25", "State"), rate("parts", "2.25", "Local"))

    for rounding in TaxRounding:
        document = price([line(PART, 1, "10.10")], rules(*given, tax_rounding=rounding))

        assert [("parts", "State", 1010, 23), ("parts", "Local", 1010, 23)] == taxes(document)
        assert [46] == [one.tax for one in document.lines]


def test_step_5_a_line_below_0_gives_tax_back() -> None:
    """
    Taxes of +0.4 and -0.9 cents are -0.5 together: -1, and that is the tax of the second line.
    """
    lines = [line(PART, 1, "0.04"), line(PART, -1, "0.09")]

    document = price(lines, rules(rate("parts", 10)))

    assert [0, -1] == [one.tax for one in document.lines]
    assert [("parts", "State", -5, -1)] == taxes(document)


def test_step_5_classes_are_in_alphabetical_order_and_authorities_as_given() -> None:
    """
    The breakdown has the classes of the lines only, and those that have rates, 0 % too.
    """
    lines = [
        *(line(kind, 1, 1) for kind in (PART, LABOR, SUBLET, FEE, CORE)),
        line(PART, 1, 1, tax_class="none"),
        line(PART, 1, 1, tax_class="tires"),
    ]
    given = rules(
        rate("tires", 10),
        rate("sublet", 10),
        rate("parts", 10, "Z"),
        rate("labor", 0),
        rate("fees", 10),
        rate("core", 10),
        rate("parts", 20, "A"),
        rate("supplies", 10),
    )

    document = price(lines, given)

    assert [
        ("core", "State", 100, 10),
        ("fees", "State", 100, 10),
        ("labor", "State", 100, 0),
        ("parts", "Z", 100, 10),
        ("parts", "A", 100, 20),
        ("sublet", "State", 100, 10),
        ("tires", "State", 100, 10),
    ] == taxes(document)
    assert [
        ("parts", 30),
        ("none", 0),
        ("tires", 10),
        ("labor", 0),
        ("sublet", 10),
        ("fees", 10),
        ("core", 10),
    ] == [(one.tax_class, one.tax) for one in document.lines]


def test_step_6_the_net_of_a_gross_price_is_rounded() -> None:
    """
    2.99 with 4 % in it is 2.88 and 0.11: 2.875 is rounded, and the tax is the rest.
    """
    document = price([line(PART, 1, "2.99")], rules(rate("parts", 4), **GROSS))

    assert [(299, 0, 288, 11)] == figures(document)
    assert [("parts", "State", 288, 11)] == taxes(document)
    assert (288, 11, 299) == (document.totals.net, document.totals.tax, document.totals.total)


def test_step_6_by_document_or_by_line() -> None:
    """
    Three lines of 0.10 with 20 % have a tax of 0.05 together, and of 0.06 by line.
    """
    lines = [line(PART, 1, "0.10")] * 3

    together = price(lines, rules(rate("parts", 20), **GROSS))
    by_line = price(lines, rules(rate("parts", 20), **GROSS, **BY_LINE))

    assert [2, 2, 1] == [one.tax for one in together.lines]
    assert [("parts", "State", 25, 5)] == taxes(together)
    assert [2, 2, 2] == [one.tax for one in by_line.lines]
    assert [("parts", "State", 24, 6)] == taxes(by_line)


@pytest.mark.parametrize("rounding", TaxRounding)
def test_step_6_the_cent_in_doubt_goes_to_the_first_authority_by_name(
    rounding: TaxRounding,
) -> None:
    """
    0.11 of tax for two equal rates is 0.06 for City and 0.05 for State, shown as given.
    """
    given = (rate("parts", 5, "State"), rate("parts", 5, "City"), rate("parts", 0, "Airport"))

    document = price(
        [line(PART, 1, "1.21")], rules(*given, prices_include_tax=True, tax_rounding=rounding)
    )

    assert [
        ("parts", "State", 110, 5),
        ("parts", "City", 110, 6),
        ("parts", "Airport", 110, 0),
    ] == taxes(document)


def test_step_6_a_rate_of_0_leaves_the_gross_price() -> None:
    """
    With 0 % in it, a gross price is its net; and so is one of a class without rates.
    """
    lines = [line(PART, 1, 5), line(LABOR, 1, 7)]

    document = price(lines, rules(rate("parts", 0), rate("parts", 0, "City"), **GROSS))

    assert [(500, 0, 500, 0), (700, 0, 700, 0)] == figures(document)
    assert [("parts", "State", 500, 0), ("parts", "City", 500, 0)] == taxes(document)


def test_step_6_discounts_and_the_supplies_fee_are_gross_too() -> None:
    """
    With gross prices the fee is a percentage of gross prices, and tax is in it.
    """
    given = PricingRules(
        tax_rates=(rate("labor", 20), rate("supplies", 20)),
        prices_include_tax=True,
        supplies_fee=SuppliesFee(percent=percent(10), of=(FeeBase.LABOR,)),
    )

    document = price([line(LABOR, 1, 150, discount=off(20))], given)

    assert [(15000, 3000, 10000, 2000), (1200, 0, 1000, 200)] == figures(document)
    assert 13200 == document.totals.total


def test_step_7_the_totals() -> None:
    """
    Parts, labour, charges and supplies are before discounts; the total is net and tax.
    """
    given = PricingRules(
        tax_rates=(rate("parts", 10), rate("core", 10)),
        supplies_fee=SuppliesFee(percent=percent(10), of=(FeeBase.LABOR,)),
    )
    lines = [
        line(PART, 2, 10, discount=off(50), job_id=1),
        line(LABOR, 1, 30, job_id=2),
        line(FEE, 1, 4, job_id=2),
        line(SUBLET, 1, 8, job_id=2),
        line(CORE, 1, 16, job_id=1),
        line(CORE, -1, 1, job_id=1),
    ]

    document = price(lines, given)
    totals, first, second = (
        document.totals,
        document.totals_of_job(1),
        document.totals_of_job(2),
    )

    assert (2000, 3000, 2700, 300) == (
        totals.parts,
        totals.labor,
        totals.charges,
        totals.supplies,
    )
    assert (1000, 7000, 250, 7250) == (totals.discount, totals.net, totals.tax, totals.total)
    assert (2000, 0, 1500, 2750) == (first.parts, first.labor, first.charges, first.total)
    assert (0, 3000, 1200, 0, 4200) == (
        second.parts,
        second.labor,
        second.charges,
        second.supplies,
        second.total,
    )
    assert 300 == document.totals_of_job(None).total


def test_lines_are_numbered_parts_labour_charges() -> None:
    """
    Each group is in the order of its ids; lines without an id follow, as they were given.
    """
    lines = [
        line(SUBLET, 1, 1, id=5),
        line(FEE, 1, 1, id=7),
        line(CORE, 1, 1, id=6),
        line(FEE, 1, 2, description="first"),
        line(CORE, 1, 1, description="second"),
        line(LABOR, 1, 1, id=2, job_id=4),
        line(LABOR, 1, 1, id=1),
        line(PART, 1, 1, id=10),
        line(PART, 1, 1, id=9),
    ]

    assert [
        (1, PART, 9, None),
        (2, PART, 10, None),
        (3, LABOR, 1, None),
        (4, LABOR, 2, None),
        (5, SUBLET, 5, None),
        (6, CORE, 6, None),
        (7, FEE, 7, None),
        (8, FEE, None, "first"),
        (9, CORE, None, "second"),
    ] == [(one.line, one.kind, one.id, one.description) for one in price(lines, PLAIN).lines]
    assert [4] == [one.line for one in price(lines, PLAIN).lines if one.job_id == 4]


def test_two_lines_of_a_kind_cannot_have_one_id() -> None:
    """
    Ids are unique in a kind; all that are not are named, with the other problems.
    """
    lines = [
        line(FEE, 1, 1, id=1),
        line(CORE, -1, 1, id=1, discount=off(5)),
        line(FEE, 1, 1, id=1),
        line(CORE, 1, 1, id=1),
        line(PART, 1, 1),
        line(PART, 1, 1),
    ]

    with pytest.raises(RuleBroken) as refused:
        price(lines, PLAIN)

    assert (
        Problem(
            "#/lines/1/discount",
            "must be null: the amount of the line is below 0",
        ),
        Problem("#/lines/2/id", "is the id of another fee"),
        Problem("#/lines/3/id", "is the id of another core"),
    ) == refused.value.problems
    assert 3 == len(price([lines[0], lines[3], lines[4]], PLAIN).lines)


def test_the_same_id_in_two_kinds_of_charges_has_an_order() -> None:
    """
    A core and a fee with one id are in the order of their kinds, however they are given.
    """
    lines = [line(FEE, 1, 1, id=1), line(CORE, 1, 1, id=1)]

    assert [CORE, FEE] == [one.kind for one in price(lines, PLAIN).lines]
    assert [CORE, FEE] == [one.kind for one in price(lines[::-1], PLAIN).lines]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, Problem("#/amount", "either amount or percent is required")),
        (
            {"amount": money(1), "percent": percent(1)},
            Problem("#/amount", "either amount or percent is required"),
        ),
        ({"amount": money(-1)}, Problem("#/amount", "must be from 0 to 99999999.99")),
        ({"percent": percent(100) + 1}, Problem("#/percent", "must be from 0 to 100")),
    ],
)
def test_a_discount_is_an_amount_or_a_percentage(given: Any, problem: Problem) -> None:
    """
    A discount has one of both, in its bounds.
    """
    with pytest.raises(RuleBroken) as refused:
        Discount(**given)

    assert (problem,) == refused.value.problems


@pytest.mark.parametrize("of", [(FeeBase.PARTS,), (FeeBase.LABOR, FeeBase.LABOR)])
def test_a_supplies_fee_is_of_labour(of: tuple[FeeBase, ...]) -> None:
    """
    A fee of parts alone, or of labour twice, is refused.
    """
    with pytest.raises(RuleBroken) as refused:
        SuppliesFee(percent=percent(5), of=of)

    assert (Problem("#/of", 'must be ["labor"] or ["parts", "labor"]'),) == refused.value.problems


def test_an_authority_has_one_rate_for_a_class() -> None:
    """
    Two rates of an authority for one class are refused; all that repeat one are named.
    """
    state, city = rate("parts", 5), rate("parts", 5, "City")

    with pytest.raises(RuleBroken) as refused:
        rules(state, city, state, rate("labor", 5), city)

    detail = "has a rate for this tax_class already"
    assert (
        Problem("#/tax_rates/2/authority", detail),
        Problem("#/tax_rates/4/authority", detail),
    ) == refused.value.problems


def test_every_figure_of_the_greatest_ticket_has_64_bits() -> None:
    """
    200 lines of a kind at the greatest quantity and price, with all that can be added to them.
    """
    given = rules(
        *(
            rate(tax_class, 100, f"Authority {number}")
            for tax_class in ("parts", "labor", "fees", "supplies")
            for number in range(MAX_TAX // WHOLE)
        ),
        supplies_fee=SuppliesFee(percent=percent(100), of=(FeeBase.PARTS, FeeBase.LABOR)),
    )
    lines = [
        line(kind, 99999, "99999999.99", id=number)
        for kind in (PART, LABOR, FEE)
        for number in range(1, 201)
    ]

    assert 2**62 < price(lines, given).totals.total < 2**63


def test_a_stored_line_has_a_class_that_means_something() -> None:
    """
    A default class, `none`, and a class with rates are known; another one is refused.
    """
    given = rules(rate("tires", 10))

    for known in (None, "none", "parts", "labor", "sublet", "fees", "core", "tires"):
        given.require_known(known)
    with pytest.raises(RuleBroken) as refused:
        given.require_known("tyres")

    detail = "must be one of core, fees, labor, none, parts, sublet, tires"
    assert (Problem("#/tax_class", detail),) == refused.value.problems


@pytest.mark.parametrize("name", ["", "Parts", "two words", "-a", "a-", "a--b", "é", "a" * 41])
def test_a_tax_class_is_a_slug(name: str) -> None:
    """
    The name of a tax class is of lower-case letters and digits, in groups that are joined.
    """
    with pytest.raises(RuleBroken, match="tax_class"):
        TaxRate(tax_class=name, authority="State", percent=percent(5))


@pytest.mark.parametrize("name", ["a", "s25", "tax-free", "tax_free", "a" * 40])
def test_a_slug_is_a_tax_class(name: str) -> None:
    """
    Such names are accepted.
    """
    assert name == rate(name, 5).tax_class


def test_a_line_of_supplies_cannot_be_given() -> None:
    """
    The supplies fee is what the price adds; no line can claim to be it.
    """
    with pytest.raises(RuleBroken, match="#/kind: must be one of part, labor, fee, sublet, core"):
        line(LineKind.SUPPLIES, 1, 1)


def test_percentages_are_exact() -> None:
    """
    A percentage has at most four decimals, and is at most 100.
    """
    assert (82_500, 1_000_000, 1) == (percent("8.25"), percent(100), percent("0.0001"))
    for wrong in ("0.00001", 8.25, "100.0001"):
        with pytest.raises(RuleBroken):
            percent(wrong)  # type: ignore[arg-type]  # a float is no percentage


def test_the_largest_amounts_are_exact() -> None:
    """
    99,999 pieces at 99,999,999.99 are priced to the cent.
    """
    document = price(
        [line(PART, 99_999, "99999999.99", discount=off("33.3333"))],
        rules(rate("parts", "7.7777")),
    )

    assert 999_989_999_900_001 == document.totals.parts
    assert 333_329_666_636_667 == document.totals.discount
    assert 51_850_840_740_222 == document.totals.tax


def test_a_line_needs_no_more_than_kind_quantity_and_price() -> None:
    """
    Everything else of a line is optional.
    """
    one = PricingLine(kind=SUBLET, quantity=line(PART, 1, 1).quantity, unit_price=money(1))

    assert ("sublet", 100) == (one.taxed_as, one.amount)
