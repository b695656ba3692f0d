"""Operations of the OpenAPI document and validators of its schemas, for tests."""

import copy
import functools
from collections.abc import Iterator
from typing import Any

from attrs import frozen
from jsonschema import Draft202012Validator

from mechanic_http.openapi.document import document


@frozen
class DocumentedOperation:
    """One method of one path."""

    method: str
    path: str
    operation: dict[str, Any]

    @property
    def name(self) -> str:
        """Return its operation id."""
        return str(self.operation["operationId"])


def documented_operations() -> list[DocumentedOperation]:
    """Return every operation of the document."""
    return [
        DocumentedOperation(method.upper(), path, operation)
        for path, item in document()["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    ]


def contents_of(documented: DocumentedOperation) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Return the bodies of an operation with their media types: of its request and responses."""
    if "requestBody" in documented.operation:
        for media_type, content in documented.operation["requestBody"]["content"].items():
            yield "request", media_type, content
    for status, response in documented.operation["responses"].items():
        for media_type, content in resolved(response).get("content", {}).items():
            yield status, media_type, content


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    """Return the component that *node* refers to, or *node* itself if it is no reference."""
    while "$ref" in node:
        *_, section, name = node["$ref"].split("/")
        node = document()["components"][section][name]
    return dict(node)


def validator_of(schema: dict[str, Any], *, closed: bool = False) -> Draft202012Validator:
    """Return a validator of a schema of the document.

    *closed*: objects may not have members that the schema does not declare.
    """
    return Draft202012Validator({**schema, "components": _closed() if closed else _components()})


@functools.cache
def component(name: str, *, closed: bool = False) -> Draft202012Validator:
    """Return a validator of a component's schema."""
    return validator_of({"$ref": f"#/components/schemas/{name}"}, closed=closed)


@functools.cache
def _components() -> dict[str, Any]:
    return {"schemas": document()["components"]["schemas"]}


@functools.cache
def _closed() -> dict[str, Any]:
    components = copy.deepcopy(_components())
    for schema in components["schemas"].values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return components
