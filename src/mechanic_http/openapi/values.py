"""JSON Schemas of single values, read from their types and the rules on them."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, NewType, TypeAlias, TypeVar, get_args, get_origin

import attrs

from mechanic_core.money import MONEY_DECIMALS, QUANTITY_DECIMALS, Money, Quantity
from mechanic_core.rules import (
    NOT_BLANK,
    PRINTABLE,
    Between,
    Description,
    Example,
    Length,
    OneOf,
    Pattern,
    Rule,
    rules_of,
    union_members,
    unwrap_annotated,
)

T = TypeVar("T")

Schema: TypeAlias = dict[str, Any]
Refer: TypeAlias = Callable[[type], Schema]
"""Returns the schema of a record or an enumeration: a reference to its component."""

DECIMALS: Final[dict[object, int]] = {Money: MONEY_DECIMALS, Quantity: QUANTITY_DECIMALS}
_PLAIN: Final[dict[object, Schema]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer", "format": "int64"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
}
_SURROGATES: Final = r"\ud800-\udfff"
"""Left out of published patterns: few engines can say it, and UTF-8 has none."""

_CONTROL: Final = PRINTABLE.regex.removeprefix("[^").removesuffix("]*").removesuffix(_SURROGATES)
_WORDY_AND_PRINTABLE: Final = rf"^[^{_CONTROL}]*[^\s{_CONTROL}][^{_CONTROL}]*$"


def schema_of(declared: Any, refer: Refer, *, taken: bool) -> Schema:
    """Return the schema of a type; *taken* as it may be sent, else as it is answered."""
    members, optional = union_members(unwrap_annotated(declared)[0])
    if len(members) > 1:
        return {"anyOf": [refer(member) for member in reversed(members)]}
    schema = _of_one(members[0], refer, taken=taken)
    schema |= _keywords(rules_of(declared), decimals_of(declared), schema.get("type"))
    if description := annotation_of(declared, Description):
        exactness = schema.get("description", "")
        schema["description"] = f"{description.text} {exactness}".strip()
    example = annotation_of(declared, Example)
    if example and example.value is not None and "type" in schema:
        schema["examples"] = [shown(example.value)]
    return nullable(schema) if optional else schema


def annotation_of(declared: Any, kind: type[T]) -> T | None:
    """Return the outermost annotation of *kind* on a type, an optional's or a `NewType`'s too."""
    bare, notes = unwrap_annotated(declared)
    for note in reversed(notes):
        if isinstance(note, kind):
            return note
    members, optional = union_members(bare)
    if optional and len(members) == 1:
        return annotation_of(members[0], kind)
    return annotation_of(bare.__supertype__, kind) if isinstance(bare, NewType) else None


def nullable(schema: Schema) -> Schema:
    """Return *schema* so that it takes null too."""
    if "type" not in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    kinds = schema["type"]
    return {**schema, "type": [*([kinds] if isinstance(kinds, str) else kinds), "null"]}


def present(schema: Schema) -> Schema:
    """Return *schema* without null: what is missing in a query is not sent as null."""
    if "anyOf" in schema:
        return dict(schema["anyOf"][0])
    kinds = [kind for kind in schema["type"] if kind != "null"] if "type" in schema else []
    return {**schema, "type": kinds[0]} if isinstance(schema.get("type"), list) else schema


def decimals_of(declared: Any) -> int | None:
    """Return how many decimals an exact amount has; None for what is no amount."""
    (bare, *_), _ = union_members(unwrap_annotated(declared)[0])
    bare, _ = unwrap_annotated(bare)
    return DECIMALS.get(bare) if isinstance(bare, NewType) else None


def shown(value: object) -> object:
    """Return an example as JSON has it."""
    if isinstance(value, date):
        return value.isoformat().replace("+00:00", "Z")
    return list(value) if isinstance(value, tuple) else value


def ecma(pattern: Pattern) -> str:
    """Return the regular expression as ECMA-262 writes it, which JSON Schema asks for."""
    if pattern is NOT_BLANK:
        return r"\S"
    return f"^(?:{pattern.regex.removeprefix('(?s)').replace(_SURROGATES, '')})$"


def _of_one(declared: Any, refer: Refer, *, taken: bool) -> Schema:
    bare, _ = unwrap_annotated(declared)
    if bare in DECIMALS:
        return {"type": ["number", "string"] if taken else "number"}
    if isinstance(bare, NewType):
        return _of_one(bare.__supertype__, refer, taken=taken)
    if get_origin(bare) is tuple:
        items = schema_of(get_args(bare)[0], refer, taken=taken)
        return {"type": "array", "items": items}
    if attrs.has(bare) or issubclass(bare, StrEnum):
        return dict(refer(bare))
    return dict(_PLAIN[bare])


def _keywords(rules: Sequence[Rule], decimals: int | None, kind: object) -> Schema:
    found: Schema = {}
    for rule in rules:
        if isinstance(rule, Between):
            found |= {
                "minimum": _number(rule, rule.minimum),
                "maximum": _number(rule, rule.maximum),
            }
            if kind == ["number", "string"]:
                found["pattern"] = _amount(rule)
        if isinstance(rule, OneOf):
            found["enum"] = [member.value for member in rule.members]
        if isinstance(rule, Length):
            noun = "Items" if kind == "array" else "Length"
            found |= {f"min{noun}": rule.minimum, f"max{noun}": rule.maximum}
    found |= _pattern([rule for rule in rules if isinstance(rule, Pattern)])
    if decimals is not None:
        # No multipleOf: 19.99 / 0.01 is no whole number in binary, and the common validators
        # divide so; they would refuse good prices.
        found["description"] = f"Exact, with at most {decimals} decimals."
    return found


def _number(rule: Between, scaled: int) -> int | float:
    text = rule.shown(scaled)
    return float(text) if "." in text else int(text)


def _amount(rule: Between) -> str:
    """Return what an amount looks like as text; its range is told of the number only."""
    return rf"^(?:0|[1-9][0-9]{{0,17}})(?:\.[0-9]{{1,{rule.decimals}}}0*)?$"


def _pattern(patterns: Sequence[Pattern]) -> Schema:
    if set(patterns) == {NOT_BLANK, PRINTABLE}:
        return {"pattern": _WORDY_AND_PRINTABLE}
    found = list(_patterns(patterns))
    if len(found) > 1:
        return {"allOf": [{"pattern": one} for one in found]}
    return {"pattern": found[0]} if found else {}


def _patterns(patterns: Sequence[Pattern]) -> Iterator[str]:
    for pattern in patterns:
        yield ecma(pattern)
