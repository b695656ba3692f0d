"""The document for one role: without members or views that its responses must not have."""

import copy
from typing import Any

from mechanic_http.openapi.document import document

_VIEW = {"anonymous": -1, "customer": -1, "mechanic": 1, "manager": 0}
"""The index of the view of a mechanic that a role gets; the document has the widest first."""


def document_for(role: str) -> dict[str, Any]:
    """Return the document with objects closed, and with the views of *role* only."""
    tree = copy.deepcopy(document())
    tree["info"]["x-role"] = role
    for schema in tree["components"]["schemas"].values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    narrowed: dict[str, Any] = _with_view(tree, _VIEW[role])
    return narrowed


def _with_view(tree: Any, view: int) -> Any:
    if isinstance(tree, list):
        return [_with_view(one, view) for one in tree]
    if not isinstance(tree, dict):
        return tree
    views = tree.get("anyOf", [])
    if {"$ref": "#/components/schemas/PublicMechanic"} in views:
        return views[view]
    return {name: _with_view(one, view) for name, one in tree.items()}
