"""Schemas of the document against the codec: what one says, the other does."""

import json
from typing import Any

import attrs
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechanic_core.errors import Invalid
from mechanic_core.rules import rules_of, union_members
from mechanic_http.endpoint import body as bodies
from mechanic_http.json import codec
from mechanic_http.json.members import member_name
from mechanic_http.openapi import examples
from mechanic_http.openapi.value_schemas import decimals_of
from mechanic_http.routes import DOCUMENTED
from tests.strategies import breaking, records
from tests.unit.http.documented import component

FEW = settings(max_examples=settings().max_examples // 10)
"""There are many records, and each is looked at as a whole."""

SIGNATURES = [p.signature for route in DOCUMENTED for p in route.operations.values()]
FORMS = sorted(
    {s.body for s in SIGNATURES if s.body and not s.merges}, key=lambda cls: cls.__name__
)
ANSWERS = sorted(
    {cls for s in SIGNATURES if s.response for cls in union_members(s.response)[0]},
    key=lambda cls: cls.__name__,
)


def tree_of(record: object) -> Any:
    """Return a record as the JSON that a client has."""
    return orjson.loads(codec.encode(record))


def is_taken(tree: Any, form: type[Any]) -> bool:
    """Return whether the codec takes a body."""
    try:
        codec.structure(bodies.parse_json(json.dumps(tree).encode()), form)
    except Invalid:
        return False
    return True


@pytest.mark.parametrize("form", FORMS, ids=lambda cls: str(cls.__name__))
@FEW
@given(data=st.data())
def test_takes_every_body_that_keeps_the_rules(form: type[Any], data: st.DataObject) -> None:
    """
    A body of a record that keeps its rules fits the schema, and as a patch it does too.
    """
    tree = tree_of(data.draw(records(form)))

    component(form.__name__).validate(tree)

    assert is_taken(tree, form)


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda cls: str(cls.__name__))
@FEW
@given(data=st.data())
def test_tells_every_answer(answer: type[Any], data: st.DataObject) -> None:
    """
    Whatever record is answered, every member of it is in the schema, and fits.
    """
    component(answer.__name__, closed=True).validate(tree_of(data.draw(records(answer))))


def as_sent(field: "attrs.Attribute[Any]", value: Any) -> Any:
    """Return what a client sends who means *value*, which the core holds scaled."""
    decimals = decimals_of(field.type)
    return value if decimals is None else value / 10**decimals


def ruled(form: type[Any]) -> "list[attrs.Attribute[Any]]":
    """Return the members of a record that have rules of their own."""
    attrs.resolve_types(form, include_extras=True)
    return [field for field in attrs.fields(form) if rules_of(field.type)]


@pytest.mark.parametrize("form", [*filter(ruled, FORMS)], ids=lambda cls: str(cls.__name__))
@FEW
@given(data=st.data())
def test_refuses_what_breaks_a_rule(form: type[Any], data: st.DataObject) -> None:
    """
    A member that breaks a rule of its type does not fit the schema, nor does the codec take it.
    """
    field = data.draw(st.sampled_from(ruled(form)))
    wrong = data.draw(breaking(field.type).filter(lambda value: "\ud800" not in str(value)))
    tree = tree_of(data.draw(records(form)))
    tree[member_name(field.name)] = as_sent(field, wrong)

    assert not component(form.__name__).is_valid(tree)
    assert not is_taken(tree, form)


@pytest.mark.parametrize("form", FORMS, ids=lambda cls: str(cls.__name__))
def test_refuses_members_that_are_not_known(form: type[Any]) -> None:
    """
    A body with a member that nobody knows fits neither.
    """
    tree = examples.request_example(form)
    strange = tree | {"strange": None}

    assert (True, False) == (is_taken(tree, form), is_taken(strange, form))
    assert (True, False) == tuple(map(component(form.__name__).is_valid, (tree, strange)))
