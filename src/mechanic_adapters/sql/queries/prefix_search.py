"""Finding what begins with a text, by a range of an index on its key."""

from typing import Final

from sqlalchemy import Column, ColumnElement, Text, bindparam, or_

_LAST: Final = 0x10FFFF
_BEFORE_SURROGATES: Final = 0xD7FF
_BEHIND_SURROGATES: Final = "\ue000"


def begins(*keys: Column[str]) -> ColumnElement[bool]:
    """Return whether one of *keys* lies from the parameter *least* to before *most*."""
    least, most = bindparam("least", type_=Text), bindparam("most", type_=Text)
    return or_(*((key >= least) & (key < most) for key in keys))


def bounds(start: str) -> dict[str, str]:
    """Return the parameters of `begins` for texts that begin with *start*."""
    return {"least": start, "most": _next(start)}


def _next(start: str) -> str:
    """Return the first text, by code points, behind all that begin with *start*."""
    stem = start.rstrip(chr(_LAST))
    if not stem:  # nothing lies behind; no key is as long as this
        return chr(_LAST) * 1_000
    last = ord(stem[-1])
    return stem[:-1] + (_BEHIND_SURROGATES if last == _BEFORE_SURROGATES else chr(last + 1))
