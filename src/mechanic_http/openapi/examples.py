"""Believable examples: records that keep their rules, written as JSON."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final, NewType, get_args, get_origin

import attrs
import orjson

from mechanic_core.errors import RuleBroken
from mechanic_core.rules import Example, union_members, unwrap_annotated
from mechanic_http.json import codec
from mechanic_http.openapi.values import annotation_of, decimals_of, shown

MOMENT: Final = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def told(cls: type) -> Any:
    """Return an example of an answer, as JSON."""
    return orjson.loads(codec.encode(record(cls)))


def fact(declared: Any) -> Any:
    """Return an example of a fact in a problem document, as JSON."""
    if example := annotation_of(declared, Example):
        return shown(example.value)
    bare, _ = unwrap_annotated(declared)
    return [fact(get_args(bare)[0])] if get_origin(bare) is tuple else told(bare)


def taken(cls: type) -> dict[str, Any]:
    """Return an example of a body that is taken, as JSON."""
    found: dict[str, Any] = told(cls)
    return {name: value for name, value in found.items() if value is not None}


def patch(cls: type) -> dict[str, Any]:
    """Return an example of a merge patch: the first member that is no id."""
    members = taken(cls).items()
    name, value = next(pair for pair in members if not pair[0].endswith("_id"))
    return {name: value}


def page_of(item: Any) -> dict[str, Any]:
    """Return an example of a list with one *item* and nothing behind it."""
    return {"items": [item], "page": 1, "per_page": 20, "has_more": False, "next_cursor": None}


def record(cls: type) -> Any:
    """Return an example of *cls* with as many of its members as its rules allow together."""
    attrs.resolve_types(cls, include_extras=True)
    fields = [field for field in attrs.fields(cls) if field.init]
    given: dict[str, Any] = {
        field.name: next(_values(field.type)) for field in fields if field.default is attrs.NOTHING
    }
    for field in fields:
        if field.name not in given:
            given |= next(_fitting(cls, field, given), {})
    return cls(**given)


def _fitting(
    cls: type, field: "attrs.Attribute[Any]", given: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """Return values of *field* that go with what is *given* of the others."""
    for value in _values(field.type):
        try:
            cls(**given, **{field.name: value})
        except RuleBroken:
            continue
        yield {field.name: value}


def _values(declared: Any) -> Iterator[Any]:
    """Return what a member may be, the most believable first."""
    decimals = decimals_of(declared)
    if example := annotation_of(declared, Example):
        scaled = Decimal(str(example.value)).scaleb(decimals) if decimals else None
        yield example.value if scaled is None else int(scaled)
        return
    (member, *_), _ = union_members(unwrap_annotated(declared)[0])
    yield from _made(member)


def _made(declared: Any) -> Iterator[Any]:
    bare, _ = unwrap_annotated(declared)
    while isinstance(bare, NewType):
        bare, _ = unwrap_annotated(bare.__supertype__)
    if get_origin(bare) is tuple:
        yield (next(_values(get_args(bare)[0])),)
    elif attrs.has(bare):
        yield record(bare)
    elif issubclass(bare, Enum):
        yield from bare
    else:
        yield {bool: True, int: 1, str: "some text", datetime: MOMENT, date: MOMENT.date()}[bare]
