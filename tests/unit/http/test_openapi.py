"""The OpenAPI document describes every route, and describes it correctly."""

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
from mechanic_http.routes import ROUTES
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
OPERATIONS: dict[str, Operation] = {
    operation.operation_id: operation for route in ROUTES for operation in route.operations.values()
}


def with_operations() -> list[Any]:
    """Return every documented operation of a use case, with what its endpoint declares."""
    return [
        pytest.param(one, OPERATIONS[one.name], id=one.name)
        for one in documented_operations()
        if one.name in OPERATIONS
    ]


def test_has_every_method_and_no_other() -> None:
    """
    The document has exactly the operations that the endpoints declare.
    """
    served = {
        (method, route.template, operation.operation_id)
        for route in ROUTES
        for method, operation in route.operations.items()
    }
    documented = {
        (one.method, one.path, one.name)
        for one in documented_operations()
        if one.name in OPERATIONS
    }

    assert served == documented
    assert len({one.name for one in documented_operations()}) == len(documented_operations())


@pytest.mark.parametrize(("documented", "operation"), with_operations())
def test_documents_every_status(documented: DocumentedOperation, operation: Operation) -> None:
    """
    An operation's responses have the statuses that its endpoint declares.
    """
    assert {str(status) for status in operation.statuses} == set(documented.operation["responses"])


@pytest.mark.parametrize(("documented", "operation"), with_operations())
def test_documents_the_policy(documented: DocumentedOperation, operation: Operation) -> None:
    """
    An operation requires a token exactly where the policy of its use case does.
    """
    security = documented.operation["security"]

    assert operation.policy.anyone is (not security or {} in security)
    assert {
        Role(role) for role in documented.operation["x-access"]["roles"]
    } == operation.policy.roles


def test_documents_errors_as_problem_documents() -> None:
    """
    The responses of errors are `application/problem+json`.
    """
    for documented in documented_operations():
        for status, media_type, content in contents_of(documented):
            if status != "request" and int(status) >= HTTPStatus.BAD_REQUEST:
                if documented.name == "is_ready":
                    continue
                assert "application/problem+json" == media_type
                assert {"$ref": "#/components/schemas/Problem"} == content["schema"]


@pytest.mark.parametrize("name", sorted(document()["components"]["examples"]))
def test_has_valid_examples_of_problems(name: str) -> None:
    """
    An example of a problem is valid, and the address in its `type` has a page.
    """
    example = document()["components"]["examples"][name]["value"]

    component("Problem", closed=True).validate(example)

    assert f"/problems/{name}" == example["type"]
    assert 200 == client().get(example["type"]).status_code


@pytest.mark.parametrize("documented", documented_operations(), ids=lambda one: str(one.name))
def test_has_valid_examples_of_bodies(documented: DocumentedOperation) -> None:
    """
    Every example of a body is valid under its schema.
    """
    for _, _, content in contents_of(documented):
        values = [content["example"]] if "example" in content else []
        values += [resolved(one)["value"] for one in content.get("examples", {}).values()]
        for example in values:
            validator_of(content["schema"], closed=True).validate(example)


@pytest.mark.parametrize(("documented", "operation"), with_operations())
def test_has_examples_that_endpoints_accept(
    documented: DocumentedOperation, operation: Operation
) -> None:
    """
    Every example of a request body is one that the endpoint accepts.
    """
    form = operation.signature.body
    if form is None:
        assert "requestBody" not in documented.operation
        return
    for content in documented.operation["requestBody"]["content"].values():
        tree = bodies.parse_json(orjson.dumps(content["example"]))
        if operation.signature.merges:
            changes.MergePatch.parse(tree, form)
        else:
            codec.structure(tree, form)


def test_requires_descriptions_of_parameters() -> None:
    """
    A query field without a description is an error.
    """

    @attrs.frozen(kw_only=True)
    class Undescribed:
        """A query with a field that has no description."""

        colour: str | None = None

    attrs.resolve_types(Undescribed)

    with pytest.raises(TypeError, match="colour has no Description"):
        RecordSchemas(APISpec("", "", "3.1.0")).query_parameter(attrs.fields(Undescribed).colour)


def test_has_the_version_of_the_project() -> None:
    """
    The document has the version of the project.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert project["version"] == VERSION == document()["info"]["version"]


def test_file_is_fresh() -> None:
    """
    The YAML file is what the code generates; `nox -s documents` regenerates it.
    """
    file = (ROOT / "src/mechanic_http/static/swagger.yaml").read_bytes()

    assert as_yaml().decode() == file.decode()
    assert orjson.loads(as_json()) == yaml.load(file, yaml.CSafeLoader)


def test_has_no_dangling_reference() -> None:
    """
    Every reference has a component, and every component has a reference.
    """
    text = as_json().decode()
    referred = set(re.findall(r'"#/components/(\w+)/([^"]+)"', text))
    components = {
        (section, name)
        for section, by_name in document()["components"].items()
        for name in by_name
        if section != "securitySchemes"
    }

    assert components == referred


def test_rejects_two_schemas_of_one_name() -> None:
    """
    A record in both a request and a response is an error: the two schemas would differ.
    """

    @attrs.frozen(kw_only=True)
    class Both:
        """A record of requests and responses."""

        name: str

    schemas = RecordSchemas(APISpec("", "", "3.1.0"))
    schemas.request(Both)

    with pytest.raises(TypeError, match="Both"):
        schemas.response(Both)


def test_null_is_a_type() -> None:
    """
    A nullable value has the type null beside its own; a query parameter never has.
    """
    schema = value_schemas.nullable({"type": "string", "maxLength": 3})

    assert {"type": ["string", "null"], "maxLength": 3} == schema
    assert {"type": "string", "maxLength": 3} == value_schemas.without_null(schema)
    reference = {"$ref": "#/components/schemas/Status"}
    assert reference == value_schemas.without_null(value_schemas.nullable(reference))
