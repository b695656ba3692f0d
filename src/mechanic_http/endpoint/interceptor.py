"""Calls and answers as values: what may be kept, repeated, and given again."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from attrs import define, frozen
from falcon import Request

from mechanic_core.access import Actor
from mechanic_core.customers.customer import CustomerId
from mechanic_http.endpoint.operation import Operation
from mechanic_http.endpoint.pagination import Listing


@define
class Call:
    """One authorised request while its arguments are read.

    *raw* is the body as it came, *listing* where in a list it is.
    """

    operation: Operation
    req: Request
    actor: Actor
    arguments: dict[str, Any]
    raw: bytes | None = None
    listing: Listing | None = None


@frozen
class Answer:
    """What an endpoint says: everything that another request could be told again.

    *packed* is the body as gzip, where somebody has packed it already. *about* are the customers
    whose personal data it may contain, where an Idempotency-Key has it stored.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes | None = None
    packed: bytes | None = None
    about: frozenset[CustomerId] = frozenset()


Interceptor: TypeAlias = Callable[[Call, Callable[[], Answer]], Answer]
"""Stands around an endpoint: calls what it is given, or answers from what was kept.

It runs after authorization and after everything was read; conditional requests are looked at
afterwards, on the answer that it returns.
"""

InterceptorFactory: TypeAlias = Callable[[Operation], Interceptor | None]
"""Asked once per endpoint at the start for what stands around it."""


def no_interceptor(_: Operation) -> None:
    """Leave every endpoint as it is."""


def first_interceptor(*surrounds: InterceptorFactory) -> InterceptorFactory:
    """Return what asks *surrounds* in turn; no endpoint has more than one around it."""

    def intercept(operation: Operation) -> Interceptor | None:
        return next(filter(None, (one(operation) for one in surrounds)), None)

    return intercept
