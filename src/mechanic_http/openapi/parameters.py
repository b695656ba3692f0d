"""Parameters in paths and queries."""

import re
from collections.abc import Iterator
from typing import Any, Final

import attrs

from mechanic_http.endpoint.signature import Signature
from mechanic_http.json.structure_records import published_name
from mechanic_http.openapi.components import Components
from mechanic_http.openapi.values import Schema

_IN_PATH: Final = re.compile(r"{(\w+)}")
_AN_ID: Final = {
    "customer_id": 7,
    "vehicle_id": 12,
    "mechanic_id": 3,
    "ticket_id": 15,
    "line_id": 31,
    "part_id": 42,
}

MEANINGS: Final = {
    "page": "Which page, from 1; `page * per_page` is at most 10,000.",
    "per_page": "How many items to a page.",
    "cursor": "Continue where `next_cursor` of the piece before ended; instead of `page`.",
    "include_total": "Whether to count them all.",
    "q": "What they begin with: a customer's name, e-mail or phone; a part's name or SKU.",
    "customer_id": "Those of one customer.",
    "mechanic_id": "Those that one mechanic is assigned to.",
    "vehicle_id": "Those of one vehicle.",
    "vin": "The one with this VIN.",
    "plate": "Those with this plate.",
    "sku": "The one with this SKU.",
    "low_stock": "Whether they are at their reorder point; staff only.",
    "status": "Those in this state.",
    "from": "Service dates from this day on.",
    "to": "Service dates up to this day.",
    "limit": "How many places of the leaderboard.",
}
"""What query parameters mean, by name: the same name means the same everywhere."""


def of_path(template: str) -> list[Schema]:
    """Return the ids in an address."""
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": f"The id of the {name.removesuffix('_id').replace('_', ' ')}.",
            "schema": {"type": "integer", "format": "int64", "minimum": 1},
            "example": _AN_ID[name],
        }
        for name in _IN_PATH.findall(template)
    ]


def of_query(signature: Signature, components: Components) -> Iterator[Schema]:
    """Return the query parameters of an endpoint."""
    for field in _fields(signature):
        name = published_name(field.name)
        # The example stays within the schema: given beside it, Swagger UI would fill it in.
        yield {
            "name": name,
            "in": "query",
            "description": MEANINGS[name],
            "schema": components.parameter(field),
        }


def _fields(signature: Signature) -> "list[attrs.Attribute[Any]]":
    attrs.resolve_types(signature.query, include_extras=True)
    return list(attrs.fields(signature.query))
