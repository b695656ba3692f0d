"""A rate limit as settings write it, and a caller's quota under it."""

from typing import Final, Self, final

from attrs import frozen
from limits import parse_many

MICROSECONDS: Final = 1_000_000


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
        try:
            (item,) = parse_many(text)
        except ValueError:  # no rate, or several
            item = None
        if item is None or item.amount < 1:
            raise ValueError("must be a rate such as 100/minute")
        return cls(item.amount, item.get_expiry())


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
