"""The members of a record that are published, and the annotations of their types.

Events, JSON and the OpenAPI document have the same members.
"""

from collections.abc import Mapping
from typing import Any, NewType, TypeVar, get_type_hints

import attrs

from mechanic_core.rules import Unpublished, computed, union_members, unwrap_annotated

T = TypeVar("T")


@attrs.frozen
class LeftOut:
    """A member that is left out of JSON where it is null."""


def annotation_of(declared: Any, kind: type[T]) -> T | None:
    """Return the outermost annotation of *kind* on a type, an optional's or a `NewType`'s too."""
    bare, annotations = unwrap_annotated(declared)
    for annotation in reversed(annotations):
        if isinstance(annotation, kind):
            return annotation
    members, optional = union_members(bare)
    if optional and len(members) == 1:
        return annotation_of(members[0], kind)
    return annotation_of(bare.__supertype__, kind) if isinstance(bare, NewType) else None


def published_fields(cls: type) -> "list[attrs.Attribute[Any]]":
    """Return the fields that are published; raise `TypeError` for a secret among them."""
    attrs.resolve_types(cls, include_extras=True)
    published = [
        field for field in attrs.fields(cls) if annotation_of(field.type, Unpublished) is None
    ]
    for field in published:
        if not field.repr:
            raise TypeError(f"{cls.__name__}.{field.name} is secret: it is hidden from repr")
    return published


def computed_of(cls: type) -> Mapping[str, tuple[computed[Any], Any]]:
    """Return the computed properties of a record and their types, by name."""
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
