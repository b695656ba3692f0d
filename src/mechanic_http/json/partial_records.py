"""The rules between the members of a record of which some are wrong or missing."""

import functools
from collections.abc import Mapping
from typing import Any, NoReturn

import attrs
from cattrs import ClassValidationError, Converter

from mechanic_core.errors import Problem, RuleBroken
from mechanic_http.json.members import member_name


def broken_rules(
    error: ClassValidationError, cls: type[Any], tree: dict[str, Any], converter: Converter
) -> tuple[Problem, ...]:
    """Return the problems between the fields that are right, as the constructor finds them."""
    of_fields, others = error.group_exceptions()
    for refused in others:
        if isinstance(refused, RuleBroken):
            return refused.problems
    wrong = {note.name for _, note in of_fields}
    return _broken_rules(
        cls,
        {
            field.name: converter.structure(tree[name], field.type)
            if field.init and (name := member_name(field.name)) in tree
            else field.default
            for field in attrs.fields(cls)
            if field.name not in wrong
        },
    )


def _broken_rules(cls: type[Any], values: Mapping[str, Any]) -> tuple[Problem, ...]:
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
