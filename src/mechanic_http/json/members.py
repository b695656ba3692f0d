"""Names and declared types of JSON members, as both converters read them from a record."""

from collections.abc import Mapping
from typing import Annotated, Any, get_origin

import attrs

from mechanic_core.members import annotation_of
from mechanic_core.rules import Alias, union_members


def member_name(field: str) -> str:
    """Return the JSON name of a field: `from_` is ``from``, a keyword in Python."""
    return field.rstrip("_")


def member_names(cls: type[Any]) -> frozenset[str]:
    """Return the JSON names of a record's fields."""
    return frozenset(member_name(field.name) for field in attrs.fields(cls))


def aliases_of(cls: type[Any]) -> dict[str, Alias]:
    """Return the aliases of a record's fields by their JSON names."""
    return {
        member_name(field.name): alias
        for field in attrs.fields(cls)
        if (alias := annotation_of(field.type, Alias))
    }


def is_tuple(declared: Any) -> bool:
    """Return whether a type is a tuple, an array in JSON."""
    return get_origin(declared) is tuple


def is_mapping(declared: Any) -> bool:
    """Return whether a type is a mapping, an object with any members in JSON."""
    return get_origin(declared) is Mapping


def is_optional(declared: Any) -> bool:
    """Return whether a type allows None, null in JSON."""
    return union_members(declared)[1]


def is_annotated(declared: Any) -> bool:
    """Return whether a type has annotations."""
    return get_origin(declared) is Annotated
