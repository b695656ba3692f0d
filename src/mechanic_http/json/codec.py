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


def encode(record: object) -> bytes:
    """Return *record* as JSON."""
    return dumps(unstructure_hook(type(record))(record))


def _decimal(value: object) -> object:
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f"))
    raise TypeError(f"{type(value).__name__} cannot be encoded as JSON")


dumps: Final[Callable[[object], bytes]] = functools.partial(
    orjson.dumps, default=_decimal, option=orjson.OPT_UTC_Z
)
"""Returns a tree from an `unstructure_hook` as JSON; decimals are exact."""
