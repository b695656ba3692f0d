"""The stretches of time that tickets are tallied by: days, months, years and all time."""

from calendar import monthrange
from datetime import date, timedelta
from typing import Final, TypeAlias

from mechanic_adapters.sql.schema.counters import Span
from mechanic_core.mechanics.leaderboard import Period

Stretch: TypeAlias = tuple[date, date]
"""The first and the last day, both included."""

BEGINNING: Final = date.min
"""Where all time starts."""

NEVER: Final[Stretch] = (date.max, date.min)

PIECES: Final = ("head", "months", "tail")
"""What a period is made of: days, whole months, and days again."""

_DAY: Final = timedelta(days=1)


def spans_of(day: date) -> tuple[tuple[Span, date], ...]:
    """Return the stretches that *day* lies in, each with its first day."""
    month = day.replace(day=1)
    year = month.replace(month=1)
    return ((Span.EVER, BEGINNING), (Span.YEAR, year), (Span.MONTH, month), (Span.DAY, day))


def pieces_of(period: Period) -> tuple[Stretch, Stretch, Stretch]:
    """Return the days before the whole months of *period*, those months, and the days behind.

    However many years it is long, few tallies add up to it.
    """
    since, until = period.since or date.min, period.until or date.max
    months = _whole_months(since, until)
    if months is None:
        return (since, until), NEVER, NEVER
    first, last = months
    head = (since, first - _DAY) if since < first else NEVER
    tail = (last + _DAY, until) if last < until else NEVER
    return head, months, tail


def bounds_of(period: Period) -> dict[str, date]:
    """Return the pieces of *period* as parameters: ``head_first``, ``head_last`` and so on."""
    pieces = zip(PIECES, pieces_of(period), strict=True)
    return {
        f"{name}_{end}": day
        for name, stretch in pieces
        for end, day in zip(("first", "last"), stretch, strict=True)
    }


def _whole_months(since: date, until: date) -> Stretch | None:
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
