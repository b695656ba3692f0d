"""What an endpoint declares, as data: served from, documented from, tested against."""

import re
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any, Final, TypeVar

from attrs import frozen

from mechanic_core.access import Policy, RoleForbids
from mechanic_core.accounts.account import TokenRefused
from mechanic_core.errors import Refused, RuleBroken, Unavailable
from mechanic_core.idempotency import FirstStillRunning, KeyReused
from mechanic_http.endpoint.body import JSON, MERGE_PATCH
from mechanic_http.endpoint.signature import Signature, signature_of
from mechanic_http.problems import refusals
from mechanic_http.problems.statuses import status_of

F = TypeVar("F", bound=Callable[..., Any])

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@frozen(kw_only=True)
class Deprecation:
    """Since when an endpoint is deprecated, when it goes, and what comes in its place.

    Moments are Unix times (RFC 9745, RFC 8594).
    """

    since: int
    sunset: int | None = None
    successor: str | None = None


@frozen(kw_only=True)
class Operation:
    """One endpoint: who may, what it takes, what it gives, and what it refuses."""

    operation_id: str
    method: str
    tag: str
    summary: str
    use_case: type[Any]
    signature: Signature
    policy: Policy
    own_refusals: tuple[type[Refused], ...]
    creates: str | None = None
    issues_tokens: bool = False
    limits: tuple[str, ...] = ("default",)
    limited_by: Callable[[Any], str] | None = None
    deprecated: Deprecation | None = None

    @property
    def is_safe(self) -> bool:
        """Whether it changes nothing."""
        return self.method in SAFE

    @property
    def status(self) -> HTTPStatus:
        """The status of success."""
        if self.creates:
            return HTTPStatus.CREATED
        return HTTPStatus.NO_CONTENT if self.signature.answer is None else HTTPStatus.OK

    @property
    def media_types(self) -> tuple[str, ...]:
        """What a body may be sent as."""
        return (MERGE_PATCH, JSON) if self.signature.merges else (JSON,)

    @property
    def has_etag(self) -> bool:
        """Whether its answer is one resource."""
        answers = self.signature.answer is not None and not self.signature.listed
        return answers and not self.issues_tokens

    @property
    def may_be_packed(self) -> bool:
        """Whether a large answer may be sent as gzip; secrets go as they are."""
        return self.signature.answer is not None and not self.issues_tokens

    @property
    def takes_key(self) -> bool:
        """Whether an Idempotency-Key makes it safe to send again."""
        return self.method == "POST" and not self.issues_tokens

    @property
    def refuses(self) -> tuple[type[Refused], ...]:
        """Everything that it refuses on purpose, the mechanism's refusals among it."""
        return tuple(dict.fromkeys(self._refuses()))

    @property
    def statuses(self) -> frozenset[int]:
        """Every status that it may answer with, but for a fault of the program (500)."""
        found = {int(self.status), *(int(status_of(kind)) for kind in self.refuses)}
        return frozenset(found | {304} if self.is_safe and self.has_etag else found)

    def _refuses(self) -> Iterator[type[Refused]]:
        yield from (refusals.BadRequest, RuleBroken, refusals.TooManyRequests, Unavailable)
        yield refusals.NotAcceptable
        if not self.issues_tokens:
            yield TokenRefused
        if not self.policy.anyone:
            yield RoleForbids
        if self.signature.body is not None:
            yield from (refusals.BodyTooLarge, refusals.UnsupportedMediaType)
        if self.signature.conditional:
            yield from (refusals.PreconditionRequired, refusals.MalformedHeader)
        if self.is_safe and self.has_etag:
            yield from (refusals.PreconditionFailed, refusals.MalformedHeader)
        if self.takes_key:
            yield from (FirstStillRunning, KeyReused, refusals.MalformedHeader)
        yield from self.own_refusals


def endpoint(  # noqa: PLR0913 - each is one thing that a document tells
    use_case: type[Any],
    *,
    operation_id: str | None = None,
    creates: str | None = None,
    issues_tokens: bool = False,
    limits: tuple[str, ...] | None = None,
    limited_by: Callable[[Any], str] | None = None,
    deprecated: Deprecation | None = None,
) -> Callable[[F], F]:
    """Declare the method below it an endpoint that calls *use_case*.

    The method's name gives the HTTP method, its signature what is read and answered, the use
    case who may and what is refused. *creates* is the address of what it makes, *limited_by*
    returns whose account a body is about, to count per account as well.
    """

    def declare(method: F) -> F:
        verb = method.__name__.removeprefix("on_").upper()
        signature = signature_of(method)
        vars(method)["operation"] = Operation(
            operation_id=operation_id or _operation_id(use_case, signature),
            method=verb,
            tag=method.__module__.rpartition(".")[2],
            summary=_first_line(method) or _first_line(use_case),
            use_case=use_case,
            signature=signature,
            policy=use_case.policy,
            own_refusals=use_case.refuses,
            creates=creates,
            issues_tokens=issues_tokens,
            limits=limits or (("default",) if verb in SAFE else ("default", "write")),
            limited_by=limited_by,
            deprecated=deprecated,
        )
        return method

    return declare


def operation_of(method: object) -> Operation:
    """Return what *method* declares; raise `TypeError` where nobody has said who may call it."""
    operation = getattr(method, "operation", None)
    if not isinstance(operation, Operation) or not isinstance(operation.policy, Policy):
        raise TypeError(f"{method} is served without a policy: declare it with @endpoint")
    return operation


def _operation_id(use_case: type, signature: Signature) -> str:
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", use_case.__name__).lower()
    return name.replace("change_", "patch_") if signature.merges else name


def _first_line(documented: object) -> str:
    return (documented.__doc__ or "").strip().partition("\n")[0].rstrip(".")
