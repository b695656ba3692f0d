"""Forms check the rules between their fields."""

from datetime import date

import pytest

from mechanic_core.access import Role
from mechanic_core.errors import RuleBroken
from mechanic_core.inventory.movement import MANUAL_KINDS, MovementForm
from mechanic_core.inventory.part import Kind
from mechanic_core.mechanics.mechanic import Mechanic, MechanicForm
from mechanic_core.money import Quantity
from mechanic_core.profile.calendar import ALL_TIME, Period
from mechanic_core.tickets.forms import MechanicEdit, TicketDraft, TicketForm
from mechanic_core.tickets.ticket import Ticket
from tests.strategies import sample


def pointers(refused: pytest.ExceptionInfo[RuleBroken]) -> list[str]:
    """Return the pointers of a refusal."""
    return [problem.parameter or problem.pointer for problem in refused.value.problems]


@pytest.mark.parametrize("form", [TicketForm, TicketDraft])
def test_a_vehicle_is_given_by_id_or_vin(form: type[TicketForm]) -> None:
    """
    A ticket's vehicle is given by id or by VIN, not by both.
    """
    with pytest.raises(RuleBroken) as refused:
        sample(form, vehicle_id=1, vin="1HGCM82633A004352")

    assert ["#/vehicle_id"] == pointers(refused)


def test_an_edit_has_at_least_one_list() -> None:
    """
    Either list may be missing, but not both.
    """
    with pytest.raises(RuleBroken) as refused:
        MechanicEdit()

    assert ["#/add_ids"] == pointers(refused)
    assert MechanicEdit(add_ids=()) != MechanicEdit(remove_ids=())


def test_no_mechanic_is_added_and_removed() -> None:
    """
    Each id that is in both lists is reported.
    """
    edit = MechanicEdit(add_ids=(1, 2, 3), remove_ids=(3, 4, 1))
    known = {one: sample(Mechanic, id=one) for one in range(1, 5)}

    with pytest.raises(RuleBroken) as refused:
        edit.apply_to(sample(Ticket), known, sample(Ticket).updated_at)

    assert ["#/remove_ids/0", "#/remove_ids/2"] == pointers(refused)


@pytest.mark.parametrize("kind", Kind)
def test_only_manual_kinds_can_be_entered(kind: Kind) -> None:
    """
    Movements that come from tickets cannot be entered by staff.
    """
    if kind in MANUAL_KINDS:
        assert kind is MovementForm(kind=kind, quantity=Quantity(1)).kind
    else:
        with pytest.raises(RuleBroken) as refused:
            MovementForm(kind=kind, quantity=Quantity(1))
        assert ["#/kind"] == pointers(refused)


@pytest.mark.parametrize("kind", MANUAL_KINDS)
def test_only_a_count_may_be_zero(kind: Kind) -> None:
    """
    A receipt of 0 is refused; a count of 0 is not.
    """
    if kind is Kind.COUNT:
        assert 0 == MovementForm(kind=kind, quantity=Quantity(0)).quantity
    else:
        with pytest.raises(RuleBroken) as refused:
            MovementForm(kind=kind, quantity=Quantity(0))
        assert ["#/quantity"] == pointers(refused)


def test_a_mechanic_cannot_have_the_customer_role() -> None:
    """
    A mechanic's form refuses the role customer.
    """
    with pytest.raises(RuleBroken) as refused:
        sample(MechanicForm, role=Role.CUSTOMER)

    assert ["#/role"] == pointers(refused)


def test_a_period_does_not_end_before_it_begins() -> None:
    """
    The refusal names the query parameter.
    """
    with pytest.raises(RuleBroken) as refused:
        Period(since=date(2026, 3, 2), until=date(2026, 3, 1))

    assert ["from"] == pointers(refused)


@pytest.mark.parametrize(
    ("period", "day", "held"),
    [
        (ALL_TIME, date.min, True),
        (Period(since=date(2026, 3, 1)), date(2026, 2, 28), False),
        (Period(since=date(2026, 3, 1)), date(2026, 3, 1), True),
        (Period(until=date(2026, 3, 1)), date(2026, 3, 1), True),
        (Period(until=date(2026, 3, 1)), date(2026, 3, 2), False),
        (Period(since=date(2026, 3, 1), until=date(2026, 3, 1)), date(2026, 3, 1), True),
    ],
)
def test_a_period_contains_its_first_and_last_day(
    period: Period,
    day: date,
    held: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """
    Both ends are included, and an open end is unbounded.
    """
    assert held == period.contains(day)
