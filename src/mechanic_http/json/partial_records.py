"""The rules between the members of a record of which some are wrong or missing."""

import functools
from collections.abc import Mapping
from typing import Any, NoReturn

from mechanic_core.errors import Problem, RuleBroken


def broken_rules(cls: type[Any], values: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Return the problems that the constructor of *cls* finds between *values*, some of its fields.

    A check that needs another field finds nothing.
    """
    if not hasattr(cls, "__attrs_post_init__"):
        return ()
    record = object.__new__(_incomplete(cls))  # type: ignore[arg-type]  # classes are hashable
    for name, value in values.items():
        object.__setattr__(record, name, value)
    try:
        record.__attrs_post_init__()
    except RuleBroken as refused:
        return refused.problems
    return ()


@functools.cache
def _incomplete(cls: type[Any]) -> Any:
    """Return *cls* with a refusal, which names no problem, for each field without a value."""
    return type(cls.__name__, (cls,), {"__slots__": (), "__getattr__": _no_value})


def _no_value(*_: object) -> NoReturn:
    raise RuleBroken
