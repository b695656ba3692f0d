"""Refusals in the document: one schema for all, one example for each, answers by status."""

from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from itertools import groupby
from types import MappingProxyType
from typing import Any, Final

import attrs

from mechanic_core.access import LoginNeeded
from mechanic_core.customers.customer import TicketsUnfinished
from mechanic_core.errors import Invalid, LostRace, Refused, Unavailable, Unknown
from mechanic_core.inventory.part import CountBelowReserved, InsufficientStock, PartReserved
from mechanic_core.tickets.ticket import TicketFrozen, TicketStarted, TransitionBlocked
from mechanic_http.endpoint.operation import Operation
from mechanic_http.openapi.values import Schema
from mechanic_http.problems import refusals
from mechanic_http.problems.statuses import status_of

_WRONG: Final = {"pointer": "#/quantity", "detail": "must be from 0.001 to 99999"}
_UNKNOWN: Final = {"pointer": "#/part_id", "detail": "names nothing that is there"}
_BLOCKER: Final = {"code": "no-mechanic", "detail": "assign a mechanic first"}

FACTS: Final[Mapping[type[Refused], Mapping[str, Any]]] = MappingProxyType(
    {
        Invalid: {"errors": [_WRONG]},
        Unknown: {"errors": [_UNKNOWN]},
        InsufficientStock: {"part_id": 42, "available": 3},
        PartReserved: {"reserved": 2},
        CountBelowReserved: {"reserved": 2},
        TicketsUnfinished: {"tickets": [15]},
        TicketFrozen: {"current_state": "completed"},
        TicketStarted: {"current_state": "in_progress"},
        TransitionBlocked: {"current_state": "open", "blockers": [_BLOCKER]},
        refusals.TooManyRequests: {"violated-policies": ["default"]},
    }
)
"""What refusals tell beside the sentence; a test holds the schema against what is answered."""

_TEXT: Final = {"type": "string"}
_AMOUNT: Final = {"type": "number", "minimum": 0}

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
        "available": {**_AMOUNT, "description": "How much of the part can be had."},
        "reserved": {**_AMOUNT, "description": "How much of the part tickets wait for."},
        "part_id": {"type": "integer", "format": "int64"},
        "tickets": {
            "type": "array",
            "description": "The ids of the unfinished tickets.",
            "items": {"type": "integer", "format": "int64"},
        },
        "current_state": {"$ref": "#/components/schemas/Status"},
        "blockers": {"type": "array", "items": {"$ref": "#/components/schemas/Blocker"}},
        "violated-policies": {"type": "array", "items": _TEXT},
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
    facts = next((FACTS[near] for near in kind.__mro__ if near in FACTS), {})
    detail = kind.title()
    if "errors" in facts:
        detail = "; ".join(f"{one['pointer']} {one['detail']}" for one in facts["errors"])
    return {**document_of(kind.code, status_of(kind), kind.title(), detail), **facts}


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
