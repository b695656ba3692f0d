"""Every record of the core enforces the rules on its types."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from typing import Any, get_args, get_origin

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mechanic_core
from mechanic_core.customers.customer import Customer
from mechanic_core.errors import RuleBroken
from mechanic_core.inventory.movement import Movement
from mechanic_core.inventory.part import Part
from mechanic_core.mechanics.mechanic import PublicMechanic
from mechanic_core.rules import (
    Rule,
    computed,
    first_violation,
    rules_of,
    union_members,
    unwrap_annotated,
)
from mechanic_core.tickets.assigned_mechanic import AssignedMechanic
from mechanic_core.tickets.history import Entry
from mechanic_core.tickets.job import Job
from mechanic_core.tickets.lines.line import TicketLine
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.tickets.ticket_vehicle import TicketVehicle
from mechanic_core.vehicles.vehicle import Vehicle
from tests.strategies import FEWER, example_of, records, rule_breaking, sample, values_of

GIVEN: dict[str, dict[str, object]] = {
    "CreditNoteForm": {"all_": True},
    "Discount": {"percent": 100_000},
    "DiscountsForm": {"items": ()},
    "LineCredit": {"quantity": 1_000},
    "MechanicEdit": {"add_ids": (1,)},
    "ScopedDiscount": {"percent": 100_000},
    "TicketDiscount": {"percent": 100_000},
}
"""What a sample needs because a rule spans its optional fields."""


def ruled() -> Iterator[type[Any]]:
    """Yield every record of the core that has rules."""
    for module in pkgutil.walk_packages(mechanic_core.__path__, "mechanic_core."):
        found = importlib.import_module(module.name)
        for _, cls in inspect.getmembers(found, inspect.isclass):
            if cls.__module__ == found.__name__ and attrs.has(cls) and _has_rules(cls):
                yield cls


def _has_rules(cls: type[Any]) -> bool:
    return any(field.validator for field in attrs.fields(cls))


def member_rules(declared: Any) -> tuple[Rule, ...]:
    """Return the rules of the items of a tuple type."""
    inner, _ = unwrap_annotated(declared)
    members, _ = union_members(inner)
    inner, _ = unwrap_annotated(members[0])
    items = get_args(inner) if get_origin(inner) is tuple else ()
    return rules_of(items[0]) if items else ()


def _is_text(field: "attrs.Attribute[Any]") -> bool:
    (first, *_), _ = union_members(unwrap_annotated(field.type)[0])
    return unwrap_annotated(first)[0] is str


RECORDS = sorted(ruled(), key=lambda cls: cls.__name__)
STORED = (
    AssignedMechanic,
    Customer,
    Entry,
    Job,
    TicketLine,
    Movement,
    Part,
    PublicMechanic,
    Ticket,
    TicketVehicle,
    Vehicle,
)
"""What a store holds, with texts of any release; each is made of what a form has checked."""

FIELDS = [
    pytest.param(cls, field, id=f"{cls.__name__}.{field.name}")
    for cls in RECORDS
    for field in attrs.fields(cls)
    if field.init and rules_of(field.type) and not (issubclass(cls, STORED) and _is_text(field))
]
TEXTS = [
    pytest.param(cls, field, id=f"{cls.__name__}.{field.name}")
    for cls in STORED
    for field in attrs.fields(cls)
    if rules_of(field.type) and _is_text(field)
]
MEMBERS = [
    pytest.param(cls, field, id=f"{cls.__name__}.{field.name}")
    for cls in RECORDS
    for field in attrs.fields(cls)
    if member_rules(field.type)
]


@pytest.mark.parametrize("cls", RECORDS, ids=lambda cls: cls.__name__)
def test_examples_follow_the_rules(cls: type[Any]) -> None:
    """
    A record can be made of its own examples, which follow its rules.
    """
    made = sample(cls, **GIVEN.get(cls.__name__, {}))

    for field in attrs.fields(cls):
        value = getattr(made, field.name)
        assert value is None or not first_violation(rules_of(field.type), value)


@given(st.data())
def test_generated_records_can_be_copied(data: st.DataObject) -> None:
    """
    A record of valid values is equal to its copy, and its computed properties work.
    """
    cls = data.draw(st.sampled_from(RECORDS))
    made = data.draw(records(cls))

    assert made == attrs.evolve(made)
    for name, member in vars(cls).items():
        if isinstance(member, computed):
            getattr(made, name)


@pytest.mark.parametrize(("cls", "field"), FIELDS)
def test_a_broken_rule_is_refused(cls: type[Any], field: "attrs.Attribute[Any]") -> None:
    """
    No field of a record takes an invalid value, and the refusal names the field.
    """
    for bad in rule_breaking(field.type):
        if field.default and not str(bad).strip():  # not given
            continue
        with pytest.raises(RuleBroken) as refused:
            sample(cls, **{field.alias or field.name: bad})

        assert [f"#/{field.name}"] == [problem.pointer for problem in refused.value.problems]


@pytest.mark.parametrize(("cls", "field"), TEXTS)
def test_a_stored_text_is_not_checked_again(cls: type[Any], field: "attrs.Attribute[Any]") -> None:
    """
    A record with a text that a former release took can be copied and changed.
    """
    for old in (text for text in rule_breaking(field.type) if text):
        made = sample(cls, **{field.name: old})

        assert old == getattr(attrs.evolve(made), field.name)


@pytest.mark.parametrize(("cls", "field"), MEMBERS)
def test_an_invalid_item_has_its_pointer(cls: type[Any], field: "attrs.Attribute[Any]") -> None:
    """
    The refusal names the invalid item of a list.
    """
    good = example_of(field.type)[:1]

    with pytest.raises(RuleBroken) as refused:
        sample(cls, **{field.name: (*good, 0)})

    assert [f"#/{field.name}/1"] == [problem.pointer for problem in refused.value.problems]


@pytest.mark.parametrize("cls", RECORDS, ids=lambda cls: cls.__name__)
def test_records_are_frozen(cls: type[Any]) -> None:
    """
    A record cannot be changed in place.
    """
    made = sample(cls, **GIVEN.get(cls.__name__, {}))

    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(made, attrs.fields(cls)[0].name, None)


@FEWER
@given(st.data())
def test_generated_values_follow_the_rules(data: st.DataObject) -> None:
    """
    The strategies never generate a value that a constructor refuses.
    """
    field = data.draw(st.sampled_from([param.values[1] for param in FIELDS]))
    declared = getattr(field, "type", None)
    value = data.draw(values_of(declared))

    assert value is None or not first_violation(rules_of(declared), value)
