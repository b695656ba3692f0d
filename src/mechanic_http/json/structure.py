"""Records from JSON: strict hooks for cattrs that convert nothing and report every problem."""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, NewType, TypeAlias, get_args

import attrs
from cattrs import ClassValidationError, Converter, ForbiddenExtraKeysError
from cattrs.gen import make_dict_structure_fn, override

from mechanic_core.errors import Problem, RuleBroken
from mechanic_core.money import (
    MONEY_DECIMALS,
    PERCENT_DECIMALS,
    QUANTITY_DECIMALS,
    Money,
    Percent,
    Quantity,
)
from mechanic_core.rules import (
    Alias,
    Between,
    Length,
    OneOf,
    Pattern,
    Rule,
    first_violation,
    normalizer_of,
    union_members,
    unwrap_annotated,
)
from mechanic_http.json.amounts import structure_scaled
from mechanic_http.json.members import (
    aliases_of,
    is_annotated,
    is_optional,
    is_tuple,
    member_name,
)
from mechanic_http.json.partial_records import broken_rules
from mechanic_http.json.pointers import escape, nest, rename

Hook: TypeAlias = Callable[[Any, Any], Any]

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DATE_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z", re.ASCII)
_STRICT: Final = (str, int, bool, date, datetime)


def structure_converter() -> Converter:
    """Return a converter whose hooks raise `RuleBroken` with pointers relative to their value."""
    converter = Converter()
    converter.register_structure_hook(str, _exactly(str, "must be a string"))
    converter.register_structure_hook(int, _exactly(int, "must be an integer"))
    converter.register_structure_hook(bool, _exactly(bool, "must be true or false"))
    converter.register_structure_hook(date, _date)
    converter.register_structure_hook(datetime, _date_time)
    converter.register_structure_hook(StrEnum, _enum)
    converter.register_structure_hook(Money, structure_scaled(MONEY_DECIMALS))
    converter.register_structure_hook(Quantity, structure_scaled(QUANTITY_DECIMALS))
    converter.register_structure_hook(Percent, structure_scaled(PERCENT_DECIMALS))
    converter.register_structure_hook_factory(attrs.has, _record)
    converter.register_structure_hook_factory(is_tuple, _tuple)
    converter.register_structure_hook_factory(is_optional, _optional)
    converter.register_structure_hook_factory(is_annotated, _annotated)
    return converter


def _exactly(kind: type, expected: str) -> Hook:
    problem = Problem("#", expected)

    def structure(value: Any, _: Any) -> Any:
        if type(value) is not kind:
            raise RuleBroken(problem)
        return value

    return structure


def _date(value: Any, _: Any) -> date:
    if type(value) is str and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise RuleBroken(Problem("#", "must be a valid date (YYYY-MM-DD)"))


def _date_time(value: Any, _: Any) -> datetime:
    if type(value) is str and _DATE_TIME.fullmatch(value):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass
    raise RuleBroken(Problem("#", "must be a valid date and time in UTC (YYYY-MM-DDThh:mm:ssZ)"))


def _enum(value: Any, kind: type[StrEnum]) -> StrEnum:
    member = kind._value2member_map_.get(value) if type(value) is str else None
    if not isinstance(member, kind):
        raise RuleBroken(Problem("#", f"must be one of {', '.join(kind)}"))
    return member


def _tuple(declared: Any, converter: Converter) -> Hook:
    member_type, _ = get_args(declared)
    hook = converter.get_structure_hook(member_type)

    def structure(value: Any, _: Any) -> tuple[Any, ...]:
        if type(value) is not list:
            raise RuleBroken(Problem("#", "must be an array"))
        members: list[Any] = []
        problems: list[Problem] = []
        for index, member in enumerate(value):
            try:
                members.append(hook(member, member_type))
            except RuleBroken as refused:
                problems.extend(nest(str(index), refused))
        if problems:
            raise RuleBroken(*problems)
        return tuple(members)

    return structure


def _optional(declared: Any, converter: Converter) -> Hook:
    (member,), _ = union_members(declared)
    hook, normalize = converter.get_structure_hook(member), normalizer_of(member)
    if normalize is None:
        return lambda value, _: None if value is None else hook(value, member)

    def structure(value: Any, _: Any) -> Any:
        if type(value) is str:
            value = normalize(value) or None
        return None if value is None else hook(value, member)

    return structure


def _annotated(declared: Any, converter: Converter) -> Hook:
    bare, notes = unwrap_annotated(declared)
    rules = [n for n in notes if isinstance(n, Length | Between | Pattern | OneOf)]
    hook, normalize = converter.get_structure_hook(bare), normalizer_of(declared)
    if not rules:
        return lambda value, _: hook(value, bare)
    # Choices are checked before the type, so that the message lists those that are allowed here,
    # and the length of an array before its members, which may be a million.
    is_array = is_tuple(bare)
    first: list[Rule] = [rule for rule in rules if isinstance(rule, Length if is_array else OneOf)]

    def structure(value: Any, _: Any) -> Any:
        if first and (type(value) is list or not is_array):
            violation = first_violation(first, value)
            if violation:
                raise RuleBroken(Problem("#", violation))
        result = hook(value, bare)
        if normalize:
            result = normalize(result)
        if violation := first_violation(rules, result):
            raise RuleBroken(Problem("#", violation))
        return result

    return structure


def _record(cls: Any, converter: Converter) -> Hook:
    """Return a hook around cattrs' generated one that accepts aliases and collects problems."""
    attrs.resolve_types(cls, include_extras=True)
    fields = [field for field in attrs.fields(cls) if field.init]
    for field in fields:
        _require_strict(field.type)
    names = {field.name: member_name(field.name) for field in fields}
    aliases = aliases_of(cls)
    defaults = _defaults(fields)
    overrides: dict[str, Any] = {field: override(rename=name) for field, name in names.items()}
    generated = make_dict_structure_fn(cls, converter, _cattrs_forbid_extra_keys=True, **overrides)

    def structure(value: Any, _: Any) -> Any:
        if type(value) is not dict:
            raise RuleBroken(Problem("#", "must be an object"))
        chosen = {alias.name: n for n, alias in aliases.items() if _is_chosen(alias, n, value)}
        tree: dict[str, Any] = value
        if not chosen.keys().isdisjoint(value):
            swapped = chosen | {n: alias for alias, n in chosen.items()}
            tree = {swapped.get(n, str(n)): member for n, member in value.items()}
        if not defaults.keys().isdisjoint(tree):
            tree = {
                n: member
                for n, member in tree.items()
                if n not in defaults or not _is_empty(member, defaults[n])
            }
        try:
            return generated(tree, cls)
        except ClassValidationError as error:
            shown = names | {n: alias for alias, n in chosen.items()}
            problems = [*_field_problems(error, tree, shown), *_unknown(tree, shown, aliases)]
            rules = broken_rules(error, cls, tree, converter)
        raise RuleBroken(*problems, *(rename(problem, shown) for problem in rules))

    return structure


def _defaults(
    fields: "Iterable[attrs.Attribute[Any]]",
) -> dict[str, Callable[[str], str] | None]:
    """Return the normalizers of the optional fields that are never None, by their JSON names."""
    declared: dict[str, Any] = {
        member_name(field.name): field.type
        for field in fields
        if field.default is not attrs.NOTHING
    }
    return {
        name: normalizer_of(one)
        for name, one in declared.items()
        if not is_optional(unwrap_annotated(one)[0])
    }


def _is_empty(value: Any, normalize: Callable[[str], str] | None) -> bool:
    """Return whether an optional member is as if it were not given: null or a blank text."""
    return value is None or (type(value) is str and normalize is not None and not normalize(value))


def _field_problems(
    error: ClassValidationError, tree: dict[str, Any], shown: dict[str, str]
) -> Iterator[Problem]:
    """Return the problems of each field; raise what is no problem of the body."""
    of_fields, others = error.group_exceptions()
    for refused, note in of_fields:
        name = shown[note.name]
        if isinstance(refused, KeyError):
            yield Problem(f"#/{name}", "is required")
        elif tree.get(member_name(note.name)) is None:
            yield Problem(f"#/{name}", "must not be null")
        elif isinstance(refused, RuleBroken):
            yield from nest(name, refused)
        else:
            raise refused
    for refused in others:
        if not isinstance(refused, RuleBroken | ForbiddenExtraKeysError):
            raise refused


def _is_chosen(alias: Alias, name: str, value: dict[str, Any]) -> bool:
    """Return whether the field *name* goes by its alias in *value*, an object.

    Of two names that are both given, or both missing, it is the one that the object's kind has.
    """
    if (alias.name in value) is not (name in value):
        return alias.name in value
    return alias.where is not None and value.get(alias.where[0]) == alias.where[1]


def _unknown(
    tree: dict[str, Any], shown: dict[str, str], aliases: dict[str, Alias]
) -> Iterator[Problem]:
    """Return a problem for each member of *tree* that is no field, or one given twice."""
    known = frozenset(map(member_name, shown))
    twice = {alias.name: name for name, alias in aliases.items()}
    for key in tree:
        if key in twice:
            chosen = shown[twice[key]]
            other = key if chosen == twice[key] else twice[key]
            yield Problem(f"#/{other}", f"must not be given together with {chosen}")
        elif key not in known:
            yield Problem(f"#/{escape(key)}", "is not a known field")


def _require_strict(declared: Any) -> None:
    """Raise `TypeError` for a type that cattrs would convert to."""
    bare, _ = unwrap_annotated(declared)
    for member in union_members(bare)[0]:
        inner, _ = unwrap_annotated(member)
        if is_tuple(inner):
            _require_strict(get_args(inner)[0])
        elif isinstance(inner, NewType):
            _require_strict(inner.__supertype__)
        elif not (inner in _STRICT or attrs.has(inner) or issubclass(inner, StrEnum)):
            raise TypeError(f"{declared} cannot be structured strictly")
