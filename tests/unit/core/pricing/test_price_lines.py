"""Lines that are on no ticket are priced under the rules of the shop, or under others."""

from datetime import UTC, datetime
from typing import Final

import pytest
from attrs import evolve

from mechanic_adapters.memory import MemoryStore
from mechanic_core.access import ANONYMOUS, SYSTEM, Actor, LoginNeeded, Role, RoleForbids
from mechanic_core.errors import Refused, RuleBroken
from mechanic_core.money import money, quantity
from mechanic_core.pricing.discounts import Discount, Scope
from mechanic_core.pricing.forms import PriceLine, PriceRequest
from mechanic_core.pricing.pricing_rules import PricingRules
from mechanic_core.pricing.use_cases import PriceLines
from mechanic_core.profile.use_cases import ChangeProfile
from tests.unit.core.pricing.documents import CORE, PART, off, rate, ticket_off

MECHANIC: Final = Actor(Role.MECHANIC, 2)


def part(number: int, amount: int, discount: Discount | None = None) -> PriceLine:
    """Return a line of a request."""
    return PriceLine(
        kind=PART, quantity=quantity(number), unit_price=money(amount), discount=discount
    )


@pytest.fixture
def price_lines() -> PriceLines:
    """The use case in a shop that taxes parts with 6.25 %."""
    store = MemoryStore()
    change = ChangeProfile(store.begin, lambda: datetime(2026, 3, 2, tzinfo=UTC))
    change(SYSTEM, lambda form: evolve(form, tax_rates=(rate("parts", "6.25"),)))
    return PriceLines(store.read_only)


def test_the_shops_rules_are_the_default(price_lines: PriceLines) -> None:
    """
    Without rules in the request those of the profile hold; given ones replace all of them.
    """
    request = PriceRequest(lines=(part(1, 100),))

    by_default, given = (
        price_lines(MECHANIC, one).totals.total
        for one in (request, evolve(request, profile=PricingRules()))
    )

    assert (10_625, 10_000) == (by_default, given)


def test_discounts_are_taken_off(price_lines: PriceLines) -> None:
    """
    Those of a line, and those of the request in their order.
    """
    half = ticket_off(Scope.ALL, 50)
    request = PriceRequest(lines=(part(2, 50, off(10)),), discounts=(half, half))

    totals = price_lines(MECHANIC, request).totals

    assert (7_750, 2_250) == (totals.discount, totals.net)


@pytest.mark.parametrize(
    ("actor", "refusal"), [(ANONYMOUS, LoginNeeded), (Actor(Role.CUSTOMER, 1), RoleForbids)]
)
def test_staff_price_lines(price_lines: PriceLines, actor: Actor, refusal: type[Refused]) -> None:
    """
    Others are refused.
    """
    with pytest.raises(refusal):
        price_lines(actor, PriceRequest(lines=()))


@pytest.mark.parametrize("discount", [off(0), Discount(amount=money(1))])
def test_a_line_below_0_takes_no_discount(discount: Discount) -> None:
    """
    The refusal names the discount; one of 0 and more takes it.
    """
    with pytest.raises(RuleBroken) as refused:
        part(-1, 10, discount)

    (problem,) = refused.value.problems
    assert ("#/discount", "must be null: the amount of the line is below 0") == (
        problem.pointer,
        problem.detail,
    )
    assert [discount, discount] == [part(number, 10, discount).discount for number in (0, 1)]


def test_a_line_is_of_no_job() -> None:
    """
    A request cannot name a job, and a line below 0 needs no discount.
    """
    line = PriceLine(kind=CORE, quantity=quantity(-1), unit_price=money(10))

    assert (None, -1_000) == (line.job_id, line.amount)
