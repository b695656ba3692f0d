"""Digests of records that never change: anybody can compute them again from what the API shows.

The canonical text of a record is its JSON as it is served, with the members of each object sorted
by their names, without blanks, in UTF-8. Its digest is the SHA-256 of that, in lower-case
hexadecimal digits.
"""

import functools
import json
from collections.abc import Callable, Collection
from datetime import UTC, date, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Any, ClassVar, Final, NewType, Self, cast, get_args, get_origin

import attrs

from mechanic_core.access import By
from mechanic_core.members import LeftOut, annotation_of, computed_of, published_fields
from mechanic_core.money import (
    MONEY_DECIMALS,
    PERCENT_DECIMALS,
    QUANTITY_DECIMALS,
    Money,
    Percent,
    Quantity,
    without_zeros,
)
from mechanic_core.rules import Example, union_members, unwrap_annotated

Digest = Annotated[str, Example("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]

_DECIMALS: Final = {
    Money: MONEY_DECIMALS,
    Quantity: QUANTITY_DECIMALS,
    Percent: PERCENT_DECIMALS,
}


def digest_of(record: object, leave_out: Collection[str] = ()) -> str:
    """Return the digest of a record's canonical text."""
    return sha256(canonical_text(record, leave_out).encode()).hexdigest()


class Digested:
    """A record with a digest of its members, but for those that *not_digested* names.

    A subclass has a field *digest*.
    """

    __slots__ = ()

    not_digested: ClassVar[frozenset[str]]

    def digested(self) -> Self:
        """Return the record with the digest of its members."""
        return cast("Self", attrs.evolve(cast("Any", self), digest=self._digest_of_members()))

    @property
    def has_own_digest(self) -> bool:
        """Whether the digest is that of the members: nothing has been changed since."""
        return bool(self._digest_of_members() == cast("Any", self).digest)

    def _digest_of_members(self) -> str:
        return digest_of(self, self.not_digested)


def canonical_text(record: object, leave_out: Collection[str] = ()) -> str:
    """Return the canonical text of a record without the members to *leave_out*.

    The name of a person in `By`, which is looked up when it is shown, is left out too.
    """
    return _object({name: text for name, text in _members(record).items() if name not in leave_out})


def _object(members: dict[str, str]) -> str:
    return f"{{{','.join(f'{_quoted(name)}:{members[name]}' for name in sorted(members))}}}"


def _members(record: object) -> dict[str, str]:
    """Return the texts of the published members of a record that it has, by their names."""
    cls: Any = type(record)
    texts: dict[str, str] = {}
    for name, read, declared in _readers(cls):
        value = read(record)
        if value is not None or annotation_of(declared, LeftOut) is None:
            texts[name] = _text(value, declared)
    return texts


@functools.cache
def _readers(cls: Any) -> tuple[tuple[str, Callable[[Any], object], Any], ...]:
    """Return the name, the reader and the type of each published member of a class."""
    fields = [
        (field.name.rstrip("_"), functools.partial(_field, field.name), field.type)
        for field in published_fields(cls)
        if not (cls is By and field.name == "name")
    ]
    computed = [(name, member.compute, type_) for name, (member, type_) in computed_of(cls).items()]
    return (*fields, *computed)


def _field(name: str, record: object) -> object:
    return getattr(record, name)


def _text(value: Any, declared: Any) -> str:
    """Return the JSON of a value of a type; amounts are scaled integers by their type alone."""
    bare, _ = unwrap_annotated(declared)
    members, optional = union_members(bare)
    if value is None:
        return "null"
    if optional and len(members) == 1:
        return _text(value, members[0])
    if bare in _DECIMALS:
        return format(without_zeros(value, _DECIMALS[bare]), "f")
    if isinstance(bare, NewType):
        return _text(value, bare.__supertype__)
    if get_origin(bare) is tuple:
        return f"[{','.join(_text(one, get_args(bare)[0]) for one in value)}]"
    return _object(_members(value)) if attrs.has(type(value)) else _plain(value)


def _plain(value: object) -> str:
    """Return the JSON of a text, a whole number, a truth value, a moment or a day."""
    if isinstance(value, datetime):
        moment = value.astimezone(UTC).isoformat(timespec="microseconds")
        return _quoted(moment.replace("+00:00", "Z"))
    if isinstance(value, date):
        return _quoted(value.isoformat())
    if isinstance(value, StrEnum):
        return _quoted(value.value)
    return json.dumps(value, ensure_ascii=False)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
