"""Rules on types, and the constructors that enforce them."""

from typing import Annotated, NewType

import pytest
from attrs import evolve, frozen

from mechanic_core.errors import RuleBroken
from mechanic_core.inventory.part import Kind
from mechanic_core.rules import (
    Alias,
    Between,
    Length,
    OneOf,
    Pattern,
    Rule,
    checked,
    computed,
    first_violation,
    rules_of,
    union_members,
    unwrap_annotated,
)

Few = Annotated[int, Between(1, 3)]
Named = NewType("Named", Few)


@frozen(kw_only=True, field_transformer=checked)
class Order:
    """A record with a rule on each kind of field."""

    dishes: Few = 1
    guests: Few | None = None
    tables: Annotated[tuple[Few, ...] | None, Alias("seats")] = None
    free: int = 0

    @computed
    def doubled(self) -> int:
        """Twice the dishes."""
        return self.dishes * 2


@pytest.mark.parametrize(
    ("rule", "value", "detail"),
    [
        (Length(1, 3), "abc", None),
        (Length(1, 3), "", "must not be empty"),
        (Length(2, 3), "a", "must have 2 to 3 characters"),
        (Length(1, 3), "abcd", "must have at most 3 characters"),
        (Length(0, 1), (1, 2), "must have at most 1 items"),
        (Between(1, 3), 3, None),
        (Between(1, 3), 4, "must be from 1 to 3"),
        (Between(0, 1999, 2), -1, "must be from 0 to 19.99"),
        (Between(1, 99_999_000, 3), 0, "must be from 0.001 to 99999"),
        (Between(-50, 50, 2), 51, "must be from -0.5 to 0.5"),
        (Pattern("a+", "must be a sigh"), "aaa", None),
        (Pattern("a+", "must be a sigh"), "aab", "must be a sigh"),
        (OneOf((Kind.SCRAP, Kind.COUNT)), Kind.COUNT, None),
        (OneOf((Kind.SCRAP, Kind.COUNT)), "scrap", None),
        (OneOf((Kind.SCRAP, Kind.COUNT)), Kind.RESERVE, "must be one of scrap, count"),
        (OneOf((Kind.SCRAP, Kind.COUNT)), ["scrap"], "must be one of scrap, count"),
    ],
)
def test_a_rule_explains_its_violation(rule: Rule, value: object, detail: str | None) -> None:
    """
    A rule returns nothing for a valid value, and one phrase for an invalid one.
    """
    assert detail == rule.violation(value)


@pytest.mark.parametrize(
    ("broken", "pointer"),
    [
        ({"dishes": 4}, "#/dishes"),
        ({"guests": 0}, "#/guests"),
        ({"tables": (1, 9)}, "#/tables/1"),
    ],
)
def test_a_constructor_refuses_with_the_pointer(broken: dict[str, int], pointer: str) -> None:
    """
    A record cannot be made of invalid values, and the refusal names the field.
    """
    with pytest.raises(RuleBroken) as refused:
        Order(**broken)  # type: ignore[arg-type]  # which field it is differs

    assert [pointer] == [problem.pointer for problem in refused.value.problems]


def test_a_copy_is_checked_too() -> None:
    """
    `evolve` refuses what the constructor refuses.
    """
    with pytest.raises(RuleBroken):
        evolve(Order(), dishes=0)


def test_none_breaks_no_rule() -> None:
    """
    An optional field may be None.
    """
    assert Order(guests=None, tables=None) == Order()


def test_rules_are_found_in_nested_types() -> None:
    """
    Optional types and new types do not hide the rules inside.
    """
    assert (Between(1, 3),) == rules_of(Few)
    assert (Between(1, 3),) == rules_of(Few | None)
    assert (Between(1, 3),) == rules_of(Named)
    assert () == rules_of(int | str)


def test_types_are_unwrapped() -> None:
    """
    A declared type yields its inner type, its annotations, and whether it is optional.
    """
    assert (int, (Between(1, 3), Alias("n"))) == unwrap_annotated(Annotated[Few, Alias("n")])
    assert ((int, str), True) == union_members(int | str | None)
    assert ((int,), False) == union_members(int)


def test_the_first_violation_is_returned() -> None:
    """
    Of several broken rules the first is reported.
    """
    assert "must not be empty" == first_violation(
        (Length(1, 3), Pattern("a+", "must be a sigh")), ""
    )


def test_a_computed_property_is_found_on_its_class() -> None:
    """
    A computed property is read like a field, and its docstring is found on the class.
    """
    assert 6 == Order(dishes=3).doubled
    assert "Twice the dishes." == Order.doubled.__doc__
