"""One JSON object into one record, with the names that a client may use."""

from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, NewType, get_args, get_origin

import attrs
from cattrs import Converter

from mechanic_core.errors import Problem, RuleBroken
from mechanic_core.rules import Alias, union_members, unwrap_annotated
from mechanic_http.json.pointers import below, renamed, step

_STRICT: Final = (str, int, bool, date, datetime)


@attrs.frozen
class Member:
    """One member of a JSON object: what fills which field, and how it is read."""

    name: str
    alias: str | None
    field: str
    required: bool
    declared: Any
    read: Callable[[Any, Any], Any]


def published_name(field: str) -> str:
    """Return a field's name in JSON: `from_` is a word that Python keeps for itself."""
    return field.rstrip("_")


def notes_of(declared: Any) -> tuple[object, ...]:
    """Return all that the `Annotated` layers around and inside an optional say."""
    bare, notes = unwrap_annotated(declared)
    members, optional = union_members(bare)
    return notes + (notes_of(members[0]) if optional and len(members) == 1 else ())


def member_names(cls: type[Any]) -> frozenset[str]:
    """Return what the members of a record are called in JSON."""
    return frozenset(published_name(field.name) for field in attrs.fields(cls))


def aliases_of(cls: type[Any]) -> dict[str, str]:
    """Return the aliases that a record's members have, by the members' own names."""
    return {
        published_name(field.name): note.name
        for field in attrs.fields(cls)
        for note in notes_of(field.type)
        if isinstance(note, Alias)
    }


def record_reader(cls: type, converter: Converter) -> Callable[[Any, Any], Any]:
    """Return what reads a JSON object into *cls*, or tells everything that is wrong with it."""
    members = tuple(_member(field, converter) for field in _given(cls))
    known = {n for member in members for n in (member.name, member.alias) if n}

    def read(value: Any, _: Any) -> Any:
        if type(value) is not dict:
            raise RuleBroken(Problem("#", "must be an object"))
        fields: dict[str, Any] = {}
        problems: list[Problem] = []
        for member in members:
            _take(member, value, fields, problems)
        if not known.issuperset(value):
            problems.extend(
                Problem(f"#/{step(name)}", "is not a known member")
                for name in value
                if name not in known
            )
        if problems:
            raise RuleBroken(*problems)
        try:
            return cls(**fields)
        except RuleBroken as refused:
            names = names_given(members, value)
            raise RuleBroken(*(renamed(p, names) for p in refused.problems)) from None

    return read


def names_given(members: tuple[Member, ...], value: dict[str, Any]) -> dict[str, str]:
    """Return how *value* calls the fields that it does not call by their own name."""
    return {
        member.field: member.alias if member.alias and member.alias in value else member.name
        for member in members
    }


def _given(cls: type) -> "list[attrs.Attribute[Any]]":
    attrs.resolve_types(cls, include_extras=True)
    return [f for f in attrs.fields(cls) if f.init]


def _must_be_strict(declared: Any) -> None:
    """Refuse a type that cattrs would read in its own way, which converts."""
    bare, _ = unwrap_annotated(declared)
    for kind in union_members(bare)[0]:
        inner, _ = unwrap_annotated(kind)
        if get_origin(inner) is tuple:
            _must_be_strict(get_args(inner)[0])
        elif isinstance(inner, NewType):
            _must_be_strict(inner.__supertype__)
        elif not (inner in _STRICT or attrs.has(inner) or issubclass(inner, StrEnum)):
            raise TypeError(f"no strict way to read {declared} is known")


def _member(field: "attrs.Attribute[Any]", converter: Converter) -> Member:
    declared: Any = field.type
    _must_be_strict(declared)
    return Member(
        name=published_name(field.name),
        alias=next((n.name for n in notes_of(declared) if isinstance(n, Alias)), None),
        field=field.alias or field.name,
        required=field.default is attrs.NOTHING,
        declared=declared,
        read=converter.get_structure_hook(declared),
    )


def _take(
    member: Member, value: dict[str, Any], fields: dict[str, Any], problems: list[Problem]
) -> None:
    name = member.name
    if member.alias and member.alias in value:
        if name in value:
            problems.append(Problem(f"#/{member.alias}", f"is given as {name} too"))
            return
        name = member.alias
    if name not in value:
        if member.required:
            problems.append(Problem(f"#/{name}", "is required"))
        return
    given = value[name]
    if given is None and not union_members(unwrap_annotated(member.declared)[0])[1]:
        problems.append(Problem(f"#/{name}", "must not be null"))
        return
    try:
        fields[member.field] = member.read(given, member.declared)
    except RuleBroken as refused:
        problems.extend(below(name, refused))
