"""A record refuses a value of a wrong type as it refuses a wrong value: from Python, too."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Annotated, Any, Final, NewType, get_args, get_origin

import attrs
import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from mechanic_core.access import Actor, Role
from mechanic_core.errors import Problem, RuleBroken
from mechanic_core.profile.calendar import Period
from mechanic_core.rules import Length, checked, union_members, unwrap_annotated
from mechanic_core.tickets.lines.labor_line import LaborLineForm
from mechanic_core.tickets.ticket import Ticket
from tests.strategies import FEWER, NOON, sample
from tests.unit.core.test_records import GIVEN, RECORDS


class Text(StrEnum):
    """Members that are equal to texts."""

    ONE = "one"


class Number(IntEnum):
    """Members that are equal to numbers."""

    ONE = 1


class Naive:
    """The kind of a moment without a time zone."""


VALUES: Final = (
    (bool, st.booleans()),
    (int, st.integers()),
    (float, st.floats()),
    (Decimal, st.decimals()),
    (complex, st.complex_numbers()),
    (str, st.text()),
    (bytes, st.binary()),
    (date, st.dates()),
    (datetime, st.datetimes(timezones=st.just(UTC))),
    (Naive, st.datetimes()),
    (timedelta, st.timedeltas()),
    (list, st.lists(st.integers() | st.text())),
    (set, st.sets(st.integers())),
    (dict, st.dictionaries(st.text(), st.integers())),
    (object, st.just(object())),
    (Text, st.just(Text.ONE)),
    (Number, st.just(Number.ONE)),
    (type(None), st.none()),
)
"""Values of many kinds, with their kinds."""

FIELDS: Final = [
    pytest.param(cls, field, id=f"{cls.__name__}.{field.name}")
    for cls in RECORDS
    for field in attrs.fields(cls)
    if field.init
]


def bare(declared: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the class, and the type of the items, of each kind of values of *declared*."""
    inner, _ = unwrap_annotated(declared)
    members, optional = union_members(inner)
    if optional:
        yield type(None), None
    for member in members:
        if isinstance(member, NewType):
            yield from bare(member.__supertype__)
        elif member is not inner:
            yield from bare(member)
        else:
            yield get_origin(inner) or inner, next(iter(get_args(inner)), None)


def wrong_values(declared: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for values of types that a field of type *declared* does not have."""
    kinds = dict(bare(declared))
    wrong = [values for kind, values in VALUES if kind not in kinds]
    for kind, items in kinds.items():
        if isinstance(kind, type) and issubclass(kind, Enum):
            wrong.append(st.sampled_from([member.value for member in kind]))
        if kind is tuple:
            wrong.append(st.tuples(wrong_values(items)))
        elif kind is frozenset:
            wrong.append(st.frozensets(st.floats() | st.booleans() | st.none(), min_size=1))
    return st.one_of(wrong)


@pytest.mark.parametrize(("cls", "field"), FIELDS)
@FEWER
@given(st.data())
def test_a_value_of_a_wrong_type_is_refused(
    cls: type[Any], field: "attrs.Attribute[Any]", data: st.DataObject
) -> None:
    """
    No field of a record takes a value of another type, and the refusal names the field.
    """
    wrong = data.draw(wrong_values(field.type))
    given_values = GIVEN.get(cls.__name__, {}) | {field.alias or field.name: wrong}

    with pytest.raises(RuleBroken) as refused:
        sample(cls, **given_values)

    (problem,) = refused.value.problems
    assert f"#/{field.name}" in {problem.pointer, problem.pointer.rpartition("/")[0]}
    assert problem.detail.startswith("must ")


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (
            {"hours": 1.5},
            Problem("#/hours", "must be a whole number of thousandths: use quantity(), not float"),
        ),
        (
            {"rate": Decimal("80.25")},
            Problem(
                "#/rate",
                "must be a whole number of minor currency units: use money(), not Decimal",
            ),
        ),
        ({"mechanic_id": True}, Problem("#/mechanic_id", "must be of type int or None, not bool")),
        ({"description": 5}, Problem("#/description", "must be of type str, not int")),
    ],
)
def test_the_refusal_says_what_to_do(wrong: dict[str, Any], problem: Problem) -> None:
    """
    The refusal of a wrong type says what the value must be, and what it is.
    """
    with pytest.raises(RuleBroken) as refused:
        sample(LaborLineForm, **wrong)

    assert (problem,) == refused.value.problems


def test_a_moment_needs_a_time_zone() -> None:
    """
    A moment without a time zone is refused, since nobody knows when it was.
    """
    with pytest.raises(RuleBroken, match="#/created_at: must have a time zone"):
        sample(Ticket, created_at=NOON.replace(tzinfo=None))


def test_a_date_has_no_time() -> None:
    """
    A moment is not a date, although it is a subclass in Python.
    """
    with pytest.raises(RuleBroken, match="#/since: must be of type date or None, not datetime"):
        Period(since=NOON)


def test_the_text_of_a_role_is_not_a_role() -> None:
    """
    A text that is equal to a member of an enumeration is refused: `is` would not find it.
    """
    with pytest.raises(RuleBroken, match="#/role: must be of type Role or None, not str"):
        Actor("manager", 1)  # type: ignore[arg-type]  # what the test is about

    assert Actor(Role.MANAGER, 1).is_manager


def test_the_moment_of_a_mock_clock_is_a_moment() -> None:
    """
    Subclasses of dates and moments, which test clocks return, are stored.
    """

    class Moment(datetime):
        """What a test clock returns."""

    class Day(date):
        """What a test calendar returns."""

    at, day = Moment(2026, 3, 2, tzinfo=UTC), Day(2026, 3, 2)

    assert at == sample(Ticket, created_at=at).created_at
    assert day == sample(Ticket, service_date=day).service_date


@pytest.mark.parametrize("declared", [list[int], dict[str, int], int | str, Any, tuple[int, str]])
def test_a_type_without_a_check_is_refused(declared: Any) -> None:
    """
    A record cannot declare a field of a type that its constructor could not check.
    """
    with pytest.raises(TypeError, match="cannot be checked"):
        frozen(field_transformer=checked)(
            type("Record", (), {"__annotations__": {"field": declared}})
        )


def test_an_empty_collection_is_checked_as_well() -> None:
    """
    Only an empty collection that the rules of its type allow is passed over, and only that type.
    """

    @frozen(kw_only=True, field_transformer=checked)
    class Record:
        some: Annotated[tuple[int, ...], Length(1, 3)] = (1,)
        any_: Annotated[tuple[int, ...] | None, Length(0, 3)] = ()

    with pytest.raises(RuleBroken, match="#/some: must not be empty"):
        Record(some=())
    with pytest.raises(RuleBroken, match="#/any_: must be of type tuple or None, not list"):
        Record(any_=[])  # type: ignore[arg-type]  # what the test is about

    assert ((1,), None, ()) == (Record().some, Record(any_=None).any_, Record(any_=()).any_)
