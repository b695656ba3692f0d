"""Parameters in paths and queries."""

from collections.abc import Iterator
from string import Formatter
from typing import Any, get_type_hints

import attrs

from mechanic_core.rules import Example
from mechanic_http.endpoint.signature import Signature
from mechanic_http.openapi.components import Components
from mechanic_http.openapi.values import Schema, annotation_of
from mechanic_http.routes import Route


def of_path(route: Route) -> Iterator[Schema]:
    """Return the ids in the template of *route*; the example of each rides on its type."""
    hints: dict[str, Any] = {}
    for method in route.operations:
        hints |= get_type_hints(getattr(route.resource, f"on_{method.lower()}"))
    for _, name, _, _ in Formatter().parse(route.template):
        if name:
            example = annotation_of(hints[name], Example)
            yield {
                "name": name,
                "in": "path",
                "required": True,
                "description": f"The id of the {name.removesuffix('_id').replace('_', ' ')}.",
                "schema": {"type": "integer", "format": "int64", "minimum": 1},
                "example": example.value if example else 1,
            }


def of_query(signature: Signature, components: Components) -> Iterator[Schema]:
    """Return the query parameters of an endpoint."""
    attrs.resolve_types(signature.query, include_extras=True)
    return map(components.parameter, attrs.fields(signature.query))
