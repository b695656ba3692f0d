"""Schemas of the document accept the same bodies as the JSON codec."""

import json
from typing import Any

import attrs
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mechanic_core.errors import Invalid
from mechanic_core.rules import normalizer_of, rules_of, union_members
from mechanic_http.endpoint import body as bodies
from mechanic_http.endpoint.body import JSON
from mechanic_http.endpoint.signature import Signature
from mechanic_http.json import codec
from mechanic_http.json.members import member_name
from mechanic_http.openapi import examples
from mechanic_http.openapi.document import document
from mechanic_http.openapi.value_schemas import decimals_of
from mechanic_http.routes import ROUTES
from tests.strategies import breaking, records
from tests.unit.http.documented import component

FEW = settings(max_examples=settings().max_examples // 10)
"""Fewer examples than usual, because there are many records."""

OPERATIONS = [operation for route in ROUTES for operation in route.operations.values()]
SIGNATURES = [operation.signature for operation in OPERATIONS]
IN_JSON = [operation.signature for operation in OPERATIONS if operation.media_type == JSON]
FORMS = sorted(
    {s.body for s in SIGNATURES if s.body and not s.merges}, key=lambda cls: cls.__name__
)
REPLACED = {s.body for s in SIGNATURES if s.replaces}
SHARED = {s.body for s in SIGNATURES if s.body and not (s.replaces or s.merges)}
RESPONSES = sorted(
    {cls for s in IN_JSON if s.response for cls in union_members(s.response)[0]},
    key=lambda cls: cls.__name__,
)


def schema_of(form: type[Any]) -> Draft202012Validator:
    """Return a validator of the schema of a body."""
    only_replaced = form in REPLACED - SHARED
    return component(f"{form.__name__}Replacement" if only_replaced else form.__name__)


def tree_of(record: object) -> Any:
    """Return a record as a client parses it."""
    return orjson.loads(codec.encode(record))


def is_accepted(tree: Any, form: type[Any]) -> bool:
    """Return whether the codec accepts a body."""
    try:
        codec.structure(bodies.parse_json(json.dumps(tree).encode()), form)
    except Invalid:
        return False
    return True


@pytest.mark.parametrize("form", FORMS, ids=lambda cls: str(cls.__name__))
@FEW
@given(data=st.data())
def test_accepts_every_valid_body(form: type[Any], data: st.DataObject) -> None:
    """
    The body of a valid record is valid under the schema, and the codec accepts it.
    """
    tree = tree_of(data.draw(records(form)))

    schema_of(form).validate(tree)

    assert is_accepted(tree, form)


@pytest.mark.parametrize("cls", RESPONSES, ids=lambda cls: str(cls.__name__))
@FEW
@given(data=st.data())
def test_documents_every_member_of_responses(cls: type[Any], data: st.DataObject) -> None:
    """
    Every member of a response is in the schema and valid.
    """
    component(cls.__name__, closed=True).validate(tree_of(data.draw(records(cls))))


def to_json(field: "attrs.Attribute[Any]", value: Any) -> Any:
    """Return *value*, which the core holds scaled, as a client sends it."""
    decimals = decimals_of(field.type)
    return value if decimals is None else value / 10**decimals


def is_given(field: "attrs.Attribute[Any]", value: Any) -> bool:
    """Return whether *value* is a value of a field: a blank text where it has a default is none."""
    declared: Any = field.type
    normalize = normalizer_of(declared)
    may_be_missing = normalize and field.default is not attrs.NOTHING and type(value) is str
    return not may_be_missing or bool(normalize and normalize(value))


def fields_with_rules(form: type[Any]) -> "list[attrs.Attribute[Any]]":
    """Return the fields of a record whose types have rules."""
    attrs.resolve_types(form, include_extras=True)
    return [field for field in attrs.fields(form) if rules_of(field.type)]


@pytest.mark.parametrize(
    "form", [*filter(fields_with_rules, FORMS)], ids=lambda cls: str(cls.__name__)
)
@FEW
@given(data=st.data())
def test_rejects_a_broken_rule(form: type[Any], data: st.DataObject) -> None:
    """
    A member that breaks a rule of its type is invalid under the schema and for the codec.
    """
    field = data.draw(st.sampled_from(fields_with_rules(form)))
    wrong = data.draw(
        breaking(field.type).filter(
            lambda value: "\ud800" not in str(value) and is_given(field, value)
        )
    )
    tree = tree_of(data.draw(records(form)))
    tree[member_name(field.name)] = to_json(field, wrong)

    assert not schema_of(form).is_valid(tree)
    assert not is_accepted(tree, form)


@pytest.mark.parametrize("form", FORMS, ids=lambda cls: str(cls.__name__))
def test_rejects_unknown_members(form: type[Any]) -> None:
    """
    A body with an unknown member is invalid under the schema and for the codec.
    """
    tree = examples.request_example(form)
    extended = tree | {"unknown": None}

    assert (True, False) == (is_accepted(tree, form), is_accepted(extended, form))
    assert (True, False) == tuple(map(schema_of(form).is_valid, (tree, extended)))


@pytest.mark.parametrize(
    "signature", [s for s in SIGNATURES if s.replaces], ids=lambda one: str(one.body.__name__)
)
@FEW
@given(data=st.data())
def test_puts_take_what_gets_give(signature: Signature, data: st.DataObject) -> None:
    """
    Friction: the schema of a PUT has every read-only member of the response, as `readOnly`.
    """
    assert signature.body
    form = signature.body
    name = f"{form.__name__}Replacement"
    shown = tree_of(data.draw(records(union_members(signature.response)[0][-1])))
    body = tree_of(data.draw(records(form)))
    read_only = {name: shown[name] for name in signature.read_only}

    component(name).validate(body | read_only)
    members = document()["components"]["schemas"][name]["properties"]
    assert read_only.keys() == {name for name, one in members.items() if one.get("readOnly")}
