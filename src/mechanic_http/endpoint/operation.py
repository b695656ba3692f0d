"""Operations (in OpenAPI's sense): what an endpoint declares, as data.

Requests are served, documents are written and tests are generated from the same declaration.
"""

import re
from collections.abc import Callable, Iterator
from http import HTTPStatus
from string import Formatter
from typing import Any, Final, TypeVar

from attrs import frozen

from mechanic_core.access import Actor, Policy, RoleForbids
from mechanic_core.accounts.account import TokenRefused
from mechanic_core.errors import Refused, RuleBroken, Unavailable
from mechanic_core.idempotency import AnswerErased, AnswerNotStored, FirstStillRunning, KeyReused
from mechanic_core.shop import Shop
from mechanic_http.endpoint.body import JSON, MERGE_PATCH
from mechanic_http.endpoint.negotiation import PDF
from mechanic_http.endpoint.signature import Signature, signature_of
from mechanic_http.problems import refusals
from mechanic_http.problems.statuses import status_of

F = TypeVar("F", bound=Callable[..., Any])

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
IDEMPOTENCY_KEY: Final = "Idempotency-Key"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@frozen
class Attempt:
    """Makes calls of an operation count as attempts to guess a secret.

    *account_of* returns whose attempt it is, from the shop, the actor and the request body, or None if
    this call is none. An attempt that ends in one of *failures* stays counted.
    """

    account_of: Callable[[Shop, Actor, Any], str | None]
    failures: tuple[type[Refused], ...]


@frozen(kw_only=True)
class Operation:
    """One method of one path: policy, parameters, response and refusals.

    *creates* is the URL template of what is created. *found* returns from the body and the response
    whether that was there before: then the status is 200. What *has_secret* is not stored, tagged or
    compressed. What *requires_key* is refused without an `Idempotency-Key`: done twice, it would
    cost somebody money. An *attempt* is counted under `login` beside its *limits*. *media_type* is
    that of the response.
    """

    operation_id: str
    method: str
    tag: str
    summary: str
    use_case: type[Any]
    signature: Signature
    creates: str | None = None
    found: Callable[[Any, Any], bool] | None = None
    issues_tokens: bool = False
    has_secret: bool = False
    requires_key: bool = False
    success: HTTPStatus | None = None
    limits: tuple[str, ...] = ("default",)
    attempt: Attempt | None = None
    media_type: str = JSON

    @property
    def policy(self) -> Policy:
        """Who may call it: as the use case says."""
        policy: Policy = self.use_case.policy
        return policy

    @property
    def is_safe(self) -> bool:
        """Whether the method is safe (RFC 9110, section 9.2.1)."""
        return self.method in SAFE

    @property
    def status(self) -> HTTPStatus:
        """The status of success."""
        if self.success:
            return self.success
        if self.creates:
            return HTTPStatus.CREATED
        return HTTPStatus.NO_CONTENT if self.signature.response is None else HTTPStatus.OK

    @property
    def successes(self) -> tuple[HTTPStatus, ...]:
        """Every status of success."""
        return (HTTPStatus.OK, self.status) if self.found else (self.status,)

    @property
    def created_ids(self) -> tuple[str, ...]:
        """The parameters of the address of what is created that it has itself, as members."""
        named = (name for _, name, _, _ in Formatter().parse(self.creates or "") if name)
        return tuple(name for name in named if name not in self.signature.ids)

    @property
    def media_types(self) -> tuple[str, ...]:
        """The media types of the request body."""
        return (MERGE_PATCH, JSON) if self.signature.merges else (JSON,)

    @property
    def reads_body(self) -> bool:
        """Whether a request body is read: that of POST and PUT always, to refuse what has no form."""
        return self.signature.body is not None or self.method in ("POST", "PUT")

    @property
    def has_etag(self) -> bool:
        """Whether the response is one resource with an entity tag."""
        has_body = self.signature.response is not None and not self.signature.paginated
        return has_body and not self.has_secret

    @property
    def is_compressible(self) -> bool:
        """Whether the response may be sent as gzip: not where it has secrets (BREACH)."""
        has_body = self.signature.response is not None and self.media_type != PDF
        return has_body and not self.has_secret

    @property
    def accepts_idempotency_key(self) -> bool:
        """Whether an `Idempotency-Key` makes a retry safe."""
        return self.method == "POST" and not self.has_secret

    @property
    def refuses(self) -> tuple[type[Refused], ...]:
        """Every refusal of this operation, those of the HTTP layer included."""
        return tuple(dict.fromkeys(self._refuses()))

    @property
    def statuses(self) -> frozenset[int]:
        """Every response status except 500."""
        statuses = {*map(int, self.successes), *(int(status_of(kind)) for kind in self.refuses)}
        return frozenset(statuses | {304} if self.is_safe and self.has_etag else statuses)

    def _refuses(self) -> Iterator[type[Refused]]:
        yield from (refusals.BadRequest, RuleBroken, refusals.TooManyRequests, Unavailable)
        yield refusals.NotAcceptable
        if not self.issues_tokens:
            yield TokenRefused
        if not self.policy.anyone:
            yield RoleForbids
        if self.reads_body:
            yield from (refusals.BodyTooLarge, refusals.UnsupportedMediaType)
        if self.signature.conditional:
            yield from (refusals.PreconditionRequired, refusals.MalformedHeader)
        if self.is_safe and self.has_etag:
            yield from (refusals.PreconditionFailed, refusals.MalformedHeader)
        if self.accepts_idempotency_key:
            yield from (FirstStillRunning, AnswerNotStored, AnswerErased, KeyReused)
            yield refusals.MalformedHeader
        if self.requires_key:
            yield refusals.IdempotencyKeyRequired
        if self.media_type == PDF:
            yield refusals.PdfNotInstalled
        yield from self.use_case.refuses


def endpoint(  # noqa: PLR0913 - each is one fact of the operation
    use_case: type[Any],
    *,
    operation_id: str | None = None,
    creates: str | None = None,
    found: Callable[[Any, Any], bool] | None = None,
    issues_tokens: bool = False,
    has_secret: bool = False,
    requires_key: bool = False,
    success: HTTPStatus | None = None,
    limits: tuple[str, ...] | None = None,
    attempt: Attempt | None = None,
    media_type: str = JSON,
) -> Callable[[F], F]:
    """Declare the decorated method an endpoint that calls *use_case*: an `Operation`."""

    def declare(method: F) -> F:
        verb, signature = method.__name__.removeprefix("on_").upper(), signature_of(method)
        vars(method)["operation"] = Operation(
            operation_id=operation_id or _operation_id(use_case, signature),
            method=verb,
            tag=method.__module__.rpartition(".")[2],
            summary=_first_line(method) or _first_line(use_case),
            use_case=use_case,
            signature=signature,
            creates=creates,
            found=found,
            issues_tokens=issues_tokens,
            has_secret=has_secret or issues_tokens,
            requires_key=requires_key,
            success=success,
            limits=limits or (("default",) if verb in SAFE else ("default", "write")),
            attempt=attempt,
            media_type=media_type,
        )
        return method

    return declare


def operation_of(method: object) -> Operation:
    """Return the operation that *method* declares; raise `TypeError` if it has no policy."""
    operation = getattr(method, "operation", None)
    if not isinstance(operation, Operation) or not isinstance(operation.policy, Policy):
        raise TypeError(f"{method} has no policy: declare it with @endpoint")
    return operation


def _operation_id(use_case: type, signature: Signature) -> str:
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", use_case.__name__).lower()
    return name.replace("change_", "patch_") if signature.merges else name


def _first_line(documented: object) -> str:
    return (documented.__doc__ or "").strip().partition("\n")[0].rstrip(".")
