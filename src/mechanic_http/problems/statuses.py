"""The HTTP status of each kind of refusal."""

from http import HTTPStatus
from typing import Final

from mechanic_core.errors import (
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    Refused,
    Stale,
    Unauthenticated,
    Unavailable,
    WrongState,
)
from mechanic_http.problems import refusals

STATUS_OF: Final[dict[type[Refused], HTTPStatus]] = {
    refusals.BadRequest: HTTPStatus.BAD_REQUEST,
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Gone: HTTPStatus.GONE,
    refusals.NotAcceptable: HTTPStatus.NOT_ACCEPTABLE,
    Conflict: HTTPStatus.CONFLICT,
    WrongState: HTTPStatus.CONFLICT,
    Stale: HTTPStatus.PRECONDITION_FAILED,
    refusals.PreconditionFailed: HTTPStatus.PRECONDITION_FAILED,
    refusals.BodyTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    refusals.UnsupportedMediaType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    refusals.PreconditionRequired: HTTPStatus.PRECONDITION_REQUIRED,
    refusals.TooManyRequests: HTTPStatus.TOO_MANY_REQUESTS,
    refusals.PdfNotInstalled: HTTPStatus.NOT_IMPLEMENTED,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}


def status_of(kind: type[Refused]) -> HTTPStatus:
    """Return the status of *kind*, or of its nearest base class that has one."""
    return next(STATUS_OF[cls] for cls in kind.__mro__ if cls in STATUS_OF)
