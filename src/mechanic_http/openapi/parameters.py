"""Parameters in paths, queries and request headers."""

from collections.abc import Iterator
from string import Formatter
from typing import Any, Final, get_type_hints

import attrs

from mechanic_core.members import annotation_of
from mechanic_core.rules import Description, Example
from mechanic_http.endpoint.operation import IDEMPOTENCY_KEY, Operation
from mechanic_http.endpoint.route import NUMBER, Route
from mechanic_http.openapi.record_schemas import RecordSchemas
from mechanic_http.openapi.value_schemas import Schema

_ENTITY_TAGS: Final[Schema] = {
    "type": "string",
    "pattern": r'^[ \t]*(?:\*|(?:(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"|[ \t,])*)[ \t]*$',
    "examples": ['"3-5f0a1b2c"'],
}
"""`*` or a list of entity tags (RFC 9110, sections 5.6.1 and 8.8.3)."""

_ID: Final[Schema] = {"type": "integer", "format": "int64", "minimum": 1}

_KEY: Final[Schema] = {
    "type": "string",
    "pattern": r'^\s*(?:"[\x20\x21\x23-\x5b\x5d-\x7e]{1,255}"|[\x21\x23-\x7e]{1,255})\s*$',
    "examples": ['"8e03978e-40d5-43e8-bc93-6894a57f9324"'],
}
"""Visible characters, as a quoted string (RFC 9651, section 3.3.3) or bare."""

_REPEATED: Final = (
    "A unique key that the client chooses for this request. A request that is sent again with the "
    "same key gets the stored first response and is not executed again. Keys expire after 24 hours."
)

REQUIRED_KEY: Final = "Required-Idempotency-Key"
"""The component of an `Idempotency-Key` without which nothing is done."""

HEADERS: Final[dict[str, Schema]] = {
    "If-Match": {
        "description": "The `ETag` of the version that the request is based on. If the resource "
        "has changed since, the request fails with 412. `*` matches any version.",
        "schema": _ENTITY_TAGS,
    },
    "If-None-Match": {
        "description": "The `ETag` of the copy that the client has. If it is current, the response "
        "is 304 without content.",
        "schema": _ENTITY_TAGS,
    },
    IDEMPOTENCY_KEY: {"description": _REPEATED, "schema": _KEY},
    REQUIRED_KEY: {
        "name": IDEMPOTENCY_KEY,
        "description": f"{_REPEATED} Without a key nothing is done: the response is 400.",
        "required": True,
        "schema": _KEY,
    },
}

CONDITIONS: Final = ("If-None-Match", "If-Match")


def path_parameters(route: Route) -> Iterator[Schema]:
    """Return the ids in the template of *route*; the example of each rides on its type."""
    hints: dict[str, Any] = {}
    for method in route.operations:
        hints |= get_type_hints(getattr(route.resource, f"on_{method.lower()}"))
    for _, name, _, _ in Formatter().parse(route.template):
        if name:
            example = annotation_of(hints[name], Example)
            description = annotation_of(hints[name], Description)
            noun = name.removesuffix("_id").replace("_", " ")
            yield {
                "name": name,
                "in": "path",
                "required": True,
                "description": description.text if description else f"The id of the {noun}.",
                "schema": _ID if NUMBER.fullmatch(f"{{{name}}}") else {"type": "string"},
                "example": example.value if example else 1,
            }


def query_parameters(operation: Operation, schemas: RecordSchemas) -> Iterator[Schema]:
    """Return the query parameters of an operation."""
    query = operation.signature.query
    attrs.resolve_types(query, include_extras=True)
    return map(schemas.query_parameter, attrs.fields(query))


def header_parameters(operation: Operation) -> list[str]:
    """Return the names of the request headers that an operation reads."""
    if operation.is_safe:
        return list(CONDITIONS) if operation.has_etag else []
    key = REQUIRED_KEY if operation.requires_key else IDEMPOTENCY_KEY
    keys = [key] if operation.accepts_idempotency_key else []
    return [*keys, "If-Match"] if operation.signature.conditional else keys
