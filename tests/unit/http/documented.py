"""The OpenAPI document as tests look at it: its operations, and validators of its schemas."""

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
    told: dict[str, Any]

    @property
    def name(self) -> str:
        """Return its documented id."""
        return str(self.told["operationId"])


def documented_operations() -> list[DocumentedOperation]:
    """Return every documented of the document."""
    return [
        DocumentedOperation(method.upper(), path, told)
        for path, item in document()["paths"].items()
        for method, told in item.items()
        if method != "parameters"
    ]


def contents_of(documented: DocumentedOperation) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Return the bodies of an documented: the request's and each answer's, with their types."""
    if "requestBody" in documented.told:
        for kind, content in documented.told["requestBody"]["content"].items():
            yield "request", kind, content
    for status, answer in documented.told["responses"].items():
        for kind, content in resolved(answer).get("content", {}).items():
            yield status, kind, content


def resolved(told: dict[str, Any]) -> dict[str, Any]:
    """Return what a reference refers to, or *told* itself."""
    found: Any = told
    while "$ref" in found:
        *_, section, name = found["$ref"].split("/")
        found = document()["components"][section][name]
    return dict(found)


def validator_of(schema: dict[str, Any], *, closed: bool = False) -> Draft202012Validator:
    """Return what validates against a schema of the document.

    *closed*: answers may not have members that the document does not name.
    """
    return Draft202012Validator({**schema, "components": _closed() if closed else _components()})


@functools.cache
def component(name: str, *, closed: bool = False) -> Draft202012Validator:
    """Return what validates against a component's schema."""
    return validator_of({"$ref": f"#/components/schemas/{name}"}, closed=closed)


@functools.cache
def _components() -> dict[str, Any]:
    return {"schemas": document()["components"]["schemas"]}


@functools.cache
def _closed() -> dict[str, Any]:
    found = copy.deepcopy(_components())
    for schema in found["schemas"].values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return found
