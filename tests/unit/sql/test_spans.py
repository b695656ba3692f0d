"""The stretches of time that tickets are tallied by."""

from datetime import date, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from mechanic_adapters.sql.counters.calendar import BEGINNING, Stretch, pieces_of, spans_of
from mechanic_adapters.sql.schema.counters import Span
from mechanic_core.mechanics.leaderboard import ALL_TIME, Period

DAY = timedelta(days=1)
EDGES = st.sampled_from([date.min, date.max]) | st.dates()


def days_of(stretch: Stretch) -> set[date]:
    """Return the days of a stretch."""
    first, last = stretch
    return {first + n * DAY for n in range((last - first).days + 1)}


@given(EDGES, st.integers(0, 400))
@example(date.min, 0)
@example(date(9999, 12, 2), 28)
@example(date(2024, 2, 1), 28)
def test_covers_each_day_once(since: date, length: int) -> None:
    """
    The pieces of a period are all its days, none of them twice, and the months are whole.
    """
    until = min(since, date.max - length * DAY) + length * DAY
    since = until - length * DAY
    period = Period(since=since, until=until)

    pieces = pieces_of(period)

    covered = [day for piece in pieces for day in days_of(piece)]
    assert days_of((since, until)) == set(covered)
    assert len(set(covered)) == len(covered)
    _, months, _ = pieces
    if days_of(months):
        assert 1 == months[0].day
        assert months[1] == date.max or 1 == (months[1] + DAY).day


@given(st.dates(), st.dates())
def test_adds_up_few_tallies(one: date, other: date) -> None:
    """
    However long a period is, the days beside its whole months are few.
    """
    head, months, tail = pieces_of(Period(since=min(one, other), until=max(one, other)))

    assert len(days_of(head)) + len(days_of(tail)) <= 60
    assert months[0] <= months[1] or not days_of(tail)


def test_is_whole_months_for_all_time() -> None:
    """
    A period with open ends has no days left over.
    """
    head, months, tail = pieces_of(ALL_TIME)

    assert (set(), (date.min, date.max), set()) == (days_of(head), months, days_of(tail))


@given(st.dates())
def test_tallies_a_day_four_times(day: date) -> None:
    """
    A ticket counts for its day, its month, its year and all time.
    """
    expected = (
        (Span.EVER, BEGINNING),
        (Span.YEAR, day.replace(month=1, day=1)),
        (Span.MONTH, day.replace(day=1)),
        (Span.DAY, day),
    )

    assert expected == spans_of(day)
