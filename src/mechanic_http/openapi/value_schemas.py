"""JSON Schemas of single values, from their types and the rules on them."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, NewType, TypeAlias, get_args, get_origin

import attrs

from mechanic_core.members import annotation_of
from mechanic_core.money import (
    MONEY_DECIMALS,
    PERCENT_DECIMALS,
    QUANTITY_DECIMALS,
    Money,
    Percent,
    Quantity,
)
from mechanic_core.rules import (
    Between,
    Description,
    Example,
    Length,
    OneOf,
    Pattern,
    Rule,
    normalizer_of,
    rules_of,
    union_members,
    unwrap_annotated,
)
from mechanic_http.json.members import is_mapping
from mechanic_http.json.unstructure import format_moment

Schema: TypeAlias = dict[str, Any]
Refer: TypeAlias = Callable[[type], Schema]
"""Returns a reference to the component of a record or an enumeration."""

DECIMALS: Final[dict[object, int]] = {
    Money: MONEY_DECIMALS,
    Quantity: QUANTITY_DECIMALS,
    Percent: PERCENT_DECIMALS,
}
_SURROGATES: Final = r"\ud800-\udfff"
"""Left out of published patterns: few regex engines accept it, and UTF-8 has no surrogates."""

_PLAIN: Final[dict[object, Schema]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer", "format": "int64"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
}


def value_schema(declared: Any, refer: Refer, *, request: bool, omissible: bool = False) -> Schema:
    """Return the schema of a type, as it is accepted in a *request* or sent in a response.

    An *omissible* member of a request may be null, which means that it is not given.
    """
    members, optional = union_members(unwrap_annotated(declared)[0])
    if len(members) > 1:
        return {"anyOf": [refer(member) for member in reversed(members)]}
    schema = _type_schema(members[0], refer, request=request)
    schema |= _rule_keywords(rules_of(declared), decimals_of(declared), schema.get("type"))
    optional = optional or omissible
    if request and _is_trimmed(declared):
        schema = _as_sent(schema, declared, optional=optional)
    if description := annotation_of(declared, Description):
        precision = schema.get("description", "")
        schema["description"] = f"{description.text} {precision}".strip()
    example = annotation_of(declared, Example)
    if example and example.value is not None and "type" in schema:
        schema["examples"] = [json_example(example)]
    return nullable(schema) if optional else schema


def nullable(schema: Schema) -> Schema:
    """Return *schema* so that it accepts null too."""
    if "type" not in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    types = schema["type"]
    return {**schema, "type": [*([types] if isinstance(types, str) else types), "null"]}


def _as_sent(schema: Schema, declared: Any, *, optional: bool) -> Schema:
    """Return the schema of a text in a request: white space around it is trimmed.

    An optional one may be blank.
    """
    regex = schema["pattern"].removeprefix("^(?:").removesuffix(")$")
    if any(isinstance(rule, Pattern) and rule.published for rule in rules_of(declared)):
        regex = rf"{regex}|\s*" if optional else regex  # takes blanks around it
    else:
        regex = rf"\s*(?:{regex}){'?' if optional else ''}\s*"
    sent = {**schema, "pattern": f"^(?:{regex})$"}
    if optional:
        sent.pop("minLength", None)
    return sent


def _is_trimmed(declared: Any) -> bool:
    normalize = normalizer_of(declared)
    return normalize is not None and not normalize(" ")


def without_null(schema: Schema) -> Schema:
    """Return *schema* so that it does not accept null: a query parameter is absent instead."""
    if "anyOf" in schema:
        return dict(schema["anyOf"][0])
    types = [one for one in schema["type"] if one != "null"] if "type" in schema else []
    return {**schema, "type": types[0]} if isinstance(schema.get("type"), list) else schema


def decimals_of(declared: Any) -> int | None:
    """Return the number of decimals of an exact amount; None for other types."""
    (bare, *_), _ = union_members(unwrap_annotated(declared)[0])
    bare, _ = unwrap_annotated(bare)
    return DECIMALS.get(bare) if isinstance(bare, NewType) else None


def json_example(example: Example) -> object:
    """Return the value of an example as JSON has it."""
    value = example.value
    if isinstance(value, datetime):
        return format_moment(value)
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def _type_schema(declared: Any, refer: Refer, *, request: bool) -> Schema:
    bare, _ = unwrap_annotated(declared)
    if bare in DECIMALS:
        return {"type": ["number", "string"] if request else "number"}
    if isinstance(bare, NewType):
        return _type_schema(bare.__supertype__, refer, request=request)
    if get_origin(bare) is tuple:
        items = value_schema(get_args(bare)[0], refer, request=request)
        return {"type": "array", "items": items}
    if is_mapping(bare):
        key, member = get_args(bare)
        values = value_schema(member, refer, request=request)
        named = isinstance(key, type) and issubclass(key, StrEnum)
        names = {"propertyNames": dict(refer(key))} if named else {}
        return {"type": "object", **names, "additionalProperties": values}
    if attrs.has(bare) or issubclass(bare, StrEnum):
        return dict(refer(bare))
    return dict(_PLAIN[bare])


def _rule_keywords(rules: Sequence[Rule], decimals: int | None, types: object) -> Schema:
    keywords: Schema = {}
    for rule in rules:
        if isinstance(rule, Between):
            keywords |= {
                "minimum": _number(rule, rule.minimum),
                "maximum": _number(rule, rule.maximum),
            }
            if types == ["number", "string"]:
                keywords["pattern"] = _amount_pattern(rule)
        if isinstance(rule, OneOf):
            keywords["enum"] = [member.value for member in rule.members]
        if isinstance(rule, Length):
            noun = "Items" if types == "array" else "Length"
            keywords |= {f"min{noun}": rule.minimum, f"max{noun}": rule.maximum}
    keywords |= _pattern_keyword([rule for rule in rules if isinstance(rule, Pattern)])
    if decimals is not None:
        # No multipleOf: 19.99 / 0.01 is no integer in binary floating point, and common
        # validators divide that way; they would reject valid prices.
        keywords["description"] = f"Exact, with at most {decimals} decimals."
    return keywords


def _number(rule: Between, scaled: int) -> int | float:
    text = rule.format(scaled)
    return float(text) if "." in text else int(text)


def _amount_pattern(rule: Between) -> str:
    """Return the pattern of an amount sent as text; its range applies to numbers only."""
    sign = "-?" if rule.minimum < 0 else ""
    return rf"^{sign}(?:0|[1-9][0-9]{{0,17}})(?:\.[0-9]{{1,{rule.decimals}}}0*)?$"


def _pattern_keyword(patterns: Sequence[Pattern]) -> Schema:
    published = [_ecma_pattern(pattern) for pattern in patterns]
    if len(published) > 1:
        return {"allOf": [{"pattern": one} for one in published]}
    return {"pattern": published[0]} if published else {}


def _ecma_pattern(pattern: Pattern) -> str:
    """Return the regular expression in ECMA-262's dialect, which JSON Schema recommends."""
    regex = (pattern.published or pattern.regex).removeprefix("(?s)").replace(_SURROGATES, "")
    return f"^(?:{regex})$"
