"""Moments in the shop's own time, as letters have them."""

from datetime import datetime
from zoneinfo import ZoneInfo


def local_time(at: datetime, time_zone: str) -> str:
    """Return a moment in the shop's time zone, in a form that no language reads differently."""
    return f"{at.astimezone(ZoneInfo(time_zone)):%Y-%m-%d %H:%M} ({time_zone})"
