"""How records are written into a shared cache: as JSON, so that nothing read there can run."""

import hashlib
from typing import Any, TypeVar, get_args, get_origin

from attrs import fields, has
from cattrs.preconf.orjson import make_converter

from mechanic_adapters.caching.ports import Kind
from mechanic_core.errors import Refused

T = TypeVar("T")

_converter = make_converter(detailed_validation=False)


def recorded(name: str, shape: type[T], *nouns: str) -> Kind[T]:
    """Return a kind of answer that is a record, or a tuple of them, made of *nouns*."""
    form = hashlib.blake2b(_described(shape).encode(), digest_size=6).hexdigest()

    def write(answer: T) -> bytes:
        return _converter.dumps(answer, unstructure_as=shape)

    def read(data: bytes) -> T:
        try:
            return _converter.loads(data, shape)
        except (AttributeError, KeyError, TypeError, Refused) as error:
            raise ValueError(name) from error

    return Kind(name, nouns, write, read, form)


def _described(shape: Any) -> str:
    """Return all of a type that matters to what is written: names and types, inner ones too."""
    whole = get_origin(shape) or shape
    inner = [_described(argument) for argument in get_args(shape)]
    if isinstance(whole, type) and has(whole):
        inner += [f"{field.name}: {_described(field.type)}" for field in fields(whole)]
    return f"{getattr(whole, '__name__', whole)}[{', '.join(inner)}]"
