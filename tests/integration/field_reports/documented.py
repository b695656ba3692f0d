"""The members and parameters that the OpenAPI document names, so that no route is forgotten."""

import re
from collections.abc import Iterator
from typing import Any, Final

from attrs import frozen

from mechanic_http.openapi.document import document

TREE: Final = document()
_BODIES: Final = frozenset({"post", "put", "patch"})
_NO_TEXTS: Final = frozenset({"refresh_token"})


@frozen
class Member:
    """A text in a request body; *optional* ones may be null."""

    method: str
    path: str
    name: str
    optional: bool


def texts() -> Iterator[Member]:
    """Return every text in every body, but for passwords, tokens, dates and fixed words."""
    for path, operations in TREE["paths"].items():
        for method in _BODIES.intersection(operations):
            body = operations[method].get("requestBody", {}).get("content", {})
            schemas = _alternatives(body.get("application/json", {}).get("schema", {}))
            members = {name: one for schema in schemas for name, one in schema.items()}
            for name, schema in members.items():
                types = schema.get("type", ())
                kinds = {types} if isinstance(types, str) else {*types}
                is_text = "string" in kinds <= {"string", "null"} and "format" not in schema
                if is_text and name not in _NO_TEXTS:
                    yield Member(method.upper(), concrete(path), name, "null" in kinds)


def queries() -> Iterator[tuple[str, list[str]]]:
    """Return the path of every list that answers JSON, and the names of its query parameters."""
    listed = frozenset(readable())
    for path, operations in TREE["paths"].items():
        parameters = map(_resolved, operations.get("get", {}).get("parameters", ()))
        names = [one["name"] for one in parameters if one["in"] == "query"]
        if names and concrete(path) in listed:
            yield concrete(path), names


def readable() -> Iterator[str]:
    """Return the path of every GET that answers JSON."""
    for path, operations in TREE["paths"].items():
        answer = operations.get("get", {}).get("responses", {}).get("200", {})
        if "application/json" in _resolved(answer).get("content", {}):
            yield concrete(path)


def concrete(path: str) -> str:
    """Return *path* with 1 as every id."""
    return re.sub(r"\{\w+\}", "1", path)


def _alternatives(schema: Any) -> list[dict[str, Any]]:
    """Return the properties of a schema, or of each of its alternatives."""
    return [_resolved(one).get("properties", {}) for one in schema.get("anyOf", [schema])]


def _resolved(node: Any) -> dict[str, Any]:
    """Return *node*, or what it refers to."""
    found: dict[str, Any] = node
    for step in node.get("$ref", "#").split("/")[1:]:
        found = (TREE if found is node else found)[step]
    return found
