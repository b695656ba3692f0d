"""Refusals, Falcon's errors and faults as problem documents (RFC 9457)."""

import logging
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import falcon
from falcon import Request, Response, uri

from mechanic_core.accounts.account import TokenRefused
from mechanic_core.errors import Invalid, LostRace, Problem, Refused, Unauthenticated, Unavailable
from mechanic_core.idempotency import FirstStillRunning
from mechanic_http.context import names_given
from mechanic_http.json import codec
from mechanic_http.json.pointers import renamed
from mechanic_http.problems.refusals import TooManyRequests
from mechanic_http.problems.statuses import status_of

PROBLEM_JSON: Final = "application/problem+json"
MOST_PROBLEMS: Final = 100
"""An answer tells that many at most; whoever sends more mistakes has one mistake."""

MOST_IN_A_SENTENCE: Final = 5

SOON: Final = 1
LATER: Final = 5

_log: Final = logging.getLogger(__name__)


def install(app: "falcon.App[Any, Any]") -> None:
    """Have every error of *app* answered as a problem document."""
    app.add_error_handler(Exception, _on_fault)
    app.add_error_handler(falcon.HTTPError, _on_http_error)
    app.add_error_handler(Refused, _on_refusal)


def code_of(status: HTTPStatus) -> str:
    """Return the code of a problem that has no name but its status."""
    return re.sub(r"[^a-z]+", "-", status.phrase.lower())


def _on_refusal(req: Request, resp: Response, refused: Refused, _: dict[str, Any]) -> None:
    status = status_of(type(refused))
    for name, value in _headers_of(req, refused):
        resp.set_header(name, value)
    detail, extra = refused.detail, refused.facts
    if isinstance(refused, Invalid):
        detail, extra = _errors(req, refused)
    _answer(req, resp, status, refused.code, refused.title(), detail, extra)


def _on_http_error(
    req: Request, resp: Response, error: falcon.HTTPError, _: dict[str, Any]
) -> None:
    status = HTTPStatus(error.status_code)
    resp.set_headers(error.headers or {})
    detail = status.description or status.phrase
    _answer(req, resp, status, code_of(status), status.phrase, detail, {})


def _on_fault(req: Request, resp: Response, fault: Exception, _: dict[str, Any]) -> None:
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    request_id = getattr(req.context, "request_id", None)
    _log.error("request %s failed", request_id, exc_info=fault, extra={"request_id": request_id})
    _answer(
        req,
        resp,
        status,
        code_of(status),
        status.phrase,
        "this is our fault and was written down",
        {},
    )


def _headers_of(req: Request, refused: Refused) -> list[tuple[str, str]]:
    match refused:
        case TokenRefused() if "HTTP_AUTHORIZATION" in req.env:
            return [("WWW-Authenticate", 'Bearer error="invalid_token"')]
        case Unauthenticated():
            return [("WWW-Authenticate", "Bearer")]
        case TooManyRequests():
            return [("Retry-After", str(refused.retry_after))]
        case LostRace() | FirstStillRunning():
            return [("Retry-After", str(SOON))]
        case Unavailable():
            return [("Retry-After", str(LATER))]
        case _:
            return []


def _errors(req: Request, invalid: Invalid) -> tuple[str, dict[str, object]]:
    names = names_given(req)
    problems = [renamed(problem, names) for problem in invalid.problems[:MOST_PROBLEMS]]
    first = [f"{p.parameter or p.pointer} {p.detail}" for p in problems[:MOST_IN_A_SENTENCE]]
    more = len(invalid.problems) - len(first)
    rest = [f"and {more} more"] if more else []
    return "; ".join(first + rest), {"errors": [_told(problem) for problem in problems]}


def _told(problem: Problem) -> dict[str, str]:
    if problem.parameter is not None:
        return {"parameter": problem.parameter, "detail": problem.detail}
    return {"pointer": problem.pointer, "detail": problem.detail}


def _answer(  # noqa: PLR0913 - the members of a problem document
    req: Request,
    resp: Response,
    status: HTTPStatus,
    code: str,
    title: str,
    detail: str,
    extra: Mapping[str, object],
) -> None:
    document = {
        **extra,
        "type": f"/problems/{code}",
        "title": title,
        "status": int(status),
        "detail": detail,
        "instance": uri.encode(req.path),
        "code": code,
        "request_id": getattr(req.context, "request_id", None),
    }
    req.context.problem = code
    resp.status = int(status)
    resp.content_type = PROBLEM_JSON
    resp.cache_control = ["no-store"]
    resp.text = None
    resp.data = codec.dumps(document)
