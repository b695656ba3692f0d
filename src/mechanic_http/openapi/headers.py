"""Response headers, each described once."""

from http import HTTPStatus
from typing import Any, Final

from mechanic_http.endpoint.gzip_encoding import CODING
from mechanic_http.endpoint.operation import Operation
from mechanic_http.openapi.value_schemas import Schema

_TEXT: Final[Schema] = {"type": "string"}

HEADERS: Final[dict[str, Schema]] = {
    "X-Request-ID": {
        "description": "The id of the request: the client's `X-Request-ID` if valid, else a "
        "generated one.",
        "required": True,
        "schema": {**_TEXT, "pattern": "^[A-Za-z0-9._-]{1,128}$"},
        "example": "9f86d081884c7d659a2feaa0c55ad015",
    },
    "RateLimit-Policy": {
        "description": "The rate limits that apply (draft-ietf-httpapi-ratelimit-headers-10): for "
        "each policy the tightest of the caller's own and those of the client network.",
        "schema": _TEXT,
        "example": '"default";q=300;w=60',
    },
    "RateLimit": {
        "description": "What remains of each rate limit, and the seconds until another request is "
        "available. A 429 has `r=0` for the policy that refused.",
        "schema": _TEXT,
        "example": '"default";r=297;t=41',
    },
    "ETag": {
        "description": "The entity tag of the resource, for `If-Match` and `If-None-Match`.",
        "required": True,
        "schema": {**_TEXT, "pattern": '^"[^"]+"$'},
        "example": '"3-5f0a1b2c"',
    },
    "Vary": {
        "description": "The request headers that the response depends on.",
        "required": True,
        "schema": _TEXT,
        "example": "Authorization, Accept, Accept-Encoding",
    },
    "Content-Encoding": {
        "description": "Present if the response is compressed, which requires `Accept-Encoding`. "
        "A compressed response has an `ETag` of its own.",
        "schema": {"type": "string", "enum": [CODING]},
        "example": CODING,
    },
    "Location": {
        "description": "The address of the new resource.",
        "required": True,
        "schema": {**_TEXT, "format": "uri-reference"},
        "example": "/service_tickets/15",
    },
    "Link": {
        "description": "The `first`, `prev` and `next` page of the list (RFC 8288).",
        "required": True,
        "schema": _TEXT,
        "example": '</customers>; rel="first", </customers?page=2>; rel="next"',
    },
    "Idempotency-Replayed": {
        "description": "Present if this is the stored response to an earlier request with the "
        "same `Idempotency-Key`; nothing was done again.",
        "schema": {"type": "string", "enum": ["true"]},
        "example": "true",
    },
    "WWW-Authenticate": {
        "description": "How to authenticate (RFC 6750).",
        "required": True,
        "schema": _TEXT,
        "example": 'Bearer error="invalid_token"',
    },
    "Retry-After": {
        "description": "The number of seconds to wait before the next attempt.",
        "required": True,
        "schema": {"type": "integer", "minimum": 0},
        "example": 5,
    },
}

_ALWAYS: Final = ("X-Request-ID", "RateLimit-Policy", "RateLimit")
_PROBLEM_HEADERS: Final = {
    HTTPStatus.UNAUTHORIZED: ("WWW-Authenticate",),
    HTTPStatus.TOO_MANY_REQUESTS: ("Retry-After",),
    HTTPStatus.SERVICE_UNAVAILABLE: ("Retry-After",),
}


def success_headers(operation: Operation, status: HTTPStatus) -> dict[str, Any]:
    """Return references to the headers of a successful response."""
    names = [*_ALWAYS, "Vary"]
    if operation.is_compressible:
        names.append("Content-Encoding")
    if operation.has_etag:
        names.append("ETag")
    if operation.creates and status is HTTPStatus.CREATED:
        names.append("Location")
    if operation.signature.paginated:
        names.append("Link")
    if operation.accepts_idempotency_key:
        names.append("Idempotency-Replayed")
    return references(*names)


def problem_headers(status: HTTPStatus) -> dict[str, Any]:
    """Return references to the headers of a problem response."""
    return references(*_ALWAYS, *_PROBLEM_HEADERS.get(status, ()))


def not_modified_headers() -> dict[str, Any]:
    """Return references to the headers of a 304 response."""
    return references(*_ALWAYS, "Vary", "ETag")


def references(*names: str) -> dict[str, Any]:
    """Return response headers by name: apispec makes a `$ref` of each value."""
    return dict(zip(names, names, strict=True))
