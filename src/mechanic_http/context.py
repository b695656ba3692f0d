"""The typed `req.context`: what middleware, endpoints and error handlers know of a request."""

import functools
from collections.abc import Sequence
from typing import Protocol
from urllib.parse import quote

import falcon
from attrs import define, field

from mechanic_core.access import ANONYMOUS, Actor
from mechanic_core.errors import Unauthenticated
from mechanic_http.ports import Quota


class RoutedOperation(Protocol):
    """What middleware reads of an operation."""

    @property
    def operation_id(self) -> str:
        """The name of the operation in OpenAPI."""
        ...

    @property
    def issues_tokens(self) -> bool:
        """Whether it is called without a valid access token, as to get one."""
        ...

    @property
    def limits(self) -> tuple[str, ...]:
        """The rate limit policies that it is counted under."""
        ...


@define
class RequestContext:
    """What is known of one request.

    *started* is a reading of `time.perf_counter`, *statements* the thread's count of SQL
    statements at that time. *operation* and *actor* are set when the request is authenticated: an
    invalid token is an error for the endpoint to raise.
    *networks* are the client's, the narrowest first, once the request was counted; *quotas* are what
    its rate limits leave.
    *prefix* is what a proxy removes from the path, such as ``/shop``.
    *aliases* are the aliases used in the body, by member name; *problem* is the code of the
    problem document in the response.
    """

    request_id: str = ""
    started: float = 0.0
    statements: int = 0
    operation: RoutedOperation | None = None
    actor: Actor | Unauthenticated = ANONYMOUS
    prefix: str = ""
    aliases: dict[str, str] = field(factory=dict)
    networks: tuple[str, ...] = ()
    quotas: Sequence[Quota] = ()
    problem: str | None = None


class ShopRequest(falcon.Request):
    """Falcon's request with a typed context."""

    __slots__ = ()
    context_type = RequestContext
    context: RequestContext  # type: ignore[assignment]  # Falcon declares its default class

    @property
    def root_path(self) -> str:
        """The prefix of every address in the response: that of a proxy, then that of a mount."""
        prefix, mounted = self.context.prefix, self.env.get("SCRIPT_NAME")
        return _join(prefix, mounted) if mounted else prefix


@functools.lru_cache(maxsize=64)
def _join(prefix: str, script_name: str) -> str:
    """Return the prefix with the path of the mount, which may have the prefix already."""
    path = script_name.encode("latin-1", "replace").decode("utf-8", "replace").strip("/")
    mounted = quote(f"/{path}") if path else ""
    return mounted if f"{mounted}/".startswith(f"{prefix}/") else prefix + mounted
