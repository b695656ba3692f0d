"""Records to trees that orjson can write, by functions that cattrs generates."""

from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, NewType, TypeAlias, get_args

import attrs
from cattrs import Converter
from cattrs.fns import identity
from cattrs.gen import make_dict_unstructure_fn, override

from mechanic_core.members import LeftOut, annotation_of, computed_of, published_fields
from mechanic_core.money import (
    MONEY_DECIMALS,
    PERCENT_DECIMALS,
    QUANTITY_DECIMALS,
    Money,
    Percent,
    Quantity,
)
from mechanic_core.rules import union_members, unwrap_annotated
from mechanic_http.json.amounts import unstructure_scaled
from mechanic_http.json.members import (
    is_annotated,
    is_mapping,
    is_optional,
    is_tuple,
    member_name,
)

Hook: TypeAlias = Callable[[Any], Any]

_NATIVE: Final = (str, int, bool, date, StrEnum)
"""Types that orjson writes as the API documents them."""


def unstructure_converter() -> Converter:
    """Return a converter that unstructures records for orjson.

    It publishes every field that is not `Unpublished`, and every `computed` property; a field that
    is `LeftOut` only where it is not null.
    """
    converter = Converter(unstructure_fallback_factory=_refuse)
    converter.register_unstructure_hook_factory(_is_native, lambda _: identity)
    converter.register_unstructure_hook_factory(
        lambda declared: isinstance(declared, NewType),
        lambda declared: converter.get_unstructure_hook(declared.__supertype__),
    )
    converter.register_unstructure_hook(datetime, _date_time)
    converter.register_unstructure_hook(Money, unstructure_scaled(MONEY_DECIMALS))
    converter.register_unstructure_hook(Quantity, unstructure_scaled(QUANTITY_DECIMALS))
    converter.register_unstructure_hook(Percent, unstructure_scaled(PERCENT_DECIMALS))
    converter.register_unstructure_hook_factory(attrs.has, _record)
    converter.register_unstructure_hook_factory(is_tuple, _tuple)
    converter.register_unstructure_hook_factory(is_mapping, _mapping)
    converter.register_unstructure_hook_factory(is_optional, _optional)
    converter.register_unstructure_hook_factory(
        is_annotated, lambda declared: converter.get_unstructure_hook(unwrap_annotated(declared)[0])
    )
    return converter


def format_moment(moment: datetime) -> str:
    """Return *moment* as JSON has it: RFC 3339 with six fraction digits."""
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _refuse(declared: Any) -> Hook:
    raise TypeError(f"{declared} cannot be published as JSON")


def _is_native(declared: Any) -> bool:
    return isinstance(declared, type) and issubclass(declared, _NATIVE)


def _date_time(moment: datetime) -> object:
    """Return *moment* for orjson, which would leave out a fraction of zero."""
    return moment if moment.microsecond else format_moment(moment)


def _tuple(declared: Any, converter: Converter) -> Hook:
    hook = converter.get_unstructure_hook(get_args(declared)[0])
    return identity if hook is identity else lambda members: [hook(m) for m in members]


def _mapping(declared: Any, converter: Converter) -> Hook:
    """Return the hook of a mapping of texts to values of one type, or records of several classes."""
    classes, _ = union_members(get_args(declared)[1])
    if len(classes) == 1:
        hook = converter.get_unstructure_hook(classes[0])
        return lambda mapping: {str(key): hook(value) for key, value in mapping.items()}
    hooks = {cls: converter.get_unstructure_hook(cls) for cls in classes}
    return lambda mapping: {key: hooks[type(value)](value) for key, value in mapping.items()}


def _optional(declared: Any, converter: Converter) -> Hook:
    hook = converter.get_unstructure_hook(union_members(declared)[0][0])
    return identity if hook is identity else lambda value: None if value is None else hook(value)


def _record(cls: Any, converter: Converter) -> Hook:
    published = {field.name for field in published_fields(cls)}
    overrides: dict[str, Any] = {
        field.name: override(
            rename=member_name(field.name),
            omit=field.name not in published,
            omit_if_default=annotation_of(field.type, LeftOut) is not None,
        )
        for field in attrs.fields(cls)
    }
    fields: Hook = make_dict_unstructure_fn(cls, converter, **overrides)
    properties = tuple(
        (name, member.compute, converter.get_unstructure_hook(declared))
        for name, (member, declared) in computed_of(cls).items()
    )
    if not properties:
        return fields

    def unstructure(record: Any) -> dict[str, Any]:
        tree: dict[str, Any] = fields(record)
        for name, compute, hook in properties:
            tree[name] = hook(compute(record))
        return tree

    return unstructure
