"""Labour lines: hours, a rate and a mechanic."""

import pytest
from attrs import evolve

from mechanic_core.errors import Unknown
from mechanic_core.money import Money, Quantity
from mechanic_core.tickets.history import HistoryEvent
from mechanic_core.tickets.line import (
    LaborLineForm,
)
from mechanic_core.tickets.ticket import Ticket
from tests.shops import MECHANIC
from tests.strategies import sample
from tests.unit.core.conftest import Premises


def entries(
    premises: Premises, ticket: Ticket
) -> list[tuple[HistoryEvent, str | None, str | None]]:
    """Return the history after the opening."""
    return [(e.event, e.from_, e.to) for e in premises.history(ticket.id)[1:]]


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

    assert (13_502, 4500) == (line.amount, shorter.amount)
    assert evolve(line, hours=Quantity(500)) == shorter
    assert (shorter,) == premises.read(ticket).labor
    premises.shop.remove_labor_line(MECHANIC, ticket.id, line.id)
    assert () == premises.read(ticket).labor
    assert [
        (HistoryEvent.LABOR_ADDED, None, "1.5 h: Brakes"),
        (HistoryEvent.LABOR_CHANGED, "1.5 h: Brakes", "0.5 h: Brakes"),
        (HistoryEvent.LABOR_REMOVED, "0.5 h: Brakes", None),
    ] == entries(premises, ticket)


def test_labour_needs_an_existing_mechanic(premises: Premises) -> None:
    """
    A mechanic who does not exist is refused.
    """
    ticket = premises.open()
    line = premises.shop.add_labor_line(MECHANIC, ticket.id, sample(LaborLineForm))

    with pytest.raises(Unknown, match="#/mechanic_id"):
        premises.shop.add_labor_line(MECHANIC, ticket.id, sample(LaborLineForm, mechanic_id=99))
    with pytest.raises(Unknown, match="#/mechanic_id"):
        premises.shop.change_labor_line(
            MECHANIC, ticket.id, line.id, lambda form: evolve(form, mechanic_id=99)
        )
