"""Hypothesis strategies and samples, derived from the rules on the types.

`records(cls)` draws valid records, `breaking(declared)` draws values that break a rule, and
`sample(cls)` builds a record from the documented examples. A changed rule changes what is drawn.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from types import MappingProxyType
from typing import Any, Final, NewType, TypeVar, get_args, get_origin

import attrs
from hypothesis import reject, settings
from hypothesis import strategies as st

from mechanic_core.errors import RuleBroken
from mechanic_core.inventory.movement import Movement
from mechanic_core.inventory.part import Part
from mechanic_core.money import (
    MONEY_DECIMALS,
    PERCENT_DECIMALS,
    QUANTITY_DECIMALS,
    Money,
    Percent,
    Quantity,
)
from mechanic_core.profile.calendar import ZoneName, zone_names
from mechanic_core.rules import (
    Between,
    Example,
    Length,
    OneOf,
    Pattern,
    Rule,
    first_violation,
    normalizer_of,
    rules_of,
    union_members,
    unwrap_annotated,
)

T = TypeVar("T")

FEWER: Final = settings(max_examples=settings().max_examples // 4)
"""Settings for tests with large examples: a quarter of the profile's number."""

NOON: Final = datetime(2026, 3, 2, 12, tzinfo=UTC)
"""The time of samples."""

_MOMENTS: Final = st.datetimes(
    NOON.replace(year=2000, tzinfo=None),
    NOON.replace(year=2099, tzinfo=None),
    timezones=st.just(UTC),
)
_PLAIN: Final[Mapping[object, st.SearchStrategy[Any]]] = MappingProxyType(
    {
        bool: st.booleans(),
        bytes: st.binary(max_size=100),
        datetime: _MOMENTS,
        date: st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    }
)
_EXAMPLES: Final[Mapping[object, object]] = MappingProxyType(
    {
        bool: True,
        bytes: b"some bytes",
        int: 1,
        str: "some text",
        datetime: NOON,
        date: NOON.date(),
    }
)
_DECIMALS: Final = {
    Money: MONEY_DECIMALS,
    Quantity: QUANTITY_DECIMALS,
    Percent: PERCENT_DECIMALS,
}
_CHARACTERS: Final = st.characters(codec="utf-8", exclude_characters="\x00")
_VISIBLE: Final = st.characters(
    codec="utf-8", exclude_categories=["Cc", "Cf"], include_characters="\t\n\r\u200d"
)
"""What texts with a pattern mostly have: those with other characters would be drawn in vain."""

_ORDINARY: Final = "Señor Ωλ #7\n"
_ODD: Final = ("", " ", "\t\n", "\x00", "a\x07", "a\ud800", "no-at-sign", "a@b c", "I" * 17, "é")


@cache
def values_of(declared: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for the values of a field that is declared as *declared*."""
    members, optional = union_members(unwrap_annotated(declared)[0])
    drawn = st.one_of([_values(member, rules_of(declared)) for member in members])
    if normalize := normalizer_of(declared):
        drawn = drawn.map(normalize).filter(_satisfies(rules_of(declared)))
    return st.none() | drawn if optional else drawn


def records(cls: type[T]) -> st.SearchStrategy[T]:
    """Return a strategy for valid records of *cls*."""
    drawn: Any = cls  # mypy does not consider a type variable's class hashable
    return _records(drawn)


def breaking(declared: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for values of the right type that break a rule of *declared*."""
    return st.sampled_from(rule_breaking(declared))


def rule_breaking(declared: Any) -> list[Any]:
    """Return values of the right type that break the rules of *declared*, some for each rule.

    They break them when they are normalized too; an optional one is not blank.
    """
    rules, normalize = rules_of(declared), normalizer_of(declared)
    found = [value for rule in rules for value in _broken(rule, rules)]
    if normalize is None:
        return found
    _, optional = union_members(unwrap_annotated(declared)[0])
    return [
        v for v in found if first_violation(rules, normalize(v)) and (normalize(v) or not optional)
    ]


def sample(cls: type[T], **given: Any) -> T:
    """Return a record of *given* values, defaults, and the types' examples."""
    missing = {
        field.alias: example_of(field.type)
        for field in attrs.fields(cls)  # type: ignore[arg-type]  # any attrs class
        if field.init and field.alias not in given and field.default is attrs.NOTHING
    }
    return cls(**missing, **given)


def example_of(declared: Any) -> Any:
    """Return an example of a type, as the core stores it."""
    bare, notes = unwrap_annotated(declared)
    for note in notes:
        if isinstance(note, Example):
            decimals = _DECIMALS.get(bare)  # the document says 19.99, the core stores 1999
            return int(Decimal(str(note.value)).scaleb(decimals)) if decimals else note.value
    if (collection := get_origin(bare)) in (frozenset, tuple):
        return collection((example_of(get_args(bare)[0]),))
    if isinstance(bare, NewType):
        return example_of(bare.__supertype__)
    ((first, *_), _) = union_members(bare)
    if first is not bare:
        return example_of(first)
    if issubclass(bare, Enum):
        return next(iter(bare))
    return _EXAMPLES[bare] if bare in _EXAMPLES else sample(bare)


@cache
def _records(cls: type[Any]) -> st.SearchStrategy[Any]:
    return _built_records(cls)


@st.composite
def _built_records(draw: st.DrawFn, cls: type[T]) -> T:
    """Draw a record, or have Hypothesis draw again where a rule between fields refuses it.

    Unlike `st.builds` it has a short `repr`, which Hypothesis makes where a draw is refused.
    """
    drawn = draw(st.fixed_dictionaries(_field_strategies(cls)))
    try:
        record: Any = cls(**drawn)
    except RuleBroken:
        reject()
    if isinstance(record, Part):
        record = attrs.evolve(record, reserved=min(record.reserved, record.quantity))
    if isinstance(record, Movement):
        most = min(record.reserved_after, record.on_hand_after)
        record = attrs.evolve(record, reserved_after=most)
    return record  # type: ignore[no-any-return]  # evolve keeps the class


def _field_strategies(cls: type[Any]) -> dict[str, st.SearchStrategy[Any]]:
    return {f.alias: values_of(f.type) for f in attrs.fields(cls) if f.init and f.alias}


def _values(declared: Any, rules: Sequence[Rule]) -> st.SearchStrategy[Any]:  # noqa: PLR0911 - one for each kind
    bare, _ = unwrap_annotated(declared)
    while isinstance(bare, NewType):
        bare, _ = unwrap_annotated(bare.__supertype__)
    if bare in _PLAIN:
        return _PLAIN[bare]
    if bare is str:
        return _texts(rules)
    if bare is int:
        return _numbers(rules)
    if (collection := get_origin(bare)) in (frozenset, tuple):
        least, most = _lengths(rules)
        return st.lists(values_of(get_args(bare)[0]), min_size=least, max_size=min(most, 5)).map(
            collection
        )
    if get_origin(bare) is Mapping:
        key, value = get_args(bare)
        return st.dictionaries(values_of(key), values_of(value), max_size=3)
    if issubclass(bare, Enum):
        return st.sampled_from([one for one in bare if not first_violation(rules, one)])
    return records(bare)


def _texts(rules: Sequence[Rule]) -> st.SearchStrategy[str]:
    if any(isinstance(rule, ZoneName) for rule in rules):
        return st.sampled_from(sorted(zone_names()))
    least, most = _lengths(rules)
    narrow = [r.regex for r in rules if isinstance(r, Pattern) and r.violation(_ORDINARY)]
    drawn = (
        st.from_regex(_shortened(narrow[0]), fullmatch=True)
        if narrow
        else st.text(
            _VISIBLE if any(isinstance(rule, Pattern) for rule in rules) else _CHARACTERS,
            min_size=least,
            max_size=most,
        )
    )
    return drawn.filter(lambda text: not first_violation(rules, text))


def _satisfies(rules: Sequence[Rule]) -> Callable[[str], bool]:
    return lambda text: not first_violation(rules, text)


def _shortened(regex: str) -> str:
    """Return a pattern for the shorter matches of *regex*, which are drawn faster."""
    return regex.replace("]+", "]{1,6}").replace("]*", "]{0,6}").replace(")*", "){0,2}")


def _numbers(rules: Sequence[Rule]) -> st.SearchStrategy[int]:
    """Return integers within the rules; ids, which have no rules, are positive."""
    bounds = [rule for rule in rules if isinstance(rule, Between)] or [Between(1, 2**31 - 1)]
    return st.integers(max(b.minimum for b in bounds), min(b.maximum for b in bounds))


def _lengths(rules: Sequence[Rule]) -> tuple[int, int]:
    lengths = [rule for rule in rules if isinstance(rule, Length)] or [Length(0, 200)]
    return max(rule.minimum for rule in lengths), min(rule.maximum for rule in lengths)


def _broken(rule: Rule, rules: Sequence[Rule]) -> list[Any]:
    """Return values that break *rule*."""
    if isinstance(rule, Between):
        return [rule.minimum - 1, rule.maximum + 1, -(2**63), 2**63]
    if isinstance(rule, OneOf):
        return [one for one in type(rule.members[0]) if one not in rule.members]
    tries: list[Any] = list(_ODD) if any(isinstance(r, Pattern) for r in rules) else [(), (1,)]
    if isinstance(rule, Length):
        tries += [tries[1] * (rule.maximum + 1), tries[-1] * (rule.maximum + 1)]
    if isinstance(rule, Pattern):  # which is all of the rule that the documentation shows
        return [value for value in tries if not re.fullmatch(rule.regex, value)]
    return [value for value in tries if rule.violation(value) is not None]
