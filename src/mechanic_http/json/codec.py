"""The JSON codec: structures records from JSON and encodes records as JSON."""

import functools
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, TypeVar

import orjson

from mechanic_http.json.structure import structure_converter
from mechanic_http.json.unstructure import unstructure_converter

T = TypeVar("T")

_STRUCTURE: Final = structure_converter()
_UNSTRUCTURE: Final = unstructure_converter()


def structure(tree: Any, cls: type[T]) -> T:
    """Return the record of type *cls* in *tree*, which has its fractions as `Decimal`.

    Raises `RuleBroken` with every problem, each with its pointer.
    """
    record: T = structure_hook(cls)(tree, cls)
    return record


def structure_hook(cls: type) -> Callable[[Any, Any], Any]:
    """Return the hook that structures *cls*; raise `TypeError` for a type that is not strict."""
    return _STRUCTURE.get_structure_hook(cls)


def unstructure_hook(cls: type) -> Callable[[Any], Any]:
    """Return the hook that unstructures *cls* for `dumps`.

    Raises `TypeError` for a record with a secret or a type that JSON does not have.
    """
    return _UNSTRUCTURE.get_unstructure_hook(cls)


def encode(record: object, *, indented: bool = False) -> bytes:
    """Return *record* as JSON; *indented* for people."""
    tree = unstructure_hook(type(record))(record)
    return _dumps(tree, option=_OPTIONS | orjson.OPT_INDENT_2) if indented else dumps(tree)


def _decimal(value: object) -> object:
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f"))
    raise TypeError(f"{type(value).__name__} cannot be encoded as JSON")


_OPTIONS: Final = orjson.OPT_UTC_Z
_dumps: Final = functools.partial(orjson.dumps, default=_decimal)

dumps: Final[Callable[[object], bytes]] = functools.partial(_dumps, option=_OPTIONS)
"""Returns a tree from an `unstructure_hook` as JSON; decimals are exact."""
