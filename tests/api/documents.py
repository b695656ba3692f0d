"""The document as each role's answers are held against it: closed, and only what the role sees."""

import copy
from typing import Any

from mechanic_http.openapi.document import document

_SEEN = {"stranger": -1, "customer": -1, "mechanic": 1, "manager": 0}
"""Which of the views of a mechanic each role gets; the document has the fullest first."""


def document_for(role: str) -> dict[str, Any]:
    """Return the document with answers that may have no other members than it names for *role*."""
    told = copy.deepcopy(document())
    told["info"]["x-role"] = role
    for schema in told["components"]["schemas"].values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    narrowed: dict[str, Any] = _narrowed(told, _SEEN[role])
    return narrowed


def _narrowed(tree: Any, seen: int) -> Any:
    if isinstance(tree, list):
        return [_narrowed(one, seen) for one in tree]
    if not isinstance(tree, dict):
        return tree
    views = tree.get("anyOf", [])
    if {"$ref": "#/components/schemas/PublicMechanic"} in views:
        return views[seen]
    return {name: _narrowed(one, seen) for name, one in tree.items()}
