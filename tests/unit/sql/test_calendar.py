"""Calendar arithmetic: whole months of a period, periods as sums of counters."""

from datetime import date, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from mechanic_adapters.sql.counters.calendar import (
    START_OF_TIME,
    DateRange,
    Term,
    split_by_months,
    terms_of,
)
from mechanic_adapters.sql.schema.counters import Span
from mechanic_core.profile.calendar import ALL_TIME, Period

DAY = timedelta(days=1)
EDGES = st.sampled_from([date.min, date.max]) | st.dates()
NEAR = st.integers(-40, 40) | st.integers(-800, 800)


def days_of(date_range: DateRange) -> set[date]:
    """Return the days in a range."""
    first, last = date_range
    return {first + n * DAY for n in range((last - first).days + 1)}


@given(EDGES, st.integers(0, 400))
@example(date.min, 0)
@example(date(9999, 12, 2), 28)
@example(date(2024, 2, 1), 28)
def test_a_period_is_split_into_each_of_its_days_once(since: date, length: int) -> None:
    """
    The parts of a period have each of its days once, and whole months in the middle.
    """
    until = min(since, date.max - length * DAY) + length * DAY
    since = until - length * DAY
    period = Period(since=since, until=until)

    parts = split_by_months(period)

    covered = [day for part in parts for day in days_of(part)]
    assert days_of((since, until)) == set(covered)
    assert len(set(covered)) == len(covered)
    _, months, _ = parts
    if days_of(months):
        assert 1 == months[0].day
        assert months[1] == date.max or 1 == (months[1] + DAY).day


@given(st.dates(), st.dates())
def test_few_days_are_outside_the_whole_months(one: date, other: date) -> None:
    """
    However long a period is, few of its days are outside its whole months.
    """
    head, months, tail = split_by_months(Period(since=min(one, other), until=max(one, other)))

    assert len(days_of(head)) + len(days_of(tail)) <= 60
    assert months[0] <= months[1] or not days_of(tail)


def test_all_time_is_whole_months() -> None:
    """
    A period with open ends is whole months only.
    """
    head, months, tail = split_by_months(ALL_TIME)

    assert (set(), (date.min, date.max), set()) == (days_of(head), months, days_of(tail))


def spans_of(day: date) -> tuple[tuple[Span, date], ...]:
    """Return the spans that a day lies in, each with its first day."""
    month = day.replace(day=1)
    return (
        (Span.EVER, START_OF_TIME),
        (Span.YEAR, month.replace(month=1)),
        (Span.MONTH, month),
        (Span.DAY, day),
    )


def times_counted(terms: tuple[Term, ...], day: date) -> int:
    """Return how often a ticket of that day is counted."""
    return sum(
        term.sign
        for term in terms
        for span, start in spans_of(day)
        if span is term.span and term.first <= start <= term.last
    )


def shifted(day: date, days: int) -> date:
    """Return the day so many days later, within the calendar."""
    return date.fromordinal(
        min(max(day.toordinal() + days, date.min.toordinal()), date.max.toordinal())
    )


@given(EDGES, NEAR.map(abs), NEAR)
@example(date.min, 0, 0)
@example(date.max, 20, 0)
@example(date(2024, 2, 20), 20, 3)
@example(date(2024, 1, 1), 365, -1)
def test_terms_count_each_day_of_a_period_once(since: date, length: int, away: int) -> None:
    """
    A day counts once if it is in the period, and otherwise not at all.
    """
    period = Period(since=since, until=shifted(since, length))
    terms = terms_of(period)

    for edge in (since, shifted(since, length)):
        day = shifted(edge, away)
        assert int(period.contains(day)) == times_counted(terms, day), (terms, day)


@given(st.dates(), st.dates())
def test_terms_sum_few_counters(one: date, other: date) -> None:
    """
    However long a period is, its terms have few days and months.
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
def test_a_calendar_year_or_month_is_one_term(day: date) -> None:
    """
    A calendar year is one term, and so is a month.
    """
    year = Period(since=date(day.year, 1, 1), until=date(day.year, 12, 31))
    month = Period(since=date(2024, 2, 1), until=date(2024, 2, 29))

    first = date(day.year, 1, 1)
    assert (Term(1, Span.YEAR, first, first),) == terms_of(year)
    assert (Term(1, Span.MONTH, date(2024, 2, 1), date(2024, 2, 1)),) == terms_of(month)


def test_all_time_is_years() -> None:
    """
    A period with open ends is whole years only.
    """
    assert (Term(1, Span.YEAR, date.min, date(9999, 1, 1)),) == terms_of(ALL_TIME)
