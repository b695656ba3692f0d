"""Examples of request and response bodies: records that satisfy their rules, as JSON."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final, NewType, get_args, get_origin

import attrs
import orjson

from mechanic_core.errors import RuleBroken
from mechanic_core.members import annotation_of
from mechanic_core.rules import Example, union_members, unwrap_annotated
from mechanic_http.json import codec
from mechanic_http.json.members import is_mapping
from mechanic_http.openapi.value_schemas import decimals_of, json_example

MOMENT: Final = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def response_example(cls: type) -> Any:
    """Return an example of a response body."""
    return orjson.loads(codec.encode(record_example(cls)))


def request_example(cls: type) -> dict[str, Any]:
    """Return an example of a request body."""
    body: dict[str, Any] = _without_nulls(response_example(cls))
    return body


def patch_example(cls: type) -> dict[str, Any]:
    """Return an example of a merge patch: the last member that is not an id."""
    members = request_example(cls)
    name = [name for name in members if not name.endswith("_id")][-1]
    return {name: members[name]}


def page_example(item: Any, totals: Any = None) -> dict[str, Any]:
    """Return an example of a list whose only page has one *item*; *totals* is their type, if any."""
    page = {"items": [item], "page": 1, "per_page": 20, "has_more": False, "next_cursor": None}
    return page | {"totals": _value_example(totals)} if totals else page


def _value_example(declared: Any) -> Any:
    value = codec.unstructure_hook(declared)(next(_candidates(declared)))
    return orjson.loads(codec.dumps(value))


def _without_nulls(tree: Any) -> Any:
    """Return a JSON tree without the members that are null: what is not given."""
    if isinstance(tree, dict):
        return {name: _without_nulls(one) for name, one in tree.items() if one is not None}
    return [_without_nulls(one) for one in tree] if isinstance(tree, list) else tree


def fact_example(declared: Any) -> Any:
    """Return an example of a fact in a problem document."""
    if example := annotation_of(declared, Example):
        return json_example(example)
    bare, _ = unwrap_annotated(declared)
    if get_origin(bare) is tuple:
        return [fact_example(get_args(bare)[0])]
    return response_example(bare)


def record_example(cls: type) -> Any:
    """Return an example of *cls* with as many of its members as its rules allow together."""
    attrs.resolve_types(cls, include_extras=True)
    fields = [field for field in attrs.fields(cls) if field.init]
    values: dict[str, Any] = {
        field.name: next(_candidates(field.type))
        for field in fields
        if field.default is attrs.NOTHING
    }
    for field in fields:
        if field.name not in values:
            values |= next(_valid_with(values, cls, field), {})
    return cls(**values)


def _valid_with(
    values: dict[str, Any], cls: type, field: "attrs.Attribute[Any]"
) -> Iterator[dict[str, Any]]:
    for candidate in _candidates(field.type):
        try:
            cls(**values, **{field.name: candidate})
        except RuleBroken:
            continue
        yield {field.name: candidate}


def _candidates(declared: Any) -> Iterator[Any]:
    """Return example values of a member, the most realistic first."""
    decimals = decimals_of(declared)
    if example := annotation_of(declared, Example):
        if decimals is None or example.value is None:
            yield example.value
        else:
            yield int(Decimal(str(example.value)).scaleb(decimals))
        return
    (bare, *_), _ = union_members(unwrap_annotated(declared)[0])
    bare, _ = unwrap_annotated(bare)
    while isinstance(bare, NewType):
        bare, _ = unwrap_annotated(bare.__supertype__)
    if get_origin(bare) is tuple:
        yield (next(_candidates(get_args(bare)[0])),)
    elif is_mapping(bare):
        key, values = get_args(bare)
        yield {next(_candidates(key)): next(_candidates(values))}
    elif attrs.has(bare):
        yield record_example(bare)
    elif issubclass(bare, Enum):
        yield from bare
    else:
        yield {bool: True, int: 1, str: "some text", datetime: MOMENT, date: MOMENT.date()}[bare]
