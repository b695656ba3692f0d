"""What HTTP asks of others: adapters match these by shape, without knowing them."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias

from attrs import frozen

from mechanic_core.access import Actor, Role

Authenticate: TypeAlias = Callable[[str], Actor]
"""Tells whom an access token speaks for, or raises `TokenRefused`."""

PublicKeys: TypeAlias = Callable[[], Mapping[str, Any]]
"""Returns the key set (RFC 7517) that access tokens can be checked with."""


class Quota(Protocol):
    """How much of a limit is left to somebody."""

    @property
    def policy(self) -> str:
        """The limit's name."""
        ...

    @property
    def limit(self) -> int:
        """How many requests the window takes."""
        ...

    @property
    def window(self) -> int:
        """The window's length in seconds."""
        ...

    @property
    def remaining(self) -> int:
        """How many more it takes now."""
        ...

    @property
    def resets_in(self) -> int:
        """After how many seconds it takes more again."""
        ...

    @property
    def allowed(self) -> bool:
        """Whether this one was let through."""
        ...


class Limiter(Protocol):
    """Counts requests."""

    def hit(self, policy: str, key: str) -> Quota | None:
        """Count one for *key* and tell how it stands; None where *policy* is off."""
        ...


@frozen
class Readiness:
    """Whether requests can be served, and what was looked at."""

    ready: bool
    checks: Mapping[str, str]


Ready: TypeAlias = Callable[[], Readiness]


@frozen
class RequestLine:
    """What is worth a line in the log about one request; nothing that anybody typed."""

    request_id: str
    method: str
    route: str | None
    operation_id: str | None
    status: int
    role: Role | None
    actor_id: int
    milliseconds: float
    statements: int = 0
    problem: str | None = None


Statements: TypeAlias = Callable[[], int]
"""Counts what this thread has asked of the database so far."""

AccessLog: TypeAlias = Callable[[RequestLine], None]


def no_log(_: RequestLine) -> None:
    """Log nothing."""


def no_statements() -> int:
    """Return the count of a shop that nobody counts for."""
    return 0


def no_keys() -> Mapping[str, Any]:
    """Return the key set of a shop whose tokens nobody else can check."""
    return {"keys": []}


def always_ready() -> Readiness:
    """Return that there is nothing to wait for."""
    return Readiness(ready=True, checks={})
