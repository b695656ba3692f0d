"""JSON to records and back: the one place where the two meet.

Rules sit on the records; what is only about JSON (its types, dates, exact numbers, pointers,
strictness) sits here and in the modules that this one joins.
"""

from decimal import Decimal
from typing import Any, Final, TypeVar

import orjson

from mechanic_http.json.structure import reader
from mechanic_http.json.unstructure import writer

T = TypeVar("T")

_READER: Final = reader()
_WRITER: Final = writer()

_OPTIONS: Final = orjson.OPT_UTC_Z


def read(tree: Any, cls: type[T]) -> T:
    """Return the record that *tree* describes: JSON with its fractions as `Decimal`.

    Raises `RuleBroken` with everything that is wrong, each with its pointer.
    """
    record: T = _READER.structure(tree, cls)
    return record


def tree_of(record: object) -> Any:
    """Return *record* ready for `dumps`."""
    return _WRITER.unstructure(record)


def dumps(tree: object) -> bytes:
    """Return JSON; moments end in ``Z``, decimals are exact."""
    return orjson.dumps(tree, _decimal, _OPTIONS)


def encode(record: object) -> bytes:
    """Return *record* as JSON."""
    return orjson.dumps(_WRITER.unstructure(record), None, _OPTIONS)


def must_publish(cls: type) -> None:
    """Make the writer of *cls* now; raise `TypeError` if it can't or mustn't be published."""
    _WRITER.get_unstructure_hook(cls)


def must_read(cls: type) -> None:
    """Make the reader of *cls* now; raise `TypeError` if a field can't be read strictly."""
    _READER.get_structure_hook(cls)


def _decimal(value: object) -> object:
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f"))
    raise TypeError(f"{type(value).__name__} has no place in an answer")
