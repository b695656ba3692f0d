"""Prefix search: keys that start with a text, as a range of their index."""

from typing import Final

from sqlalchemy import Column, ColumnElement, Text, bindparam, or_

_LAST_CODE_POINT: Final = 0x10FFFF
_LAST_BEFORE_SURROGATES: Final = 0xD7FF
_FIRST_AFTER_SURROGATES: Final = "\ue000"


def starts_with(*keys: Column[str]) -> ColumnElement[bool]:
    """Return whether one of *keys* is in the range of the parameters of `prefix_range`."""
    lower, upper = bindparam("lower", type_=Text), bindparam("upper", type_=Text)
    return or_(*((key >= lower) & (key < upper) for key in keys))


def prefix_range(prefix: str) -> dict[str, str]:
    """Return the range of texts that start with *prefix*: from *lower* to before *upper*."""
    return {"lower": prefix, "upper": _first_after(prefix)}


def _first_after(prefix: str) -> str:
    """Return the first text, by code points, after all that start with *prefix*."""
    stem = prefix.rstrip(chr(_LAST_CODE_POINT))
    if not stem:  # no text comes after, and no key is as long as this
        return chr(_LAST_CODE_POINT) * 1_000
    last = ord(stem[-1])
    after = _FIRST_AFTER_SURROGATES if last == _LAST_BEFORE_SURROGATES else chr(last + 1)
    return stem[:-1] + after
