"""Calendar arithmetic: periods as sums of days, months and years."""

from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta
from typing import Final, TypeAlias

from attrs import frozen

from mechanic_adapters.sql.schema.counters import Span
from mechanic_core.profile.calendar import Period

DateRange: TypeAlias = tuple[date, date]
"""The first and the last day, both included."""

Block: TypeAlias = tuple[int, int]
"""The first and the last unit of a month in days, or of a year in months."""

START_OF_TIME: Final = date.min

EMPTY: Final[DateRange] = (date.max, date.min)

MONTH_PARTS: Final = ("head", "months", "tail")
"""The parts of a period: days, whole months, and days again."""

_DAY: Final = timedelta(days=1)
_MONTHS: Final = 12


def split_by_months(period: Period) -> tuple[DateRange, DateRange, DateRange]:
    """Return the days before the whole months of *period*, those months, and the days after."""
    since, until = period.since or date.min, period.until or date.max
    months = _whole_months(since, until)
    if months is None:
        return (since, until), EMPTY, EMPTY
    first, last = months
    head = (since, first - _DAY) if since < first else EMPTY
    tail = (last + _DAY, until) if last < until else EMPTY
    return head, months, tail


def month_parameters(period: Period) -> dict[str, date]:
    """Return `split_by_months` as parameters: ``head_first``, ``head_last`` and so on."""
    return {
        f"{part}_{end}": day
        for part, days in zip(MONTH_PARTS, split_by_months(period), strict=True)
        for end, day in zip(("first", "last"), days, strict=True)
    }


@frozen
class Term:
    """The counters of one span that start between two days, to be added or subtracted."""

    sign: int
    span: Span
    first: date
    last: date


def terms_of(period: Period) -> tuple[Term, ...]:
    """Return terms whose sum is the number of tickets worked in *period*.

    A month is added whole and some of its days subtracted where that sums fewer counters, and
    so are years: at most 15 days and 6 months are summed at either end of any period.
    """
    since, until = period.since or date.min, period.until or date.max
    days, months = _split(since.toordinal(), until.toordinal(), _month_around)
    terms = [Term(sign, Span.DAY, *map(date.fromordinal, ends)) for sign, *ends in days]
    if months:
        first, last = (_month_number(date.fromordinal(day)) for day in months)
        loose, years = _split(first, last, _year_around)
        terms += [Term(sign, Span.MONTH, *map(_first_day, ends)) for sign, *ends in loose]
        if years:
            first, last = (_first_day(month).year for month in years)
            terms.append(Term(1, Span.YEAR, date(first, 1, 1), date(last, 1, 1)))
    return tuple(terms)


def _split(
    first: int, last: int, block_around: Callable[[int], Block]
) -> tuple[list[tuple[int, int, int]], Block | None]:
    """Return the units to add or subtract, with their sign, and the whole blocks, if any."""
    units, blocks = [], [0, 0]
    start, end = block_around(first)
    if first - start <= end - first:
        units.append((-1, start, first - 1))
        blocks[0] = start
    else:
        units.append((1, first, end))
        blocks[0] = end + 1
    start, end = block_around(last)
    if end - last <= last - start:
        units.append((-1, last + 1, end))
        blocks[1] = end
    else:
        units.append((1, start, last))
        blocks[1] = start - 1
    if last - first <= sum(end - start + 1 for _, start, end in units):
        return [(1, first, last)], None
    not_empty = [unit for unit in units if unit[1] <= unit[2]]
    return not_empty, (blocks[0], blocks[1]) if blocks[0] <= blocks[1] else None


def _whole_months(since: date, until: date) -> DateRange | None:
    """Return the first day of the first whole month and the last day of the last one."""
    first, last = since, until
    if since.day > 1:
        end = _month_end(since)
        if end >= until:
            return None
        first = end + _DAY
    if until != _month_end(until):
        start = until.replace(day=1)
        if start <= first:
            return None
        last = start - _DAY
    return first, last


def _month_end(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def _month_around(ordinal: int) -> Block:
    day = date.fromordinal(ordinal)
    start = ordinal - day.day + 1
    return start, start + monthrange(day.year, day.month)[1] - 1


def _year_around(month: int) -> Block:
    start = month - month % _MONTHS
    return start, start + _MONTHS - 1


def _month_number(day: date) -> int:
    return day.year * _MONTHS + day.month - 1


def _first_day(month: int) -> date:
    return date(month // _MONTHS, month % _MONTHS + 1, 1)
