"""Problem documents (RFC 9457): their schema, and an example of each refusal."""

from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from itertools import groupby
from typing import Any, Final

import attrs

from mechanic_core.access import LoginNeeded
from mechanic_core.errors import Invalid, LostRace, OutcomeUnknown, Refused, Unavailable, Unknown
from mechanic_http.endpoint.operation import Operation
from mechanic_http.openapi.examples import fact_example
from mechanic_http.openapi.record_schemas import RecordSchemas
from mechanic_http.openapi.value_schemas import Schema
from mechanic_http.problems import refusals
from mechanic_http.problems.statuses import status_of

_ERRORS: Final[Mapping[type[Refused], Any]] = {
    Invalid: [{"pointer": "#/quantity", "detail": "must be from 0.001 to 99999"}],
    Unknown: [{"pointer": "#/part_id", "detail": "does not exist"}],
}

_TEXT: Final = {"type": "string"}

_PROBLEM_MEMBERS: Final[Schema] = {
    "type": {
        **_TEXT,
        "format": "uri-reference",
        "description": "The address of a page that explains the problem.",
    },
    "title": {**_TEXT, "description": "A summary, the same for every problem of this type."},
    "status": {"type": "integer", "minimum": 400, "maximum": 599},
    "detail": {**_TEXT, "description": "What is wrong with this request."},
    "instance": {**_TEXT, "description": "The path of the request."},
    "code": {**_TEXT, "description": "The machine-readable name of the problem type."},
    "request_id": {**_TEXT, "description": "The id of the request, for support."},
    "errors": {
        "type": "array",
        "description": "Every validation error in the request.",
        "items": "Wrong",
    },
}

VALIDATION_ERROR: Final[Schema] = {
    "type": "object",
    "description": "One validation error and its place: in the body or in the query.",
    "properties": {
        "pointer": {
            **_TEXT,
            "description": "A JSON Pointer into the body, as URI fragment (RFC 6901).",
        },
        "parameter": {**_TEXT, "description": "The name of a query parameter."},
        "detail": _TEXT,
    },
    "required": ["detail"],
}


def problem_schema(kinds: Iterable[type[Refused]], schemas: RecordSchemas) -> Schema:
    """Return the schema of every problem document, with the facts of *kinds* as members."""
    types = {name: declared for kind in kinds for name, declared in kind.fact_types.items()}
    facts = {name: schemas.response(types[name]) for name in sorted(types)}
    for schema in facts.values():
        schema.pop("examples", None)
    return {
        "type": "object",
        "description": "Why a request failed (RFC 9457). Other members depend on `code`.",
        "properties": {**_PROBLEM_MEMBERS, **facts},
        "required": [name for name in _PROBLEM_MEMBERS if name != "errors"],
    }


def refusals_by_status(operation: Operation) -> dict[HTTPStatus, list[type[Refused]]]:
    """Return every refusal of an operation, grouped by status."""
    kinds = dict.fromkeys((*operation.refuses, *_implied_refusals(operation)))
    ordered = sorted(kinds, key=lambda kind: (status_of(kind), kind.code))
    return {status: list(group) for status, group in groupby(ordered, key=status_of)}


def _implied_refusals(operation: Operation) -> Iterator[type[Refused]]:
    """Return the subclasses of declared refusals that follow from the operation's form."""
    if not operation.policy.anyone:
        yield LoginNeeded
    if operation.reads_body:
        yield refusals.MalformedBody
    form = operation.signature.body
    if form is not None and any(f.name.endswith(("_id", "_ids")) for f in attrs.fields(form)):
        yield Unknown
    if not operation.is_safe and Unavailable in operation.refuses:
        yield from (LostRace, OutcomeUnknown)


def refusal_example(kind: type[Refused]) -> dict[str, Any]:
    """Return an example of the problem document of a refusal."""
    facts = {name: fact_example(declared) for name, declared in kind.fact_types.items()}
    detail = kind.title()
    errors = next((_ERRORS[base] for base in kind.__mro__ if base in _ERRORS), None)
    if errors:
        facts["errors"] = errors
        detail = "; ".join(f"{one['pointer']} {one['detail']}" for one in errors)
    return {**problem_example(kind.code, status_of(kind), kind.title(), detail), **facts}


def problem_example(code: str, status: HTTPStatus, title: str, detail: str) -> dict[str, Any]:
    """Return an example of a problem document, with the members that all have."""
    return {
        "type": f"/problems/{code}",
        "title": title,
        "status": int(status),
        "detail": detail,
        "instance": "/service_tickets/15",
        "code": code,
        "request_id": "9f86d081884c7d659a2feaa0c55ad015",
    }


def describe_refusals(kinds: Iterable[type[Refused]]) -> str:
    """Return a list of refusals in Markdown, by code."""
    return "\n".join(f"- `{kind.code}`: {kind.title()}." for kind in kinds)
