"""Labour lines: hours, a rate and a mechanic."""

import pytest
from attrs import evolve

from mechanic_core.errors import RuleBroken
from mechanic_core.mechanics.mechanic import MechanicId
from mechanic_core.money import Money, Quantity
from mechanic_core.tickets.history import HistoryEvent
from mechanic_core.tickets.lines.labor_line import LaborLineForm
from tests.shops import MANAGER, MECHANIC
from tests.strategies import sample
from tests.unit.core.conftest import Premises


def test_labour_lines_are_recorded_in_the_history(premises: Premises) -> None:
    """
    Hours and rate make the amount; changes and removals are recorded.
    """
    ticket = premises.open()
    form = LaborLineForm(
        description="Brakes", hours=Quantity(1500), rate=Money(9001), mechanic_id=2
    )

    line = premises.shop.add_labor_line(MECHANIC, ticket.id, form)
    shorter = premises.shop.change_labor_line(
        MECHANIC, ticket.id, line.id, lambda form: evolve(form, hours=Quantity(500))
    )
    premises.shop.change_labor_line(MECHANIC, ticket.id, line.id, lambda form: form)

    assert (13_502, 4501) == (line.amount, shorter.amount)
    assert evolve(line, hours=Quantity(500), net=Money(4501)) == shorter
    assert (shorter,) == premises.read(ticket).labor
    premises.shop.remove_labor_line(MECHANIC, ticket.id, line.id)
    assert () == premises.read(ticket).labor
    assert [
        (HistoryEvent.LABOR_ADDED, None, "1.5 h: Brakes"),
        (HistoryEvent.LABOR_CHANGED, "1.5 h: Brakes", "0.5 h: Brakes"),
        (HistoryEvent.LABOR_REMOVED, "0.5 h: Brakes", None),
    ] == premises.entries(ticket)


@pytest.mark.parametrize("mechanic_id", [1, 2, 99])
def test_labour_needs_an_active_mechanic_of_the_ticket(
    premises: Premises, mechanic_id: int
) -> None:
    """
    F13: who has left, is not on the ticket or does not exist is refused.
    """
    ticket = premises.open()
    line = premises.shop.add_labor_line(MECHANIC, ticket.id, sample(LaborLineForm))
    premises.shop.let_mechanic_go(MANAGER, MechanicId(2))

    form = sample(LaborLineForm, mechanic_id=mechanic_id)
    with pytest.raises(RuleBroken, match="#/mechanic_id"):
        premises.shop.add_labor_line(MECHANIC, ticket.id, form)
    with pytest.raises(RuleBroken, match="#/mechanic_id"):
        premises.shop.change_labor_line(
            MECHANIC, ticket.id, line.id, lambda form: evolve(form, mechanic_id=mechanic_id)
        )


def test_the_hours_of_who_has_left_can_be_corrected(premises: Premises) -> None:
    """
    A line that names a mechanic goes on naming them after they have left.
    """
    ticket = premises.open()
    form = sample(LaborLineForm, mechanic_id=2)
    line = premises.shop.add_labor_line(MECHANIC, ticket.id, form)
    premises.shop.let_mechanic_go(MANAGER, MechanicId(2))

    longer = premises.shop.change_labor_line(
        MECHANIC, ticket.id, line.id, lambda form: evolve(form, hours=Quantity(9000))
    )

    assert evolve(line, hours=Quantity(9000), net=longer.amount) == longer
