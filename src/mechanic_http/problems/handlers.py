"""Error handlers: refusals, Falcon's errors and faults as problem documents (RFC 9457)."""

import logging
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import falcon
from falcon import Response, uri

from mechanic_core.accounts.account import TokenRefused
from mechanic_core.errors import (
    Invalid,
    LostRace,
    OutcomeUnknown,
    Problem,
    Refused,
    Unauthenticated,
    Unavailable,
)
from mechanic_core.idempotency import FirstStillRunning
from mechanic_http.context import ShopRequest
from mechanic_http.json import codec
from mechanic_http.json.pointers import rename
from mechanic_http.problems.refusals import TooManyRequests
from mechanic_http.problems.statuses import status_of

PROBLEM_JSON: Final = "application/problem+json"
MAX_ERRORS: Final = 100
"""How many problems of a body a response lists; more are one mistake made many times."""

LINK_TOKEN: Final = "{link_token}"  # noqa: S105 - its place
"""The place of a token in the template of a path: it is shown nowhere."""

_ERRORS_IN_DETAIL: Final = 5
_RETRY_SOON: Final = 1
_RETRY_LATER: Final = 5
"""Seconds for `Retry-After`."""

_log: Final = logging.getLogger(__name__)


def install(app: "falcon.App[Any, Any]") -> None:
    """Have *app* answer every error with a problem document."""
    app.add_error_handler(Exception, _on_fault)
    app.add_error_handler(falcon.HTTPError, _on_http_error)
    app.add_error_handler(Refused, _on_refusal)


def code_of(status: HTTPStatus) -> str:
    """Return the problem code of an error that is known by its status alone."""
    return re.sub(r"[^a-z]+", "-", status.phrase.lower())


def _on_refusal(req: ShopRequest, resp: Response, refused: Refused, _: dict[str, Any]) -> None:
    status = status_of(type(refused))
    for name, value in _headers_of(req, refused):
        resp.set_header(name, value)
    detail, facts = refused.detail, refused.facts
    if isinstance(refused, Invalid):
        detail, facts = _errors(req, refused)
    _respond(req, resp, status, refused.code, refused.title(), detail, facts)


def _on_http_error(
    req: ShopRequest, resp: Response, error: falcon.HTTPError, _: dict[str, Any]
) -> None:
    status = HTTPStatus(error.status_code)
    resp.set_headers(error.headers or {})
    detail = status.description or status.phrase
    if error.status_code == HTTPStatus.NOT_FOUND and _has_prefix(req):
        detail = f"the proxy must remove {req.root_path} from the path"
    _respond(req, resp, status, code_of(status), status.phrase, detail)


def _has_prefix(req: ShopRequest) -> bool:
    """Return whether the proxy has left its prefix in the path."""
    return bool(req.root_path) and req.path.startswith(f"{req.root_path}/")


def _on_fault(req: ShopRequest, resp: Response, fault: Exception, _: dict[str, Any]) -> None:
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    request_id = req.context.request_id
    _log.error("request %s failed", request_id, exc_info=fault, extra={"request_id": request_id})
    detail = "an unexpected error was logged"
    _respond(req, resp, status, code_of(status), status.phrase, detail)


def _headers_of(req: ShopRequest, refused: Refused) -> list[tuple[str, str]]:
    match refused:
        case TokenRefused() if "HTTP_AUTHORIZATION" in req.env:
            return [("WWW-Authenticate", 'Bearer error="invalid_token"')]
        case Unauthenticated():
            return [("WWW-Authenticate", "Bearer")]
        case TooManyRequests():
            return [("Retry-After", str(refused.retry_after))]
        case LostRace() | FirstStillRunning():
            return [("Retry-After", str(_RETRY_SOON))]
        case Unavailable() if not isinstance(refused, OutcomeUnknown):  # which is looked into first
            return [("Retry-After", str(_RETRY_LATER))]
        case _:
            return []


def _errors(req: ShopRequest, invalid: Invalid) -> tuple[str, dict[str, object]]:
    """Return the detail, which lists the first problems, and the member `errors`."""
    aliases = req.context.aliases
    problems = [rename(problem, aliases) for problem in invalid.problems[:MAX_ERRORS]]
    listed = [f"{p.parameter or p.pointer} {p.detail}" for p in problems[:_ERRORS_IN_DETAIL]]
    if more := len(invalid.problems) - len(listed):
        listed.append(f"and {more} more")
    return "; ".join(listed), {"errors": [_error(problem) for problem in problems]}


def _error(problem: Problem) -> dict[str, str]:
    if problem.parameter is not None:
        return {"parameter": problem.parameter, "detail": problem.detail}
    return {"pointer": problem.pointer, "detail": problem.detail}


def _shown_path(req: ShopRequest) -> str:
    """Return the path of the request, without the token of a link."""
    if LINK_TOKEN not in (req.uri_template or ""):
        return req.path
    template, path = (req.uri_template or "").split("/"), req.path.split("/")
    return "/".join(
        "***" if place == LINK_TOKEN else text for place, text in zip(template, path, strict=True)
    )


def _respond(  # noqa: PLR0913 - the members of a problem document
    req: ShopRequest,
    resp: Response,
    status: HTTPStatus,
    code: str,
    title: str,
    detail: str,
    facts: Mapping[str, object] | None = None,
) -> None:
    document = {
        **(facts or {}),
        "type": f"{req.root_path}/problems/{code}",
        "title": title,
        "status": int(status),
        "detail": detail,
        "instance": req.root_path + uri.encode(_shown_path(req)),
        "code": code,
        "request_id": req.context.request_id,
    }
    req.context.problem = code
    resp.status = int(status)
    resp.content_type = PROBLEM_JSON
    resp.cache_control = ["no-store"]
    resp.text = None
    resp.data = codec.dumps(document)
