"""How far a bill may go: the ceiling, and the tolerance on what was authorized."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanic_core.estimates.authorization import Authorization, tolerance_on
from mechanic_core.money import MAX_MONEY, Money, Percent, money, percent
from mechanic_core.profile.billing import NO_TOLERANCE, AuthorizationMode, Tolerance
from tests.strategies import records

amounts = st.integers(-MAX_MONEY, MAX_MONEY).map(Money)


@given(authorized=amounts, tolerance=records(Tolerance))
def test_the_greater_counts_up_to_the_most(authorized: int, tolerance: Tolerance) -> None:
    """
    The tolerance is the greater of percent, rounded once, and amount, and never more than the most.
    """
    exact = Decimal(authorized) * tolerance.percent / 1_000_000
    share = int(exact.quantize(Decimal(1), ROUND_HALF_UP))

    actual = tolerance_on(authorized, tolerance)

    expected = max(share, tolerance.amount)
    assert (expected if tolerance.most is None else min(expected, tolerance.most)) == actual
    assert actual >= 0


@given(authorized=amounts, limit=st.none() | st.integers(0, MAX_MONEY), current=amounts)
def test_the_ceiling_is_the_greatest(authorized: int, limit: int | None, current: int) -> None:
    """
    The bill may go to the limit, or to what was authorized with its tolerance; the rest is left.
    """
    tolerance = tolerance_on(authorized, NO_TOLERANCE)
    found = Authorization(
        mode=AuthorizationMode.CEILING,
        authorized=Money(authorized),
        limit=None if limit is None else Money(limit),
        tolerance=tolerance,
        current=Money(current),
        undecided=(),
        changed=(),
    )

    assert max(one for one in (limit, authorized) if one is not None) == found.ceiling
    assert found.ceiling == found.current + found.headroom
    assert (limit is not None and current <= limit) == found.is_within_limit


FLORIDA = Tolerance(percent=percent(10), amount=money(10), most=money(50))


@pytest.mark.parametrize(
    ("authorized", "tolerance"),
    [
        ("0", "10"),
        ("80", "10"),
        ("100", "10"),
        ("100.05", "10.01"),
        ("499.94", "49.99"),
        ("1000", "50"),
    ],
)
def test_florida_allows_the_greater_up_to_a_bound(authorized: str, tolerance: str) -> None:
    """
    559.909: 10 dollars or 10 percent, whichever is greater, but not more than 50 dollars.
    """
    assert money(tolerance) == tolerance_on(money(authorized), FLORIDA)


def test_half_a_cent_goes_away_from_zero() -> None:
    """
    A percentage of what was authorized is rounded once.
    """
    tolerance = Tolerance(percent=Percent(50_000))

    assert [0, 1, 1, 2] == [tolerance_on(cents, tolerance) for cents in (9, 10, 29, 30)]
