"""What each refusal means, for people: read from its class and from who may answer it."""

import functools
import inspect
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

from attrs import evolve, frozen

from mechanic_core.errors import NotFound, Refused
from mechanic_http.endpoint.operation import Operation
from mechanic_http.openapi.problems import problem_example, refusal_example, refusals_by_status
from mechanic_http.problems.handlers import code_of
from mechanic_http.problems.refusals import HttpsRequired
from mechanic_http.problems.statuses import status_of
from mechanic_http.routes import DOCUMENTED

ADVICE: Final[Mapping[HTTPStatus, str]] = MappingProxyType(
    {
        HTTPStatus.BAD_REQUEST: "Correct the request itself: its JSON, its headers or its query.",
        HTTPStatus.UNAUTHORIZED: "Log in, or refresh your token, and send it as "
        "“Authorization: Bearer …”.",
        HTTPStatus.FORBIDDEN: "Ask somebody whose role allows it. Logging in again as the same "
        "person will not help.",
        HTTPStatus.NOT_FOUND: "Check the address. What is not yours to see looks the same as "
        "what is not there.",
        HTTPStatus.METHOD_NOT_ALLOWED: "Use one of the methods that the header Allow names.",
        HTTPStatus.NOT_ACCEPTABLE: "Accept application/json.",
        HTTPStatus.CONFLICT: "Look at the present state, which “detail” and the other members "
        "tell of, and decide again.",
        HTTPStatus.PRECONDITION_FAILED: "Read the resource again, look at what others have "
        "changed, and send your change with its new ETag.",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Send less.",
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "Send JSON, and say so in Content-Type.",
        HTTPStatus.UNPROCESSABLE_ENTITY: "Correct everything that “errors” points at; it tells "
        "all of it at once.",
        HTTPStatus.PRECONDITION_REQUIRED: "Read the resource first and send its ETag back as "
        "If-Match.",
        HTTPStatus.TOO_MANY_REQUESTS: "Wait as long as Retry-After says; RateLimit tells what is "
        "left beforehand.",
        HTTPStatus.INTERNAL_SERVER_ERROR: "Try again later. If it stays, tell the shop's operator "
        "the request_id: what happened was written down under it.",
        HTTPStatus.SERVICE_UNAVAILABLE: "Try again after as many seconds as Retry-After says. "
        "Nothing was done.",
    }
)


class ProblemUnexplained(NotFound):
    """No problem has this code."""


@frozen
class Source:
    """Somebody who may answer so."""

    tag: str
    name: str
    summary: str


@frozen
class Explanation:
    """What a refusal means, what to do, and where it may come from."""

    code: str
    status: HTTPStatus
    title: str
    example: Mapping[str, Any]
    meaning: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()

    @property
    def advice(self) -> str:
        """Return what to do about it."""
        return ADVICE[self.status]


def of(code: str) -> Explanation | None:
    """Return what *code* means; None where nothing is ever refused so."""
    return _all().get(code)


@functools.cache
def _all() -> Mapping[str, Explanation]:
    found = {one.code: one for one in _of_the_message()}
    for operation in _operations():
        here = Source(operation.tag, operation.operation_id, operation.summary)
        for kinds in refusals_by_status(operation).values():
            for kind in kinds:
                one = found.get(kind.code) or _of_kind(kind)
                found[kind.code] = evolve(one, sources=(*one.sources, here))
    return found


def _of_the_message() -> Iterator[Explanation]:
    """Return what is refused before any endpoint is asked, and what is our own fault."""
    yield from map(_of_kind, (NotFound, HttpsRequired, ProblemUnexplained))
    for status in (HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.INTERNAL_SERVER_ERROR):
        code, says = code_of(status), f"{status.description}."
        example = problem_example(code, status, status.phrase, says)
        yield Explanation(code, status, status.phrase, example, (says,))


def _of_kind(kind: type[Refused]) -> Explanation:
    _, *more = (inspect.getdoc(kind) or "").split("\n\n")
    return Explanation(kind.code, status_of(kind), kind.title(), refusal_example(kind), tuple(more))


def _operations() -> Iterator[Operation]:
    for route in DOCUMENTED:
        yield from route.operations.values()
