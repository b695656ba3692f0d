"""Rules that ride on types: written once, read by every layer.

A rule is plain data with one method. Constructors keep it (`checked`), and the HTTP layer
reads the same object to convert, to explain and to document.
"""

import functools
import re
from collections.abc import Callable, Sequence
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

from mechanic_core.errors import Problem, RuleBroken

T = TypeVar("T")


class Rule(Protocol):
    """What must be true of one value."""

    def violation(self, value: Any) -> str | None:
        """Return what is wrong with *value*, as a phrase after its name; None if nothing is."""
        ...


@attrs.frozen
class Length:
    """How many characters or members a value may have."""

    minimum: int
    maximum: int

    def violation(self, value: Sequence[Any]) -> str | None:
        """Return the broken bound, if any."""
        if self.minimum <= len(value) <= self.maximum:
            return None
        unit = "characters" if isinstance(value, str) else "members"
        return f"must have from {self.minimum} to {self.maximum} {unit}"


@attrs.frozen
class Between:
    """The minimum and the most a number may be, both allowed.

    *decimals* tells how many of the integer's digits stand behind the point when people
    see it: bounds of an amount in cents read as ``19.99``, not as ``1999``.
    """

    minimum: int
    maximum: int
    decimals: int = 0

    def violation(self, value: int) -> str | None:
        """Return the broken bound, if any."""
        if self.minimum <= value <= self.maximum:
            return None
        return f"must be from {self.shown(self.minimum)} to {self.shown(self.maximum)}"

    def shown(self, scaled: int) -> str:
        """Return *scaled* as people write it."""
        whole, rest = divmod(abs(scaled), 10**self.decimals)
        sign = "-" if scaled < 0 else ""
        fraction = f"{rest:0{self.decimals}}".rstrip("0") if self.decimals else ""
        return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"


@attrs.frozen
class Pattern:
    """A regular expression that the whole text must match, and its meaning for people."""

    regex: str
    meaning: str
    _matches: Callable[[str], object] = attrs.field(
        init=False,
        eq=False,
        repr=False,
        default=attrs.Factory(lambda self: re.compile(self.regex).fullmatch, takes_self=True),
    )

    def violation(self, value: str) -> str | None:
        """Return the meaning of the pattern when *value* does not match it."""
        return None if self._matches(value) else self.meaning


PRINTABLE = Pattern(
    r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]*",
    "must not hold control characters or unpaired surrogates",
)
"""PostgreSQL refuses NUL and no encoder takes a lone surrogate: refused before either sees it."""

NOT_BLANK = Pattern(r"(?s).*\S.*", "must not be blank")


@attrs.frozen
class OneOf:
    """Those members of an enumeration that may be given."""

    members: tuple[StrEnum, ...]

    def violation(self, value: object) -> str | None:
        """Return what may be given when *value* is something else, a text too."""
        return None if value in self.members else f"must be one of {', '.join(self.members)}"


@attrs.frozen
class Alias:
    """Another name under which a body may give the field."""

    name: str


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
    """Marks a field that never leaves in an answer."""


class computed(Generic[T]):  # noqa: N801 - used like the built-in `property`
    """A computed property that belongs to the published shape.

    Like `property`, but it keeps its type for the checker and tells it to the documents.
    """

    def __init__(self, compute: Callable[[Any], T]) -> None:
        """Remember how the value is computed."""
        self.compute = compute
        self.__doc__ = compute.__doc__

    @overload
    def __get__(self, record: None, owner: type) -> Self: ...

    @overload
    def __get__(self, record: object, owner: type) -> T: ...

    def __get__(self, record: object | None, owner: type) -> Self | T:
        """Compute the value of *record*."""
        return self if record is None else self.compute(record)


def unwrap_annotated(declared: Any) -> tuple[Any, tuple[object, ...]]:
    """Return the bare type behind *declared* and all that its `Annotated` layers say."""
    notes: tuple[object, ...] = ()
    while get_origin(declared) is Annotated:
        bare, *more = get_args(declared)
        declared, notes = bare, (*more, *notes)
    return declared, notes


def union_members(declared: Any) -> tuple[tuple[Any, ...], bool]:
    """Return the members of a union without None, and whether None was one of them."""
    if get_origin(declared) in (Union, UnionType):
        members = get_args(declared)
        return tuple(m for m in members if m is not type(None)), type(None) in members
    return (declared,), False


@functools.cache
def rules_of(declared: Any) -> tuple[Rule, ...]:
    """Return the rules on a type, an optional's included."""
    bare, notes = unwrap_annotated(declared)
    found = tuple(n for n in notes if isinstance(n, Length | Between | Pattern | OneOf))
    members, optional = union_members(bare)
    if optional and len(members) == 1:
        return found + rules_of(members[0])
    if isinstance(bare, NewType):
        return found + rules_of(bare.__supertype__)
    return found


@functools.cache
def member_rules(declared: Any) -> tuple[Rule, ...]:
    """Return the rules on the members of a tuple type."""
    bare, _ = unwrap_annotated(declared)
    members, _ = union_members(bare)
    bare, _ = unwrap_annotated(members[0])
    inner = get_args(bare) if get_origin(bare) is tuple else ()
    return rules_of(inner[0]) if inner else ()


def first_violation(rules: Sequence[Rule], value: Any) -> str | None:
    """Return what the first broken rule says of *value*."""
    for rule in rules:
        said = rule.violation(value)
        if said is not None:
            return said
    return None


def checked(_: type, fields: "list[attrs.Attribute[Any]]") -> "list[attrs.Attribute[Any]]":
    """Give every field of an attrs class a validator that keeps its rules."""
    return [_ruled(field) for field in fields]


def _ruled(field: "attrs.Attribute[Any]") -> "attrs.Attribute[Any]":
    declared: Any = field.type
    rules, inner = rules_of(declared), member_rules(declared)
    pointer = f"#/{field.name}"

    def keeps(_: object, __: object, value: Any) -> None:
        if value is None:
            return
        if said := first_violation(rules, value):
            raise RuleBroken(Problem(pointer, said))
        if inner:
            for place, member in enumerate(value):
                if said := first_violation(inner, member):
                    raise RuleBroken(Problem(f"{pointer}/{place}", said))

    return field.evolve(validator=keeps) if rules or inner else field
