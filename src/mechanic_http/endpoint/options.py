"""What every endpoint has at hand."""

from collections.abc import Callable
from typing import TypeAlias

from attrs import frozen

from mechanic_http.endpoint.cursors import Cursors
from mechanic_http.endpoint.interceptor import InterceptorFactory, no_interceptor

Spend: TypeAlias = Callable[[str, str], None]
"""Counts one request under a policy for a key; raises `TooManyRequests`."""


def unlimited(_: str, __: str) -> None:
    """Count nothing."""


@frozen(kw_only=True)
class EndpointOptions:
    """What every endpoint has at hand, whatever it is for."""

    cursors: Cursors
    require_if_match: bool = False
    intercept: InterceptorFactory = no_interceptor
    spend: Spend = unlimited
