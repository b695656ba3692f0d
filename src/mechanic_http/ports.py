"""The ports of the HTTP layer: protocols that adapters implement without importing them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from attrs import frozen

from mechanic_core.access import Actor, Role

Authenticate: TypeAlias = Callable[[str], Actor]
"""Returns the actor of an access token; raises `TokenRefused`."""

PublicKeys: TypeAlias = Callable[[], Mapping[str, Any]]
"""Returns the JSON Web Key Set (RFC 7517) that verifies access tokens."""


PdfRenderer: TypeAlias = Callable[[Mapping[str, Any]], bytes]
"""Returns a paper, a tree of JSON as `documents.paper` makes it, as PDF: always the same bytes."""


class Quota(Protocol):
    """The state of a caller under one rate limit policy after a request was counted."""

    @property
    def policy(self) -> str:
        """The policy's name."""
        ...

    @property
    def limit(self) -> int:
        """How many requests are allowed per window."""
        ...

    @property
    def window(self) -> int:
        """The length of the sliding window in seconds."""
        ...

    @property
    def remaining(self) -> int:
        """How many more requests are allowed now."""
        ...

    @property
    def resets_in(self) -> int:
        """The seconds until another request is allowed."""
        ...

    @property
    def allowed(self) -> bool:
        """Whether this policy allows the request."""
        ...


class Hit(Protocol):
    """A request that was counted in all its windows, or in none if one of them was full."""

    @property
    def quotas(self) -> Sequence[Quota]:
        """The quota under each policy that is on: that of its tightest window."""
        ...

    @property
    def allowed(self) -> bool:
        """Whether every policy allows the request, so that it was counted."""
        ...

    def give_back(self) -> None:
        """Uncount the request, as if it had never been."""
        ...


class Limiter(Protocol):
    """A rate limiter."""

    def hit(self, policies: tuple[str, ...], keys: tuple[str, ...]) -> Hit:
        """Count a request of *keys* under all *policies*, or under none if one refuses it.

        Each key has ten times the limit of the key before it. Raises `KeyError` for an unknown
        policy.
        """
        ...


@frozen
class Readiness:
    """Whether requests can be served, and the result of each check by name."""

    ready: bool
    checks: Mapping[str, str]


Ready: TypeAlias = Callable[[], Readiness]


@frozen
class AccessLogEntry:
    """One request in the access log, without anything that a client typed."""

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


StatementCounter: TypeAlias = Callable[[], int]
"""Returns how many SQL statements this thread has run so far."""

AccessLog: TypeAlias = Callable[[AccessLogEntry], None]


def no_log(_: AccessLogEntry) -> None:
    """Log nothing."""


def no_statements() -> int:
    """Return zero: statements are not counted."""
    return 0


def no_keys() -> Mapping[str, Any]:
    """Return an empty key set: access tokens are verified by this application alone."""
    return {"keys": []}


def always_ready() -> Readiness:
    """Return ready, without any check."""
    return Readiness(ready=True, checks={})
