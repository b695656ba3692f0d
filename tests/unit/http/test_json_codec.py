"""JSON to records and back: strict, exact, with every problem at once."""

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
from mechanic_core.tickets.lines.labor_line import LaborLineForm
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
    """A record with an alias and a rule in its constructor."""

    width: Annotated[int, Alias("gap")]

    def __attrs_post_init__(self) -> None:
        """There must be one."""
        if self.width == 0:
            raise RuleBroken(Problem("#/width", "is no size"))


@frozen(kw_only=True, field_transformer=checked)
class Box:
    """A record with one field of each type of amount and time."""

    price: Price = Money(0)
    stock: Stock = Quantity(0)
    day: date | None = None
    at: datetime | None = None
    count: int = 0
    open: bool = False


def problems_of(tree: Any, cls: type[Any]) -> tuple[Problem, ...]:
    """Return the problems of *tree* as a *cls*."""
    with pytest.raises(RuleBroken) as refused:
        codec.structure(tree, cls)
    return refused.value.problems


def details_of(tree: Any, cls: type[Any]) -> dict[str, str]:
    """Return the details of the problems by pointer."""
    return {problem.pointer: problem.detail for problem in problems_of(tree, cls)}


@pytest.mark.parametrize("cls", FORMS)
@FEW
@given(data=st.data())
def test_forms_round_trip(cls: type[Any], data: st.DataObject) -> None:
    """
    A form that is encoded and structured again is equal.
    """
    record = data.draw(records(cls))

    assert record == codec.structure(bodies.parse_json(codec.encode(record)), cls)


@pytest.mark.parametrize("cls", ANSWERS)
@FEW
@given(data=st.data())
def test_writes_strict_json(cls: type[Any], data: st.DataObject) -> None:
    """
    Every published record is strict JSON, the same for every parser.
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
    A value of another type is refused, not converted.
    """
    ((pointer, found),) = details_of(tree, Box).items()

    assert (f"#/{next(iter(tree))}", detail) == (pointer, found)


def test_reports_every_problem_at_once() -> None:
    """
    Missing, unknown, wrong and invalid members are reported together, each with its pointer.
    """
    tree = {"phone": "x", "email": 7, "a/b~c": 1, "address": "\x00"}

    assert {
        "#/name": "is required",
        "#/phone": "must have 3 to 32 characters",
        "#/email": "must be a string",
        "#/address": "must be visible text, without control and format characters",
        "#/a~1b~0c": "is not a known field",
        "#/password": "is required",
    } == details_of(tree, Registration)


def test_reports_rules_between_members_beside_other_problems() -> None:
    """
    What the constructor finds is told too, unless it depends on a member that is wrong.
    """
    both = {"vin": "1HGCM82633A004352", "vehicle_id": 1, "odometer": "far"}

    assert {
        "#/vehicle_id": "must not be given together with vin",
        "#/odometer": "must be an integer",
        "#/description": "is required",
        "#/colour": "is not a known field",
    } == details_of(both | {"colour": "red"}, TicketDraft)
    assert {
        "#/add_ids/0": "must be an integer",
        "#/all": "is not a known field",
    } == details_of({"add_ids": ["x"], "all": True}, MechanicEdit)
    assert {
        "#/add_ids": "add_ids or remove_ids is required",
        "#/all": "is not a known field",
    } == details_of({"all": True}, MechanicEdit)
    assert {"#/gap": "is no size", "#/colour": "is not a known field"} == details_of(
        {"gap": 0, "colour": "red"}, Gap
    )


def test_points_into_arrays() -> None:
    """
    The pointer to an element of an array has its index.
    """
    assert {
        "#/add_ids/1": "must be from 1 to 9223372036854775807",
        "#/add_ids/2": "must be an integer",
    } == details_of({"add_ids": [1, 0, "x"]}, MechanicEdit)


def test_requires_an_array_and_no_null() -> None:
    """
    A member that is not an array, or null where that is not allowed, is reported as such.
    """
    assert {"#/add_ids": "must be an array"} == details_of({"add_ids": "1"}, MechanicEdit)
    assert {"#/to": "must not be null"} == details_of({"to": None}, TransitionForm)


def test_lists_the_members_of_an_enumeration() -> None:
    """
    The message for an unknown status lists the known ones.
    """
    assert {
        "#/to": "must be one of open, in_progress, on_hold, completed, closed, cancelled"
    } == details_of({"to": "done"}, TransitionForm)


@pytest.mark.parametrize("given", ["bogus", "reserve", "customer", 1, ["scrap"]])
def test_lists_the_allowed_choices(given: Any) -> None:
    """
    Where only some members of an enumeration are allowed, only these are listed.
    """
    assert {"#/kind": "must be one of receive, return, scrap, count"} == details_of(
        {"kind": given, "quantity": 1}, MovementForm
    )
    assert {"#/role": "must be one of mechanic, manager"} == details_of(
        {"name": "Bo", "role": given}, MechanicForm
    )


def test_accepts_an_alias() -> None:
    """
    A member may be given under its alias, and its problems have that name.
    """
    assert {"#/gap": "is no size"} == details_of({"gap": 0}, Gap)
    assert (1,) == codec.structure({"add_mechanic_ids": [1]}, MechanicEdit).add_ids


def test_refuses_a_member_under_both_names() -> None:
    """
    A member and its alias together are ambiguous.
    """
    assert {"#/add_mechanic_ids": "must not be given together with add_ids"} == details_of(
        {"add_ids": [1], "add_mechanic_ids": [2]}, MechanicEdit
    )


@pytest.mark.parametrize("tree", [None, [], "text", 1, True])
def test_requires_an_object(tree: Any) -> None:
    """
    A body that is not an object is one problem, at the root.
    """
    assert {"#": "must be an object"} == details_of(tree, CustomerForm)


def test_writes_null_and_utc() -> None:
    """
    F21: a missing value is null, and a moment always has six fraction digits and a Z.
    """
    at = datetime(2026, 1, 31, 12, 0, 0, 250_000, tzinfo=UTC)

    response = json.loads(codec.encode(sample(Customer, created_at=at, updated_at=NOON)))

    assert (None, "2026-01-31T12:00:00.250000Z", "2026-03-02T12:00:00.000000Z") == (
        response["phone"],
        response["created_at"],
        response["updated_at"],
    )


def test_publishes_computed_but_not_unpublished_members() -> None:
    """
    Computed members are published, `Unpublished` ones are not.
    """
    response = json.loads(codec.encode(sample(Part)))

    assert 0 == response["available"]
    assert {"version", "archived_at"}.isdisjoint(response)


def test_publishes_keywords_as_names() -> None:
    """
    The field `from_` is published as `from`.
    """
    response = json.loads(codec.encode(sample(Entry, from_="open", to="closed")))

    assert ("open", "closed") == (response["from"], response["to"])


def test_refuses_to_publish_a_secret() -> None:
    """
    A record with a field that is hidden from repr cannot be a response.
    """
    with pytest.raises(TypeError, match="password_hash"):
        codec.unstructure_hook(Account)


def test_refuses_a_type_that_is_not_strict() -> None:
    """
    A field of a type that cattrs would convert stops the start.
    """

    @frozen
    class Loose:
        """A record with a binary float."""

        weight: float

    with pytest.raises(TypeError, match="float"):
        codec.structure_hook(Loose)


def test_accepts_an_unpublished_secret() -> None:
    """
    A secret that is `Unpublished` is allowed.
    """

    @frozen
    class Concealed:
        """A record with an unpublished secret."""

        secret: Annotated[str, Unpublished()] = field(repr=False)

    assert b"{}" == codec.encode(Concealed("x"))


def test_raises_invalid() -> None:
    """
    The codec raises `Invalid`.
    """
    with pytest.raises(Invalid):
        codec.structure({}, Credentials)
