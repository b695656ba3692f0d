"""Validation rules that ride on types.

A rule is declared once, in an `Annotated` type. The constructors of records enforce it (`checked`),
and the HTTP layer reads it to parse requests and to generate the OpenAPI document.
"""

import functools
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from types import UnionType
from typing import (
    Annotated,
    Any,
    Generic,
    NewType,
    Protocol,
    Self,
    TypeVar,
    Union,
    get_args,
    get_origin,
    overload,
)

import attrs

from mechanic_core.validators import FieldType, Violation, without_time_zone

T = TypeVar("T")


class Rule(Protocol):
    """A condition on one value."""

    def violation(self, value: Any) -> str | None:
        """Return the error text, a phrase that follows the field's name; None for a valid value."""
        ...


@attrs.frozen
class Length:
    """The least and the greatest number of characters or items, both allowed."""

    minimum: int
    maximum: int

    def violation(self, value: Sequence[Any]) -> str | None:
        """Return the error text for a value that is too short or too long."""
        if self.minimum <= len(value) <= self.maximum:
            return None
        if not value:
            return "must not be empty"
        unit = "characters" if isinstance(value, str) else "items"
        if self.minimum > 1:
            return f"must have {self.minimum} to {self.maximum} {unit}"
        return f"must have at most {self.maximum} {unit}"


@attrs.frozen
class Between:
    """The least and the greatest number, both allowed.

    *decimals* is the number of decimals of a scaled integer: bounds of an amount in minor
    currency units read as ``19.99``, not as ``1999``.
    """

    minimum: int
    maximum: int
    decimals: int = 0

    def violation(self, value: int) -> str | None:
        """Return the error text for a number out of range."""
        if self.minimum <= value <= self.maximum:
            return None
        return f"must be from {self.format(self.minimum)} to {self.format(self.maximum)}"

    def format(self, scaled: int) -> str:
        """Return *scaled* as a decimal number."""
        whole, fraction = divmod(abs(scaled), 10**self.decimals)
        sign = "-" if scaled < 0 else ""
        digits = f"{fraction:0{self.decimals}}".rstrip("0") if self.decimals else ""
        return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"


@attrs.frozen
class Pattern:
    """A regular expression that the whole text must match, and the error text otherwise.

    *published* is a simpler one for the documentation, which all valid texts match.
    """

    regex: str
    meaning: str
    quick: Callable[[str], bool] | None = attrs.field(default=None, eq=False, repr=False)
    published: str = attrs.field(default="", eq=False, repr=False)
    _matches: Callable[[str], object] = attrs.field(
        init=False,
        eq=False,
        repr=False,
        default=attrs.Factory(lambda self: re.compile(self.regex).fullmatch, takes_self=True),
    )

    def violation(self, value: str) -> str | None:
        """Return the error text for a text that does not match; *quick* is a cheaper test."""
        if self.quick and self.quick(value):
            return None
        return None if self._matches(value) else self.meaning


@attrs.frozen
class Normalized:
    """The form in which a text is checked, compared and stored: what a function returns for it."""

    form: Callable[[str], str]


@attrs.frozen
class OneOf:
    """The members of an enumeration that are allowed."""

    members: tuple[StrEnum, ...]

    def violation(self, value: object) -> str | None:
        """Return the error text for any other value."""
        return None if value in self.members else f"must be one of {', '.join(self.members)}"


@attrs.frozen
class Alias:
    """Another member name under which a request body may give the field."""

    name: str
    where: tuple[str, str] | None = None
    """A member and its value with which this is the field's own name, and problems name it."""


@attrs.frozen
class Example:
    """A realistic value, for the documentation; the outermost one on a type counts."""

    value: object


@attrs.frozen
class Description:
    """The meaning of a field, a query parameter or a fact, for the documentation."""

    text: str


@attrs.frozen
class Unpublished:
    """Marks a field that responses do not show."""


@attrs.frozen
class Expected:
    """What a value of another type must be instead, a phrase that follows "must be"."""

    text: str


class computed(Generic[T]):  # noqa: N801 - used like the built-in `property`
    """A property that responses show like a field.

    Unlike `property` it can be found by its class, with its type and docstring.
    """

    def __init__(self, compute: Callable[[Any], T]) -> None:
        """Take the function that computes the value and is its docstring and type."""
        self.compute = compute
        self.__doc__ = compute.__doc__

    @overload
    def __get__(self, record: None, owner: type) -> Self: ...

    @overload
    def __get__(self, record: object, owner: type) -> T: ...

    def __get__(self, record: object | None, owner: type) -> Self | T:
        """Return the value for *record*, or on the class the descriptor itself."""
        return self if record is None else self.compute(record)


def unwrap_annotated(declared: Any) -> tuple[Any, tuple[object, ...]]:
    """Return the type inside the `Annotated` layers of *declared*, and all their annotations."""
    annotations: tuple[object, ...] = ()
    while get_origin(declared) is Annotated:
        inner, *outer = get_args(declared)
        declared, annotations = inner, (*outer, *annotations)
    return declared, annotations


def union_members(declared: Any) -> tuple[tuple[Any, ...], bool]:
    """Return the members of a union without None, and whether None is one of them."""
    if get_origin(declared) in (Union, UnionType):
        members = get_args(declared)
        return tuple(m for m in members if m is not type(None)), type(None) in members
    return (declared,), False


@functools.cache
def rules_of(declared: Any) -> tuple[Rule, ...]:
    """Return the rules of a type; for an optional type, those of its value too."""
    inner, annotations = unwrap_annotated(declared)
    rules = tuple(a for a in annotations if isinstance(a, Length | Between | Pattern | OneOf))
    members, optional = union_members(inner)
    if optional and len(members) == 1:
        return rules + rules_of(members[0])
    if isinstance(inner, NewType):
        return rules + rules_of(inner.__supertype__)
    return rules


def first_violation(rules: Sequence[Rule], value: Any) -> str | None:
    """Return the error text of the first rule that *value* breaks, or None."""
    for rule in rules:
        detail = rule.violation(value)
        if detail is not None:
            return detail
    return None


@functools.cache
def normalizer_of(declared: Any) -> Callable[[str], str] | None:
    """Return what normalizes the texts of a type, an optional one's too; None for other types."""
    inner, annotations = unwrap_annotated(declared)
    members, optional = union_members(inner)
    if optional and len(members) == 1:
        return normalizer_of(members[0])
    return next((note.form for note in annotations if isinstance(note, Normalized)), None)


def checked(_: type, fields: "list[attrs.Attribute[Any]]") -> "list[attrs.Attribute[Any]]":
    """Return the fields of an attrs class, each with a validator of its type and its rules.

    Texts are normalized first; an empty one that is optional counts as not given. It is a
    `field_transformer`: ``@frozen(kw_only=True, field_transformer=checked)``.
    """
    return [
        field.evolve(validator=_field_type(field.type).validator(), converter=_converter(field))
        for field in fields
    ]


def stored(_: type, fields: "list[attrs.Attribute[Any]]") -> "list[attrs.Attribute[Any]]":
    """Return the fields of a stored record, each with a validator like `checked`.

    Its texts came in with a form, perhaps of a former release, and are not checked again.
    """
    types = [(field, _field_type(field.type)) for field in fields]
    return [
        field.evolve(validator=(attrs.evolve(t, violations=()) if t.kind is str else t).validator())
        for field, t in types
    ]


def _converter(field: "attrs.Attribute[Any]") -> Any:
    """Return what normalizes the values of a text field; for others, the field's own converter."""
    declared: Any = field.type
    normalize = normalizer_of(declared)
    if normalize is None:
        return field.converter
    _, optional = union_members(unwrap_annotated(declared)[0])
    empty = None if optional else field.default if type(field.default) is str else ""

    def convert(value: Any) -> Any:
        return (normalize(value) or empty) if type(value) is str else value

    return convert


def _field_type(declared: Any) -> FieldType:
    """Return what the values of a field must be; raise `TypeError` for a type without a check."""
    inner, annotations = unwrap_annotated(declared)
    members, _ = union_members(inner)
    if isinstance(inner, NewType):
        found = _field_type(inner.__supertype__)
    elif members == (inner,):
        found = _class_type(inner)
    elif len(members) == 1:
        found = attrs.evolve(_field_type(members[0]), optional=True)
    else:
        raise TypeError(f"a field of type {declared} cannot be checked")
    expected = next((a.text for a in annotations if isinstance(a, Expected)), found.expected)
    violations: list[Violation] = [rule.violation for rule in rules_of(declared)]
    if found.kind is datetime:
        violations.append(without_time_zone)
    return attrs.evolve(found, violations=tuple(violations), expected=expected)


def _class_type(declared: Any) -> FieldType:
    kind, arguments = get_origin(declared), get_args(declared)
    if kind is frozenset or (kind is tuple and arguments[1:] == (...,)):
        return FieldType(kind=kind, items=_field_type(arguments[0]))
    if kind is None and declared is not Any and isinstance(declared, type):
        return FieldType(kind=declared)
    raise TypeError(f"a field of type {declared} cannot be checked")
