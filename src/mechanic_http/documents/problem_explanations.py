"""Explanations of problem types, from the refusal classes and the operations that declare them."""

import functools
import inspect
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

import orjson
from attrs import evolve, frozen

from mechanic_core.errors import NotFound, OutcomeUnknown, Refused
from mechanic_core.idempotency import AnswerErased
from mechanic_http.endpoint.operation import Operation
from mechanic_http.openapi.problems import problem_example, refusal_example, refusals_by_status
from mechanic_http.problems.handlers import code_of
from mechanic_http.problems.refusals import HttpsRequired
from mechanic_http.problems.statuses import status_of
from mechanic_http.routes import ROUTES

ADVICE: Final[Mapping[HTTPStatus, str]] = MappingProxyType(
    {
        HTTPStatus.BAD_REQUEST: "Correct the syntax of the request: its JSON, headers or query.",
        HTTPStatus.UNAUTHORIZED: "Log in, or refresh your token, and send the token as "
        "“Authorization: Bearer …”.",
        HTTPStatus.FORBIDDEN: "Use an account with a role that is allowed to do this. Logging in "
        "again with the same account does not help.",
        HTTPStatus.NOT_FOUND: "Check the address. A resource that you may not see is also "
        "reported as not found.",
        HTTPStatus.METHOD_NOT_ALLOWED: "Use one of the methods in the header Allow.",
        HTTPStatus.NOT_ACCEPTABLE: "Accept the media type that “detail” names: application/json for data.",
        HTTPStatus.CONFLICT: "Check the current state, which “detail” and the other members "
        "describe, and adapt the request.",
        HTTPStatus.GONE: "Start again from what is there now.",
        HTTPStatus.PRECONDITION_FAILED: "Read the resource again, merge the changes of others, "
        "and send your request with the new ETag.",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Send a smaller body.",
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "Send JSON with the header Content-Type: "
        "application/json.",
        HTTPStatus.UNPROCESSABLE_ENTITY: "Correct every value that “errors” lists.",
        HTTPStatus.PRECONDITION_REQUIRED: "Read the resource, and send its ETag as If-Match.",
        HTTPStatus.TOO_MANY_REQUESTS: "Wait for the number of seconds in Retry-After. The header "
        "RateLimit of every response has what remains of each limit.",
        HTTPStatus.INTERNAL_SERVER_ERROR: "Try again later. If the problem persists, report the "
        "request_id to the operator of the server, who finds the error in the log by it.",
        HTTPStatus.NOT_IMPLEMENTED: "Get the same page as HTML, with .html instead of .pdf, and "
        "print it; or ask the operator of the server to install the extra `pdf`.",
        HTTPStatus.SERVICE_UNAVAILABLE: "Send the request again after the number of seconds in "
        "Retry-After. Nothing was changed.",
    }
)

_ADVICE_OF: Final[Mapping[str, str]] = MappingProxyType(
    {
        OutcomeUnknown.code: "Look whether the change was made before you send the request again, "
        "or send it again with the same Idempotency-Key.",
        AnswerErased.code: "Do not send it with another key: it was carried out. What it has made "
        "can be read, without the data of the customer who was erased.",
    }
)
"""Advice for problems that differ from others of their status."""


class ProblemUnexplained(NotFound):
    """No problem type has this code."""


@frozen
class Source:
    """An operation that may respond with a problem."""

    tag: str
    operation_id: str
    summary: str


@frozen
class Explanation:
    """A problem type: its meaning, an example, and the operations that it may come from."""

    code: str
    status: HTTPStatus
    title: str
    example: Mapping[str, Any]
    paragraphs: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()

    def example_under(self, root_path: str) -> str:
        """Return the example as JSON for people, with the prefix before its addresses."""
        addresses = {name: f"{root_path}{self.example[name]}" for name in ("type", "instance")}
        shown = {**self.example, **addresses}
        return orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode()

    @property
    def advice(self) -> str:
        """Return what a client can do about it."""
        return _ADVICE_OF.get(self.code) or ADVICE[self.status]


def explain(code: str) -> Explanation:
    """Return the explanation of a problem type; raise `ProblemUnexplained` for other codes."""
    try:
        return _explanations()[code]
    except KeyError:
        raise ProblemUnexplained from None


@functools.cache
def _explanations() -> Mapping[str, Explanation]:
    by_code = {one.code: one for one in _general_problems()}
    for operation in _operations():
        source = Source(operation.tag, operation.operation_id, operation.summary)
        for kinds in refusals_by_status(operation).values():
            for kind in kinds:
                one = by_code.get(kind.code) or _of_refusal(kind)
                by_code[kind.code] = evolve(one, sources=(*one.sources, source))
    return by_code


def _general_problems() -> Iterator[Explanation]:
    """Return the problems that no operation declares: of routing, of HTTPS, and of faults."""
    yield from map(_of_refusal, (NotFound, HttpsRequired, ProblemUnexplained))
    for status in (HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.INTERNAL_SERVER_ERROR):
        code, detail = code_of(status), f"{status.description}."
        example = problem_example(code, status, status.phrase, detail)
        yield Explanation(code, status, status.phrase, example, (detail,))


def _of_refusal(kind: type[Refused]) -> Explanation:
    _, *paragraphs = (inspect.getdoc(kind) or "").split("\n\n")
    return Explanation(
        kind.code, status_of(kind), kind.title(), refusal_example(kind), tuple(paragraphs)
    )


def _operations() -> Iterator[Operation]:
    for route in ROUTES:
        yield from route.operations.values()
