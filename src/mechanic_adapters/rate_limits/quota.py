"""A rate limit as settings write it, and a caller's quota under it."""

import re
from typing import Final, Self, final

from attrs import frozen

MICROSECONDS: Final = 1_000_000

_UNITS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
_RATE: Final = re.compile(
    r"([1-9]\d{0,8})\s*(?:/|per)\s*(?:([1-9]\d{0,4})\s*)?(second|minute|hour|day)s?", re.IGNORECASE
)


@final
@frozen
class RateLimit:
    """At most *requests* in any *seconds*."""

    requests: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return the limit in *text*, such as ``100/minute`` or ``10 per 2 hours``.

        Returns None for an empty text. Raises `ValueError`.
        """
        if not text.strip():
            return None
        match = _RATE.fullmatch(text.strip())
        if match is None:
            raise ValueError("must be a rate such as 100/minute")
        requests, multiple, unit = match.groups()
        return cls(int(requests), int(multiple or 1) * _UNITS[unit.casefold()])


@final
@frozen
class Quota:
    """The state of one caller under one policy: *limit* requests in *window* seconds.

    *remaining* requests are allowed now; the next one becomes available in *resets_in* seconds.
    """

    policy: str
    limit: int
    window: int
    remaining: int
    resets_in: int
    allowed: bool
