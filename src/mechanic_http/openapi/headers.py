"""Headers of requests and answers, each described once."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Final

from mechanic_http.endpoint.gzip_encoding import CODING
from mechanic_http.endpoint.operation import Operation
from mechanic_http.openapi.values import Schema

_TEXT: Final[Schema] = {"type": "string"}
_TAGS: Final = r'^[ \t]*(?:\*|(?:(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"|[ \t,])*)[ \t]*$'
"""Any tag, or a list of entity tags (RFC 9110, sections 5.6.1 and 8.8.3)."""

_KEY: Final = r'^\s*(?:"[\x20\x21\x23-\x5b\x5d-\x7e]{1,255}"|[\x21\x23-\x7e]{1,255})\s*$'
"""Visible characters, quoted (RFC 9651, section 3.3.3) or bare."""

ANSWERED: Final[dict[str, Schema]] = {
    "X-Request-ID": {
        "description": "The name of the request, yours where you gave a good one.",
        "required": True,
        "schema": {**_TEXT, "pattern": "^[A-Za-z0-9._-]{1,128}$"},
        "example": "9f86d081884c7d659a2feaa0c55ad015",
    },
    "RateLimit-Policy": {
        "description": "The limits in force (draft-ietf-httpapi-ratelimit-headers-10).",
        "schema": _TEXT,
        "example": '"default";q=300;w=60',
    },
    "RateLimit": {
        "description": "What is left of them.",
        "schema": _TEXT,
        "example": '"default";r=297;t=41',
    },
    "ETag": {
        "description": "The version of the resource: for `If-Match` and `If-None-Match`.",
        "required": True,
        "schema": {**_TEXT, "pattern": '^"[^"]+"$'},
        "example": '"3-5f0a1b2c"',
    },
    "Vary": {
        "description": "Which headers of the request the answer depends on.",
        "required": True,
        "schema": _TEXT,
        "example": "Authorization, Accept, Accept-Encoding",
    },
    "Content-Encoding": {
        "description": "That a large answer was packed, for you said in `Accept-Encoding` that "
        "you take it so; it has an `ETag` of its own then.",
        "schema": {"type": "string", "enum": [CODING]},
        "example": CODING,
    },
    "Location": {
        "description": "Where the new resource is.",
        "required": True,
        "schema": {**_TEXT, "format": "uri-reference"},
        "example": "/service_tickets/15",
    },
    "Link": {
        "description": "`first`, `prev` and `next` of the list (RFC 8288).",
        "required": True,
        "schema": _TEXT,
        "example": '</customers>; rel="first", </customers?page=2>; rel="next"',
    },
    "Idempotency-Replayed": {
        "description": "That this is what was answered the first time; nothing was done again.",
        "schema": {"type": "string", "enum": ["true"]},
        "example": "true",
    },
    "Deprecation": {
        "description": "Since when the endpoint is deprecated (RFC 9745).",
        "required": True,
        "schema": {**_TEXT, "pattern": "^@[0-9]+$"},
        "example": "@1767225600",
    },
    "Sunset": {
        "description": "When the endpoint will be gone (RFC 8594).",
        "required": True,
        "schema": _TEXT,
        "example": "Fri, 01 Jan 2027 00:00:00 GMT",
    },
    "WWW-Authenticate": {
        "description": "How to prove who you are (RFC 6750).",
        "required": True,
        "schema": _TEXT,
        "example": 'Bearer error="invalid_token"',
    },
    "Retry-After": {
        "description": "After how many seconds to try again.",
        "required": True,
        "schema": {"type": "integer", "minimum": 0},
        "example": 5,
    },
}

ASKED: Final[dict[str, Schema]] = {
    "If-Match": {
        "description": "The `ETag` that you have seen: where it is no longer the present one, "
        "nothing is done. `*` is any.",
        "schema": {**_TEXT, "pattern": _TAGS, "examples": ['"3-5f0a1b2c"']},
    },
    "Idempotency-Key": {
        "description": "A name that you make up for this request: sent again with the same one, "
        "it gets its first answer, and nothing is done twice. It is kept for 24 hours.",
        "schema": {
            **_TEXT,
            "pattern": _KEY,
            "examples": ['"8e03978e-40d5-43e8-bc93-6894a57f9324"'],
        },
    },
    "If-None-Match": {
        "description": "The `ETag` of the answer that you have: where it is still good, "
        "it is not sent again.",
        "schema": {**_TEXT, "pattern": _TAGS, "examples": ['"3-5f0a1b2c"']},
    },
}

_ALWAYS: Final = ("X-Request-ID", "RateLimit-Policy", "RateLimit")
_OF_REFUSALS: Final = {
    HTTPStatus.UNAUTHORIZED: ("WWW-Authenticate",),
    HTTPStatus.TOO_MANY_REQUESTS: ("Retry-After",),
    HTTPStatus.SERVICE_UNAVAILABLE: ("Retry-After",),
}


def of_success(operation: Operation) -> dict[str, Any]:
    """Return references to the headers of an endpoint's success."""
    names = [*_ALWAYS, "Vary"]
    if operation.may_be_packed:
        names.append("Content-Encoding")
    if operation.has_etag:
        names.append("ETag")
    if operation.creates:
        names.append("Location")
    if operation.signature.listed:
        names.append("Link")
    if operation.takes_key:
        names.append("Idempotency-Replayed")
    if operation.deprecated:
        names.append("Deprecation")
    if operation.deprecated and operation.deprecated.sunset:
        names.append("Sunset")
    return referred(names)


def of_refusal(status: HTTPStatus) -> dict[str, Any]:
    """Return references to the headers of a refusal."""
    return referred([*_ALWAYS, *_OF_REFUSALS.get(status, ())])


def of_unchanged() -> dict[str, Any]:
    """Return references to the headers of 304."""
    return referred([*_ALWAYS, "Vary", "ETag"])


def asked_of(operation: Operation) -> list[str]:
    """Return the names of the headers that an endpoint looks at."""
    if operation.is_safe:
        return ["If-None-Match", "If-Match"] if operation.has_etag else []
    keys = ["Idempotency-Key"] if operation.takes_key else []
    return [*keys, "If-Match"] if operation.signature.conditional else keys


def referred(names: Iterable[str]) -> dict[str, Any]:
    """Return references to headers of answers."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
