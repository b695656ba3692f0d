"""JSON into records: strict, and every problem told at once."""

import re
from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Final, TypeAlias, get_args, get_origin

import attrs
from cattrs import Converter

from mechanic_core.errors import Problem, RuleBroken
from mechanic_core.money import MONEY_DECIMALS, QUANTITY_DECIMALS, Money, Quantity
from mechanic_core.rules import (
    Between,
    Length,
    OneOf,
    Pattern,
    Rule,
    first_violation,
    union_members,
    unwrap_annotated,
)
from mechanic_http.json.amounts import scaled_reader
from mechanic_http.json.pointers import below
from mechanic_http.json.structure_records import record_reader

Read: TypeAlias = Callable[[Any, Any], Any]

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z", re.ASCII)


def reader() -> Converter:
    """Return a converter that reads JSON into records and converts nothing by itself.

    Each hook raises `RuleBroken` with problems whose pointers start where it was called.
    """
    converter = Converter()
    converter.register_structure_hook(str, _exactly(str, "must be text"))
    converter.register_structure_hook(int, _exactly(int, "must be an integer"))
    converter.register_structure_hook(bool, _exactly(bool, "must be true or false"))
    converter.register_structure_hook(date, _date)
    converter.register_structure_hook(datetime, _moment)
    converter.register_structure_hook(StrEnum, _member)
    converter.register_structure_hook(Money, scaled_reader(MONEY_DECIMALS))
    converter.register_structure_hook(Quantity, scaled_reader(QUANTITY_DECIMALS))
    converter.register_structure_hook_factory(attrs.has, record_reader)
    converter.register_structure_hook_factory(_is_tuple, _tuple)
    converter.register_structure_hook_factory(_is_optional, _optional)
    converter.register_structure_hook_factory(_is_annotated, _ruled)
    return converter


def _exactly(kind: type, wrong: str) -> Read:
    problem = Problem("#", wrong)

    def read(value: Any, _: Any) -> Any:
        if type(value) is not kind:
            raise RuleBroken(problem)
        return value

    return read


def _date(value: Any, _: Any) -> date:
    if type(value) is str and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise RuleBroken(Problem("#", "is no day of the calendar")) from error
    raise RuleBroken(Problem("#", "must be a date as in 2026-01-31"))


def _moment(value: Any, _: Any) -> datetime:
    if type(value) is str and _MOMENT.fullmatch(value):
        try:
            return datetime.fromisoformat(value)
        except ValueError as error:
            raise RuleBroken(Problem("#", "is no moment of the calendar")) from error
    raise RuleBroken(Problem("#", "must be a moment as in 2026-01-31T12:00:00Z"))


def _member(value: Any, kind: type[StrEnum]) -> StrEnum:
    found = kind._value2member_map_.get(value) if type(value) is str else None
    if not isinstance(found, kind):
        raise RuleBroken(Problem("#", f"must be one of {', '.join(kind)}"))
    return found


def _is_tuple(declared: Any) -> bool:
    return get_origin(declared) is tuple


def _tuple(declared: Any, converter: Converter) -> Read:
    member, _ = get_args(declared)
    read_member = converter.get_structure_hook(member)

    def read(value: Any, _: Any) -> tuple[Any, ...]:
        if type(value) is not list:
            raise RuleBroken(Problem("#", "must be a list"))
        members: list[Any] = []
        problems: list[Problem] = []
        for place, given in enumerate(value):
            try:
                members.append(read_member(given, member))
            except RuleBroken as refused:
                problems.extend(below(str(place), refused))
        if problems:
            raise RuleBroken(*problems)
        return tuple(members)

    return read


def _is_optional(declared: Any) -> bool:
    return union_members(declared)[1]


def _optional(declared: Any, converter: Converter) -> Read:
    (member,), _ = union_members(declared)
    read_member = converter.get_structure_hook(member)

    def read(value: Any, _: Any) -> Any:
        return None if value is None else read_member(value, member)

    return read


def _is_annotated(declared: Any) -> bool:
    return get_origin(declared) is Annotated


def _ruled(declared: Any, converter: Converter) -> Read:
    bare, notes = unwrap_annotated(declared)
    rules = [n for n in notes if isinstance(n, Length | Between | Pattern | OneOf)]
    read_bare = converter.get_structure_hook(bare)
    if not rules:
        return lambda value, _: read_bare(value, bare)
    # A choice comes first: whoever gives no member at all is told of those that may be given, not
    # of all. So do bounds on a list: one of a million members is not looked through.
    choices: list[Rule] = [rule for rule in rules if isinstance(rule, OneOf)]
    bounds = [rule for rule in rules if isinstance(rule, Length)] if _is_tuple(bare) else []
    on_a_list = [*choices, *bounds]

    def read(value: Any, _: Any) -> Any:
        if said := first_violation(on_a_list if type(value) is list else choices, value):
            raise RuleBroken(Problem("#", said))
        found = read_bare(value, bare)
        if said := first_violation(rules, found):
            raise RuleBroken(Problem("#", said))
        return found

    return read
