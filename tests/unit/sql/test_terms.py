"""Periods as sums of the tallies of days, months and years."""

from datetime import date, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from mechanic_adapters.sql.counters.calendar import spans_of
from mechanic_adapters.sql.counters.period_terms import Term, terms_of
from mechanic_adapters.sql.schema.counters import Span
from mechanic_core.mechanics.leaderboard import ALL_TIME, Period

DAY = timedelta(days=1)
EDGES = st.sampled_from([date.min, date.max]) | st.dates()
NEAR = st.integers(-40, 40) | st.integers(-800, 800)


def counted(terms: tuple[Term, ...], day: date) -> int:
    """Return how often a ticket of that day is counted."""
    return sum(
        term.sign
        for term in terms
        for span, start in spans_of(day)
        if span is term.span and term.first <= start <= term.last
    )


def moved(day: date, days: int) -> date:
    """Return the day so many days later, within the calendar."""
    return date.fromordinal(
        min(max(day.toordinal() + days, date.min.toordinal()), date.max.toordinal())
    )


@given(EDGES, NEAR.map(abs), NEAR)
@example(date.min, 0, 0)
@example(date.max, 20, 0)
@example(date(2024, 2, 20), 20, 3)
@example(date(2024, 1, 1), 365, -1)
def test_count_each_day_of_a_period_once(since: date, length: int, away: int) -> None:
    """
    A ticket counts once if its day lies in the period, and else not at all.
    """
    period = Period(since=since, until=moved(since, length))
    terms = terms_of(period)

    for edge in (since, moved(since, length)):
        day = moved(edge, away)
        assert int(period.contains(day)) == counted(terms, day), (terms, day)


@given(st.dates(), st.dates())
def test_add_up_few_tallies(one: date, other: date) -> None:
    """
    However long a period is, the days and months that are looked at are few.
    """
    terms = terms_of(Period(since=min(one, other), until=max(one, other)))
    days, months = (
        sum((term.last - term.first) // length + 1 for term in terms if term.span is span)
        for span, length in ((Span.DAY, DAY), (Span.MONTH, 28 * DAY))
    )

    assert days <= 32
    assert months <= 14
    assert len(terms) <= 5


@given(st.dates(date(1, 1, 1), date(9999, 12, 31)))
def test_take_whole_years_and_months_as_they_are(day: date) -> None:
    """
    A calendar year is one term, and so is a month.
    """
    year = Period(since=date(day.year, 1, 1), until=date(day.year, 12, 31))
    month = Period(since=date(2024, 2, 1), until=date(2024, 2, 29))

    first = date(day.year, 1, 1)
    assert (Term(1, Span.YEAR, first, first),) == terms_of(year)
    assert (Term(1, Span.MONTH, date(2024, 2, 1), date(2024, 2, 1)),) == terms_of(month)


def test_are_years_for_all_time() -> None:
    """
    A period with open ends has nothing left over.
    """
    assert (Term(1, Span.YEAR, date.min, date(9999, 1, 1)),) == terms_of(ALL_TIME)
