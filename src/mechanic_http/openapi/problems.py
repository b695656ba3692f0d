"""Refusals in the document: one schema for all, one example for each, answers by status."""

from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from itertools import groupby
from typing import Any, Final

import attrs

from mechanic_core.access import LoginNeeded
from mechanic_core.errors import Invalid, LostRace, Refused, Unavailable, Unknown
from mechanic_http.endpoint.operation import Operation
from mechanic_http.openapi import examples
from mechanic_http.openapi.components import Components
from mechanic_http.openapi.values import Schema
from mechanic_http.problems import refusals
from mechanic_http.problems.statuses import status_of

_WRONG: Final = {"pointer": "#/quantity", "detail": "must be from 0.001 to 99999"}
_UNKNOWN: Final = {"pointer": "#/part_id", "detail": "names nothing that is there"}
_ERRORS: Final[Mapping[type[Refused], Any]] = {Invalid: [_WRONG], Unknown: [_UNKNOWN]}

_TEXT: Final = {"type": "string"}

PROBLEM: Final[Schema] = {
    "type": "object",
    "description": "Why it was refused (RFC 9457). More members tell facts, by `code`.",
    "properties": {
        "type": {
            **_TEXT,
            "format": "uri-reference",
            "description": "The page that explains it.",
        },
        "title": {**_TEXT, "description": "The refusal in general."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {**_TEXT, "description": "The refusal in this case."},
        "instance": {**_TEXT, "description": "The path that was asked."},
        "code": {**_TEXT, "description": "The refusal's name, for programs."},
        "request_id": {**_TEXT, "description": "What to ask the shop's operator about."},
        "errors": {
            "type": "array",
            "description": "Everything that is wrong with what was sent.",
            "items": {"$ref": "#/components/schemas/Wrong"},
        },
    },
    "required": ["type", "title", "status", "detail", "instance", "code", "request_id"],
}

WRONG: Final[Schema] = {
    "type": "object",
    "description": "One thing that is wrong, and where: in the body or in the query.",
    "properties": {
        "pointer": {**_TEXT, "description": "A JSON Pointer as URI fragment (RFC 6901)."},
        "parameter": {**_TEXT, "description": "A query parameter."},
        "detail": _TEXT,
    },
    "required": ["detail"],
}


def kinds_of(operation: Operation) -> dict[HTTPStatus, list[type[Refused]]]:
    """Return everything that an endpoint may refuse with, by status."""
    kinds = dict.fromkeys((*operation.refuses, *_more_precisely(operation)))
    ordered = sorted(kinds, key=lambda kind: (status_of(kind), kind.code))
    return {status: list(found) for status, found in groupby(ordered, key=status_of)}


def example_of(kind: type[Refused]) -> dict[str, Any]:
    """Return a problem document as it would be answered."""
    facts = {name: examples.fact(declared) for name, declared in kind.fact_types.items()}
    detail = kind.title()
    errors = next((_ERRORS[near] for near in kind.__mro__ if near in _ERRORS), None)
    if errors:
        facts = {"errors": errors}
        detail = "; ".join(f"{one['pointer']} {one['detail']}" for one in errors)
    return {**document_of(kind.code, status_of(kind), kind.title(), detail), **facts}


def problem_schema(kinds: Iterable[type[Refused]], components: Components) -> Schema:
    """Return the schema of all problem documents, with the facts that any of *kinds* tells."""
    facts = {name: declared for kind in kinds for name, declared in kind.fact_types.items()}
    told = {name: components.told(facts[name]) for name in sorted(facts)}
    for schema in told.values():
        schema.pop("examples", None)
    return {**PROBLEM, "properties": {**PROBLEM["properties"], **told}}


def document_of(code: str, status: HTTPStatus, title: str, detail: str) -> dict[str, Any]:
    """Return an example of what every problem document has."""
    return {
        "type": f"/problems/{code}",
        "title": title,
        "status": int(status),
        "detail": detail,
        "instance": "/service_tickets/15",
        "code": code,
        "request_id": "9f86d081884c7d659a2feaa0c55ad015",
    }


def told(kinds: Iterable[type[Refused]]) -> str:
    """Return what stands for each kind in a description."""
    return "\n".join(f"- `{kind.code}`: {kind.title()}." for kind in kinds)


def _more_precisely(operation: Operation) -> Iterator[type[Refused]]:
    """Return kinds that the operation only names by what they are kinds of."""
    if not operation.policy.anyone:
        yield LoginNeeded
    if operation.signature.body is not None:
        yield refusals.MalformedBody
        if any(f.name.endswith(("_id", "_ids")) for f in attrs.fields(operation.signature.body)):
            yield Unknown
    if not operation.is_safe and Unavailable in operation.refuses:
        yield LostRace
