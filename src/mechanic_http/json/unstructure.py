"""Records into JSON: a function for each class, made once."""

from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Final, NewType, TypeAlias, get_args, get_origin, get_type_hints

import attrs
from cattrs import Converter
from cattrs.fns import identity

from mechanic_core.money import MONEY_DECIMALS, QUANTITY_DECIMALS, Money, Quantity
from mechanic_core.rules import Unpublished, computed, union_members, unwrap_annotated
from mechanic_http.json.amounts import scaled_writer
from mechanic_http.json.structure_records import notes_of, published_name

Write: TypeAlias = Callable[[Any], Any]

_AS_THEY_ARE: Final = (str, int, bool, date, datetime, StrEnum)
"""What orjson writes by itself, and as the contract says."""


def writer() -> Converter:
    """Return a converter that makes records ready for orjson.

    It publishes every field but `Unpublished` ones, and everything `computed`.
    """
    converter = Converter(unstructure_fallback_factory=_unwritable)
    converter.register_unstructure_hook_factory(_is_plain, lambda _: identity)
    converter.register_unstructure_hook_factory(_is_named, _named)
    converter.register_unstructure_hook(Money, scaled_writer(MONEY_DECIMALS))
    converter.register_unstructure_hook(Quantity, scaled_writer(QUANTITY_DECIMALS))
    converter.register_unstructure_hook_factory(attrs.has, _record)
    converter.register_unstructure_hook_factory(_is_tuple, _tuple)
    converter.register_unstructure_hook_factory(_is_optional, _optional)
    converter.register_unstructure_hook_factory(_is_annotated, _annotated)
    return converter


def computed_of(cls: type) -> dict[str, tuple[computed[Any], Any]]:
    """Return the computed members of a record with their types, by name."""
    found = {
        name: member
        for owner in reversed(cls.__mro__)
        for name, member in vars(owner).items()
        if isinstance(member, computed)
    }
    return {
        name: (member, get_type_hints(member.compute, include_extras=True)["return"])
        for name, member in found.items()
    }


def published_fields(cls: type) -> "list[attrs.Attribute[Any]]":
    """Return the fields that leave in an answer; refuse to publish a secret by mistake."""
    attrs.resolve_types(cls, include_extras=True)
    shown = [
        field
        for field in attrs.fields(cls)
        if not any(isinstance(note, Unpublished) for note in notes_of(field.type))
    ]
    for field in shown:
        if not field.repr:
            raise TypeError(f"{cls.__name__}.{field.name} is hidden from logs: it is a secret")
    return shown


def _unwritable(declared: Any) -> Write:
    raise TypeError(f"no way to publish {declared} is known")


def _is_plain(declared: Any) -> bool:
    return isinstance(declared, type) and issubclass(declared, _AS_THEY_ARE)


def _is_named(declared: Any) -> bool:
    return isinstance(declared, NewType)


def _is_tuple(declared: Any) -> bool:
    return get_origin(declared) is tuple


def _is_optional(declared: Any) -> bool:
    return union_members(declared)[1]


def _is_annotated(declared: Any) -> bool:
    return get_origin(declared) is Annotated


def _named(declared: Any, converter: Converter) -> Write:
    return converter.get_unstructure_hook(declared.__supertype__)


def _annotated(declared: Any, converter: Converter) -> Write:
    return converter.get_unstructure_hook(unwrap_annotated(declared)[0])


def _tuple(declared: Any, converter: Converter) -> Write:
    write = converter.get_unstructure_hook(get_args(declared)[0])
    return identity if write is identity else lambda members: [write(m) for m in members]


def _optional(declared: Any, converter: Converter) -> Write:
    write = converter.get_unstructure_hook(union_members(declared)[0][0])
    if write is identity:
        return identity
    return lambda value: None if value is None else write(value)


def _record(cls: type, converter: Converter) -> Write:
    """Return what writes a record, spelt out as one expression: no loop over its members."""
    told = {
        published_name(field.name): (f"record.{field.name}", field.type)
        for field in published_fields(cls)
    }
    scope: dict[str, Any] = {}
    for name, (member, declared) in computed_of(cls).items():
        scope[f"compute_{name}"] = member.compute
        told[name] = f"compute_{name}(record)", declared
    written = []
    for place, (name, (value, declared)) in enumerate(told.items()):
        write_one = converter.get_unstructure_hook(declared)
        scope[f"write_{place}"] = write_one
        written.append(f"{name!r}: {value if write_one is identity else f'write_{place}({value})'}")
    source = f"lambda record: {{{', '.join(written)}}}"
    write: Write = eval(source, scope)  # noqa: S307 - of nothing but the names of members
    return write
