"""Rate limits as settings write them, the windows that a request counts in, and their quotas."""

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from hashlib import blake2b
from typing import Final, Self, TypeAlias, final

from attrs import frozen
from limits import parse_many

MICROSECONDS: Final = 1_000_000

WIDER: Final = 10
"""Each key of a request has this many times the limit of the key before it."""

MAX_CALLERS: Final = 4096
"""For how many callers the windows are remembered, so that their names are not hashed again."""


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


Limits: TypeAlias = Mapping[str, RateLimit | None]
"""The limit of each policy; None for a policy that is off."""


@final
@frozen
class Window:
    """The sliding window of one key under one policy: at most *limit* requests in *length*.

    *length* is in microseconds. *name* is a hash: short whatever the key, and a server that stores
    it learns no address or account.
    """

    policy: str
    name: str
    limit: int
    length: int


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


def count_nothing() -> None:
    """Give back a request that was not counted."""


@final
@frozen
class Hit:
    """A request that was counted in all its windows, or in none if one of them was full.

    *quotas* has one for each policy that is on: the quota of its tightest window.
    """

    quotas: tuple[Quota, ...] = ()
    allowed: bool = True
    _undo: Callable[[], None] = count_nothing

    def give_back(self) -> None:
        """Uncount the request, as if it had never been."""
        self._undo()


WindowsOf: TypeAlias = Callable[[tuple[str, ...], tuple[str, ...]], tuple[Window, ...]]
"""Returns the windows that a request counts in, by its policies and keys."""


def windows_of(
    limits: Limits, policies: tuple[str, ...], keys: tuple[str, ...]
) -> tuple[Window, ...]:
    """Return the windows that a request of *keys* counts in; none for a policy that is off."""
    windows = []
    for policy in policies:
        if limit := limits[policy]:
            for tier, key in enumerate(keys):
                text = f"{policy}/{limit.seconds}/{tier}\0{key}".encode(errors="replace")
                name = blake2b(text, digest_size=16).hexdigest()
                most = limit.requests * WIDER**tier
                windows.append(Window(policy, name, most, limit.seconds * MICROSECONDS))
    return tuple(windows)


def remember_windows(limits: Limits) -> WindowsOf:
    """Return `windows_of` for *limits*, with a bounded memory of what it returned."""
    return lru_cache(MAX_CALLERS)(partial(windows_of, limits))
