"""The OpenAPI document: it tells of every route, and only what is so."""

import re
import tomllib
from http import HTTPStatus
from pathlib import Path
from typing import Any

import attrs
import orjson
import pytest
import yaml
from apispec import APISpec

from mechanic_core.access import Role
from mechanic_http.endpoint import body as bodies
from mechanic_http.endpoint import merge_patch as changes
from mechanic_http.endpoint.operation import Operation
from mechanic_http.json import codec
from mechanic_http.openapi import value_schemas
from mechanic_http.openapi.document import VERSION, as_json, document
from mechanic_http.openapi.record_schemas import RecordSchemas
from mechanic_http.openapi.yaml_document import as_yaml
from mechanic_http.routes import DOCUMENTED
from tests.unit.http.documented import (
    DocumentedOperation,
    component,
    contents_of,
    documented_operations,
    resolved,
    validator_of,
)
from tests.unit.http.shop import client

ROOT = Path(__file__).parents[3]
PROMISES: dict[str, Operation] = {
    operation.operation_id: operation
    for route in DOCUMENTED
    for operation in route.operations.values()
}


def promised() -> list[Any]:
    """Return every documented that a use case stands behind, with what is promised."""
    return [
        pytest.param(one, PROMISES[one.name], id=one.name)
        for one in documented_operations()
        if one.name in PROMISES
    ]


def test_has_every_method_and_no_other() -> None:
    """
    The document's operations are what the endpoints declare, both ways.
    """
    served = {
        (method, route.template, operation.operation_id)
        for route in DOCUMENTED
        for method, operation in route.operations.items()
    }
    told = {
        (one.method, one.path, one.name) for one in documented_operations() if one.name in PROMISES
    }

    assert served == told
    assert len({one.name for one in documented_operations()}) == len(documented_operations())


@pytest.mark.parametrize(("documented", "operation"), promised())
def test_names_every_status(documented: DocumentedOperation, operation: Operation) -> None:
    """
    An operation's answers are those that its endpoint declares.
    """
    assert {str(status) for status in operation.statuses} == set(documented.told["responses"])


@pytest.mark.parametrize(("documented", "operation"), promised())
def test_tells_who_may(documented: DocumentedOperation, operation: Operation) -> None:
    """
    An operation asks for a token exactly where its use case does.
    """
    security = documented.told["security"]

    assert operation.policy.anyone is (not security or {} in security)
    assert {Role(role) for role in documented.told["x-access"]["roles"]} == operation.policy.roles


def test_refuses_with_problem_documents_only() -> None:
    """
    Whatever is refused is answered as `application/problem+json`, with an example for each code.
    """
    for documented in documented_operations():
        for status, kind, content in contents_of(documented):
            if status != "request" and int(status) >= HTTPStatus.BAD_REQUEST:
                if documented.name == "is_ready":
                    continue
                assert "application/problem+json" == kind
                assert {"$ref": "#/components/schemas/Problem"} == content["schema"]


@pytest.mark.parametrize("name", sorted(document()["components"]["examples"]))
def test_shows_problems_as_they_are(name: str) -> None:
    """
    An example of a problem fits the schema, and its page explains it.
    """
    example = document()["components"]["examples"][name]["value"]

    component("Problem", closed=True).validate(example)

    assert f"/problems/{name}" == example["type"]
    assert 200 == client().get(example["type"]).status_code


@pytest.mark.parametrize("documented", documented_operations(), ids=lambda one: str(one.name))
def test_shows_examples_that_fit(documented: DocumentedOperation) -> None:
    """
    Every example of a body fits the schema beside it.
    """
    for _, _, content in contents_of(documented):
        shown = [content["example"]] if "example" in content else []
        shown += [resolved(one)["value"] for one in content.get("examples", {}).values()]
        for example in shown:
            validator_of(content["schema"], closed=True).validate(example)


@pytest.mark.parametrize(("documented", "operation"), promised())
def test_shows_bodies_that_are_taken(documented: DocumentedOperation, operation: Operation) -> None:
    """
    Every example of a request's body is one that the endpoint's own reader takes.
    """
    form = operation.signature.body
    if form is None:
        assert "requestBody" not in documented.told
        return
    for content in documented.told["requestBody"]["content"].values():
        tree = bodies.parse_json(orjson.dumps(content["example"]))
        if operation.signature.merges:
            changes.MergePatch.parse(tree, form)
        else:
            codec.structure(tree, form)


def test_explains_every_parameter() -> None:
    """
    Every query parameter has a description; a field without one stops the document.
    """

    @attrs.frozen(kw_only=True)
    class Undescribed:
        """A query with a field that says nothing about itself."""

        colour: str | None = None

    attrs.resolve_types(Undescribed)

    with pytest.raises(TypeError, match="colour has no Description"):
        RecordSchemas(APISpec("", "", "3.1.0")).query_parameter(attrs.fields(Undescribed).colour)


def test_has_the_version_of_the_project() -> None:
    """
    The document has the version of the project that serves it.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert project["version"] == VERSION == document()["info"]["version"]


def test_file_is_fresh() -> None:
    """
    The file that is served as YAML is what the code makes now; `nox -s documents` renews it.
    """
    kept = (ROOT / "src/mechanic_http/static/swagger.yaml").read_bytes()

    assert as_yaml().decode() == kept.decode()
    assert orjson.loads(as_json()) == yaml.load(kept, yaml.CSafeLoader)


def test_refers_only_to_what_is_there() -> None:
    """
    No reference leads nowhere, and nothing is there that nobody refers to.
    """
    text = as_json().decode()
    asked = set(re.findall(r'"#/components/(\w+)/([^"]+)"', text))
    there = {
        (section, name)
        for section, found in document()["components"].items()
        for name in found
        if section != "securitySchemes"
    }

    assert there == asked


def test_refuses_two_of_one_name() -> None:
    """
    A record that is both sent and answered stops the document: the two would differ.
    """

    @attrs.frozen(kw_only=True)
    class Both:
        """Something that goes both ways."""

        name: str

    schemas = RecordSchemas(APISpec("", "", "3.1.0"))
    schemas.request(Both)

    with pytest.raises(TypeError, match="Both"):
        schemas.response(Both)


def test_null_is_told_in_the_type() -> None:
    """
    What may be null says so as JSON Schema 2020-12 does, and a query parameter never is.
    """
    told = value_schemas.nullable({"type": "string", "maxLength": 3})

    assert {"type": ["string", "null"], "maxLength": 3} == told
    assert {"type": "string", "maxLength": 3} == value_schemas.without_null(told)
    reference = {"$ref": "#/components/schemas/Status"}
    assert reference == value_schemas.without_null(value_schemas.nullable(reference))
