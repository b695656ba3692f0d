"""What every endpoint has at hand."""

from collections.abc import Callable
from typing import TypeAlias

from attrs import frozen

from mechanic_http.answers import Surround, nothing_around
from mechanic_http.cursors import Cursors

Spend: TypeAlias = Callable[[str, str], None]
"""Counts one request under a policy for a key; raises `TooManyRequests`."""


def unlimited(_: str, __: str) -> None:
    """Count nothing."""


@frozen(kw_only=True)
class Equipment:
    """What every endpoint has at hand, whatever it is for."""

    cursors: Cursors
    require_if_match: bool = False
    surround: Surround = nothing_around
    spend: Spend = unlimited
