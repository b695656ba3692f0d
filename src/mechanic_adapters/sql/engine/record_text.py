"""Records as JSON text in one column: nested values, and copies of what was in force.

Like a row, a text is read without checking its values again, and a member that was added since it
was written has its default.
"""

import functools
from collections.abc import Callable, Hashable
from typing import Any, Final, TypeVar, final

import attrs
from cattrs import BaseValidationError, Converter
from cattrs.preconf.orjson import make_converter
from sqlalchemy import Dialect, Text, TypeDecorator

from mechanic_core.validators import unchecked

T = TypeVar("T")

_CACHE_SIZE: Final = 256
"""How many texts are cached, and how many values: of each the least recently used goes first.

Many tickets have the same rules, and most changes of one leave them as they are.
"""

UNREADABLE: Final = (ValueError, TypeError, AttributeError, LookupError, BaseValidationError)
"""What reading a text that `text_of` has not written raises, or using what was read."""


@functools.lru_cache(maxsize=_CACHE_SIZE)
def text_of(value: Hashable) -> str:
    """Return a record, or a tuple of records, as JSON; amounts are whole numbers."""
    return _CONVERTER.dumps(value).decode()


def text_reader(declared: type[T]) -> Callable[[str], T]:
    """Return a function that reads what `text_of` wrote of a value of the type *declared*."""

    @functools.lru_cache(maxsize=_CACHE_SIZE)
    def read(text: str) -> T:
        return _CONVERTER.loads(text, declared)

    return read


@final
class RecordText(TypeDecorator[Any]):
    """The type of a column with `text_of` of values of one type."""

    impl = Text
    cache_ok = True

    def __init__(self, declared: Any) -> None:
        """Remember the type of the values."""
        super().__init__()
        self.declared = declared
        self._read = text_reader(declared)

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return a value as text; None for NULL."""
        return None if value is None else text_of(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002 - as above
        """Return the value in a text; None for NULL."""
        return None if value is None else self._read(value)


def _record_hook(cls: type[Any], converter: Converter) -> Callable[[Any, Any], Any]:
    attrs.resolve_types(cls, include_extras=True)
    types: dict[str, Any] = {field.name: field.type for field in attrs.fields(cls)}
    hooks = {name: converter.get_structure_hook(declared) for name, declared in types.items()}

    def read(tree: Any, _: Any) -> Any:
        values = {
            name: hook(tree[name], types[name]) for name, hook in hooks.items() if name in tree
        }
        return unchecked(cls, **values)

    return read


_CONVERTER: Final = make_converter()
_CONVERTER.register_structure_hook_factory(attrs.has, _record_hook)
