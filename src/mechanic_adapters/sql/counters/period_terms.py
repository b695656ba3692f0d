"""What a period is as a sum of tallies: years, and the months and days that stick out or lack.

A month is taken whole and some of its days away again where that is less to add up; so are
years. However long a period is, at most fifteen days and six months at either end are looked at.
"""

from calendar import monthrange
from collections.abc import Callable
from datetime import date
from typing import Final, TypeAlias

from attrs import frozen

from mechanic_adapters.sql.schema.counters import Span
from mechanic_core.mechanics.leaderboard import Period

_MONTHS: Final = 12

Whole: TypeAlias = tuple[int, int]
"""The first and the last unit of a block: of a month in days, or of a year in months."""


@frozen
class Term:
    """The tallies of one span that start within two days, to be added or taken away."""

    sign: int
    span: Span
    first: date
    last: date


def terms_of(period: Period) -> tuple[Term, ...]:
    """Return terms that add up to the tickets of *period*."""
    since, until = period.since or date.min, period.until or date.max
    days, months = _split(since.toordinal(), until.toordinal(), _month_around)
    found = [Term(n, Span.DAY, *map(date.fromordinal, ends)) for n, *ends in days]
    if months:
        first, last = (_index(date.fromordinal(day)) for day in months)
        pieces, years = _split(first, last, _year_around)
        found += [Term(n, Span.MONTH, *map(_first_day, ends)) for n, *ends in pieces]
        if years:
            first, last = (_first_day(month).year for month in years)
            found.append(Term(1, Span.YEAR, date(first, 1, 1), date(last, 1, 1)))
    return tuple(found)


def _split(
    first: int, last: int, around: Callable[[int], Whole]
) -> tuple[list[tuple[int, int, int]], Whole | None]:
    """Return the units to add or take away, with their sign, and the whole blocks, if any."""
    pieces, blocks = [], [0, 0]
    start, end = around(first)
    if first - start <= end - first:
        pieces.append((-1, start, first - 1))
        blocks[0] = start
    else:
        pieces.append((1, first, end))
        blocks[0] = end + 1
    start, end = around(last)
    if end - last <= last - start:
        pieces.append((-1, last + 1, end))
        blocks[1] = end
    else:
        pieces.append((1, start, last))
        blocks[1] = start - 1
    if last - first <= sum(end - start + 1 for _, start, end in pieces):
        return [(1, first, last)], None
    left = [piece for piece in pieces if piece[1] <= piece[2]]
    return left, (blocks[0], blocks[1]) if blocks[0] <= blocks[1] else None


def _month_around(day: int) -> Whole:
    found = date.fromordinal(day)
    start = day - found.day + 1
    return start, start + monthrange(found.year, found.month)[1] - 1


def _year_around(month: int) -> Whole:
    start = month - month % _MONTHS
    return start, start + _MONTHS - 1


def _index(day: date) -> int:
    return day.year * _MONTHS + day.month - 1


def _first_day(month: int) -> date:
    return date(month // _MONTHS, month % _MONTHS + 1, 1)
