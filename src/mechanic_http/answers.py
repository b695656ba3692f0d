"""Calls and answers as values: what may be kept, repeated, and given again."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from attrs import define, frozen
from falcon import Request

from mechanic_core.access import Actor
from mechanic_http.pages import Listing
from mechanic_http.promise import Promise


@define
class Call:
    """One authorised request while its arguments are read.

    *raw* is the body as it came, *listing* where in a list it is.
    """

    promise: Promise
    req: Request
    actor: Actor
    arguments: dict[str, Any]
    raw: bytes | None = None
    listing: Listing | None = None


@frozen
class Answer:
    """What an endpoint says: everything that another request could be told again.

    *packed* is the body as gzip, where somebody has packed it already.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes | None = None
    packed: bytes | None = None


Around: TypeAlias = Callable[[Call, Callable[[], Answer]], Answer]
"""Stands around an endpoint: calls what it is given, or answers from what was kept.

It runs after authorization and after everything was read; conditional requests are looked at
afterwards, on the answer that it returns.
"""

Surround: TypeAlias = Callable[[Promise], Around | None]
"""Asked once per endpoint at the start for what stands around it."""


def nothing_around(_: Promise) -> None:
    """Leave every endpoint as it is."""


def first_around(*surrounds: Surround) -> Surround:
    """Return what asks *surrounds* in turn; no endpoint has more than one around it."""

    def surround(promise: Promise) -> Around | None:
        return next(filter(None, (one(promise) for one in surrounds)), None)

    return surround
