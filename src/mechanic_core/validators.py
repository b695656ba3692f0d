"""Validators of attrs fields: the type of a value, then its rules.

They are closures that are built once for each field, since every request makes records.
"""

import functools
from collections.abc import Callable
from datetime import UTC, date, datetime
from types import NoneType
from typing import Any, Final, Protocol, TypeAlias, TypeVar

import attrs

from mechanic_core.errors import Problem, RuleBroken

T = TypeVar("T")

Violation: TypeAlias = Callable[[Any], str | None]
"""Returns the error text for an invalid value, and None for a valid one."""


class Validator(Protocol):
    """Raises `RuleBroken` for an invalid value of a field, or of one item of it."""

    def __call__(
        self, record: object, field: "attrs.Attribute[Any]", value: Any, /, item: str = ""
    ) -> None:
        """Check *value*; *item* is added to the pointer."""
        ...


_EXACT: Final = frozenset({bool, bytes, int, str})
"""Types whose subclasses are other types: True is not a number, a member of an enum not a text."""


@attrs.frozen(kw_only=True)
class FieldType:
    """What the values of a field must be.

    Attributes:
        kind: The class of the values.
        optional: Whether None is a value too.
        violations: The rules of the values.
        expected: The phrase for the error text; by default it names the class.
        items: What the items of a collection must be.
    """

    kind: type
    optional: bool = False
    violations: tuple[Violation, ...] = ()
    expected: str = ""
    items: "FieldType | None" = None

    @property
    def valid_kinds(self) -> frozenset[type]:
        """The classes all of whose instances are valid, whatever their items."""
        valid = set() if self.violations else {self.kind}
        return frozenset(valid | {NoneType} if self.optional else valid)

    def validator(self) -> Validator:
        """Return the validator of a field."""
        kind, valid, violations = self.kind, self.valid_kinds, self.violations

        def validate(
            _: object, field: "attrs.Attribute[Any]", value: Any, /, item: str = ""
        ) -> None:
            kind_of_value = type(value)
            if kind_of_value in valid:
                return
            if kind_of_value is not kind and not self._accepts(value):
                raise RuleBroken(Problem(f"#/{field.name}{item}", self._wrong_type(value)))
            for violation in violations:
                if (detail := violation(value)) is not None:
                    raise RuleBroken(Problem(f"#/{field.name}{item}", detail))

        return self._with_items(validate, self.items) if self.items else validate

    def _with_items(self, validate: Validator, items: "FieldType") -> Validator:
        """Return *validate* and a check of each item; what is valid empty is not checked again."""
        valid, validate_item = items.valid_kinds, items.validator()
        empty = self.kind()
        is_valid_empty = all(violation(empty) is None for violation in self.violations)
        valid_empty = self.kind if is_valid_empty else None

        def validate_items(
            record: object, field: "attrs.Attribute[Any]", value: Any, /, item: str = ""
        ) -> None:
            if type(value) is valid_empty and not value:
                return
            validate(record, field, value, item)
            for index, one in enumerate(value or ()):
                if type(one) not in valid:  # saves the call
                    validate_item(record, field, one, f"{item}/{index}")

        return validate_items

    def _accepts(self, value: object) -> bool:
        """Return whether *value* is of a subclass that may be stored."""
        if self.kind in _EXACT or (self.kind is date and isinstance(value, datetime)):
            return False
        return isinstance(value, self.kind)

    def _wrong_type(self, value: object) -> str:
        name = f"{self.kind.__name__} or None" if self.optional else self.kind.__name__
        return f"must be {self.expected or f'of type {name}'}, not {type(value).__name__}"


def without_time_zone(moment: datetime) -> str | None:
    """Return the error text for a moment without a time zone."""
    if moment.tzinfo is UTC or moment.utcoffset() is not None:
        return None
    return "must have a time zone"


def unchecked(cls: type[T], **values: Any) -> T:
    """Return a record of *values* that are stored, without checking them again.

    Other fields have their defaults.
    """
    record = cls.__new__(cls)
    for name, value in (_defaults_of(cls) | values).items():  # type: ignore[arg-type]  # classes are hashable
        object.__setattr__(record, name, value)
    return record


@functools.cache
def _defaults_of(cls: type[Any]) -> dict[str, Any]:
    return {one.name: one.default for one in attrs.fields(cls) if one.default is not attrs.NOTHING}
