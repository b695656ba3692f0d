"""The shop's calendar: its time zone, periods, and the days on which it may give service."""

import functools
from datetime import date, datetime
from typing import Annotated, Final, final
from zoneinfo import ZoneInfo, available_timezones

from attrs import frozen

from mechanic_core.errors import Problem, RuleBroken
from mechanic_core.rules import Example, Pattern, checked
from mechanic_core.values import LINE

FIRST_SERVICE_DATE: Final = date(1950, 1, 1)

_NOT_PLACES: Final = frozenset({"Factory", "localtime"})
"""Names that mean another time on each machine, or none."""


@functools.cache
def zone_names() -> frozenset[str]:
    """Return the names of all time zones, those of the system and those of `tzdata`."""
    return frozenset(available_timezones()) - _NOT_PLACES


@final
@frozen
class ZoneName(Pattern):
    """The names of the time zones; the pattern is what all of them have in common."""

    def violation(self, value: str) -> str | None:
        """Return the error text for a name that no time zone has."""
        return None if value in zone_names() else self.meaning


TimeZone = Annotated[
    str,
    LINE,
    ZoneName(
        r"[A-Za-z0-9+_/-]+",
        "must be the name of a time zone in the IANA database, such as America/New_York",
    ),
    Example("America/Chicago"),
]


@frozen(kw_only=True, field_transformer=checked)
class Period:
    """The days from *since* to *until*, both included; None is no bound."""

    since: date | None = None
    until: date | None = None

    def __attrs_post_init__(self) -> None:
        """Check that the period does not end before it begins."""
        if self.since and self.until and self.since > self.until:
            raise RuleBroken(Problem("", "must not be after `to`", parameter="from"))

    def contains(self, day: date) -> bool:
        """Return whether *day* is in the period."""
        return (self.since is None or self.since <= day) and (
            self.until is None or day <= self.until
        )


ALL_TIME: Final = Period()


def day_in(time_zone: str, at: datetime) -> date:
    """Return the calendar day in *time_zone* at a moment."""
    return at.astimezone(ZoneInfo(time_zone)).date()


def require_service_date(day: date, today: date) -> None:
    """Raise `RuleBroken` unless *day* is from 1950 on and at most a year after *today*."""
    last = same_day(today, today.year + 1)
    if not FIRST_SERVICE_DATE <= day <= last:
        raise RuleBroken(Problem("#/service_date", f"must be from {FIRST_SERVICE_DATE} to {last}"))


def same_day(day: date, year: int) -> date:
    """Return the same day of another *year*; 28 February for 29 February."""
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=year, day=28 if is_leap_day else day.day)
