"""JSON to records and back: strict, exact, and every problem at once."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

import pytest
from attrs import field, frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from mechanic_core.accounts.account import Account, Credentials, TokenPair
from mechanic_core.customers.customer import Customer, CustomerForm, Registration
from mechanic_core.errors import Invalid, Problem, RuleBroken
from mechanic_core.inventory.movement import Movement, MovementForm
from mechanic_core.inventory.part import Part, PartForm
from mechanic_core.mechanics.mechanic import Hiring, Mechanic, MechanicForm
from mechanic_core.money import Money, Price, Quantity, Stock
from mechanic_core.rules import Alias, Unpublished, checked
from mechanic_core.tickets.forms import MechanicEdit, TicketDraft, TransitionForm
from mechanic_core.tickets.history import Entry
from mechanic_core.tickets.line import LaborLineForm
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.vehicles.vehicle import Vehicle, VehicleForm
from mechanic_http.endpoint import body as bodies
from mechanic_http.json import codec
from tests.strategies import NOON, records, sample

FORMS: list[type[Any]] = [
    Credentials,
    CustomerForm,
    Hiring,
    LaborLineForm,
    MechanicEdit,
    MovementForm,
    PartForm,
    Registration,
    TicketDraft,
    TransitionForm,
    VehicleForm,
]
ANSWERS: list[type[Any]] = [Customer, Entry, Mechanic, Movement, Part, Ticket, TokenPair, Vehicle]

FEW = settings(max_examples=max(5, settings().max_examples // 10))
"""For what is repeated for each of many records."""


@frozen(kw_only=True, field_transformer=checked)
class Gap:
    """Something with an alias, and a rule that no type tells."""

    width: Annotated[int, Alias("gap")]

    def __attrs_post_init__(self) -> None:
        """There must be one."""
        if self.width == 0:
            raise RuleBroken(Problem("#/width", "is no size"))


@frozen(kw_only=True, field_transformer=checked)
class Box:
    """Something with one amount of each kind, and the kinds of time."""

    price: Price = Money(0)
    stock: Stock = Quantity(0)
    day: date | None = None
    at: datetime | None = None
    count: int = 0
    open: bool = False


def problems_of(tree: Any, cls: type[Any]) -> tuple[Problem, ...]:
    """Return everything that is wrong with *tree* as a *cls*."""
    with pytest.raises(RuleBroken) as refused:
        codec.structure(tree, cls)
    return refused.value.problems


def said(tree: Any, cls: type[Any]) -> dict[str, str]:
    """Return the same by pointer."""
    return {problem.pointer: problem.detail for problem in problems_of(tree, cls)}


@pytest.mark.parametrize("cls", FORMS)
@FEW
@given(data=st.data())
def test_reads_back_what_it_writes(cls: type[Any], data: st.DataObject) -> None:
    """
    A form survives the way through JSON, equal.
    """
    record = data.draw(records(cls))

    assert record == codec.structure(bodies.parse_json(codec.encode(record)), cls)


@pytest.mark.parametrize("cls", ANSWERS)
@FEW
@given(data=st.data())
def test_writes_json_that_others_read(cls: type[Any], data: st.DataObject) -> None:
    """
    Whatever is published is strict JSON, the same for every parser.
    """
    raw = codec.encode(data.draw(records(cls)))

    assert json.loads(raw, parse_float=Decimal) == bodies.parse_json(raw)


@pytest.mark.parametrize(
    ("tree", "detail"),
    [
        ({"count": True}, "must be an integer"),
        ({"count": Decimal("1.0")}, "must be an integer"),
        ({"count": "1"}, "must be an integer"),
        ({"open": 1}, "must be true or false"),
        ({"day": "20260131"}, "must be a valid date (YYYY-MM-DD)"),
        ({"day": "2026-W05-6"}, "must be a valid date (YYYY-MM-DD)"),
        ({"day": "2026-02-30"}, "must be a valid date (YYYY-MM-DD)"),
        ({"day": 1}, "must be a valid date (YYYY-MM-DD)"),
        (
            {"at": "2026-01-31T12:00:00+01:00"},
            "must be a valid date and time in UTC (YYYY-MM-DDThh:mm:ssZ)",
        ),
        (
            {"at": "2026-01-31T25:00:00Z"},
            "must be a valid date and time in UTC (YYYY-MM-DDThh:mm:ssZ)",
        ),
    ],
)
def test_refuses_a_value_of_another_type(tree: dict[str, Any], detail: str) -> None:
    """
    Nothing is converted: a value of another type is refused.
    """
    ((pointer, found),) = said(tree, Box).items()

    assert (f"#/{next(iter(tree))}", detail) == (pointer, found)


def test_tells_every_problem_at_once() -> None:
    """
    Missing, unknown, wrong and broken: each with its pointer.
    """
    tree = {"phone": "x", "email": 7, "a/b~c": 1, "address": " "}

    assert {
        "#/name": "is required",
        "#/phone": "must have 3 to 32 characters",
        "#/email": "must be a string",
        "#/address": "must not be blank",
        "#/a~1b~0c": "is not a known field",
        "#/password": "is required",
    } == said(tree, Registration)


def test_points_into_lists() -> None:
    """
    A member of a list is pointed at by its place.
    """
    assert {
        "#/add_ids/1": "must be from 1 to 9223372036854775807",
        "#/add_ids/2": "must be an integer",
    } == said({"add_ids": [1, 0, "x"]}, MechanicEdit)


def test_lists_what_an_enum_knows() -> None:
    """
    Whoever names no status is told which there are.
    """
    assert {
        "#/to": "must be one of open, in_progress, on_hold, completed, closed, cancelled"
    } == said({"to": "done"}, TransitionForm)


@pytest.mark.parametrize("given", ["bogus", "reserve", "customer", 1, ["scrap"]])
def test_lists_what_may_be_given(given: Any) -> None:
    """
    Where only some of an enumeration may be given, no other is named.
    """
    assert {"#/kind": "must be one of receive, return, scrap, count"} == said(
        {"kind": given, "quantity": 1}, MovementForm
    )
    assert {"#/role": "must be one of mechanic, manager"} == said(
        {"name": "Bo", "role": given}, MechanicForm
    )


def test_reads_an_alias() -> None:
    """
    A member may be given under its other name, and is spoken of under that name.
    """
    assert {"#/gap": "is no size"} == said({"gap": 0}, Gap)
    assert (1,) == codec.structure({"add_mechanic_ids": [1]}, MechanicEdit).add_ids


def test_refuses_a_member_under_both_names() -> None:
    """
    Nobody knows which of the two is meant.
    """
    assert {"#/add_mechanic_ids": "must not be given together with add_ids"} == said(
        {"add_ids": [1], "add_mechanic_ids": [2]}, MechanicEdit
    )


@pytest.mark.parametrize("tree", [None, [], "text", 1, True])
def test_wants_an_object(tree: Any) -> None:
    """
    A body that is no object is one problem, at the root.
    """
    assert {"#": "must be an object"} == said(tree, CustomerForm)


def test_writes_null_and_moments_in_utc() -> None:
    """
    What is not there is written as null, and moments end in Z.
    """
    at = datetime(2026, 1, 31, 12, 0, 0, 250_000, tzinfo=UTC)

    told = json.loads(codec.encode(sample(Customer, created_at=at, updated_at=NOON)))

    assert (None, "2026-01-31T12:00:00.250000Z", "2026-03-02T12:00:00Z") == (
        told["phone"],
        told["created_at"],
        told["updated_at"],
    )


def test_publishes_what_is_derived_and_nothing_unpublished() -> None:
    """
    Computed members are there, bookkeeping is not.
    """
    told = json.loads(codec.encode(sample(Part)))

    assert 0 == told["available"]
    assert {"version", "archived_at"}.isdisjoint(told)


def test_calls_from_what_python_cannot() -> None:
    """
    A history tells `from` and `to`.
    """
    told = json.loads(codec.encode(sample(Entry, from_="open", to="closed")))

    assert ("open", "closed") == (told["from"], told["to"])


def test_publishes_no_secret() -> None:
    """
    A record that hides a field from logs can't be an answer by mistake.
    """
    with pytest.raises(TypeError, match="password_hash"):
        codec.unstructure_hook(Account)


def test_reads_no_type_loosely() -> None:
    """
    A field of a type without a strict reader stops the start.
    """

    @frozen
    class Loose:
        """Something with a binary float."""

        weight: float

    with pytest.raises(TypeError, match="float"):
        codec.structure_hook(Loose)


def test_hides_a_secret_that_is_never_published() -> None:
    """
    An unpublished secret does no harm.
    """

    @frozen
    class Kept:
        """Something with a secret that stays."""

        secret: Annotated[str, Unpublished()] = field(repr=False)

    assert b"{}" == codec.encode(Kept("x"))


def test_raises_a_kind_that_http_knows() -> None:
    """
    What the codec refuses is `Invalid`.
    """
    with pytest.raises(Invalid):
        codec.structure({}, Credentials)
