"""The ticket record: lines, mechanics, totals, and when it can be changed."""

from collections.abc import Callable
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from mechanic_core.access import Actor, By, Role
from mechanic_core.customers.customer import CustomerId
from mechanic_core.errors import RuleBroken
from mechanic_core.mechanics.mechanic import MechanicId
from mechanic_core.money import Money, Quantity
from mechanic_core.tickets.assigned_mechanic import AssignedMechanic, MechanicHasLabor
from mechanic_core.tickets.history import Entry, HistoryEvent
from mechanic_core.tickets.line import LaborLine, LineId, LineNotFound, PartLine, TicketTotals
from mechanic_core.tickets.ticket import (
    Ticket,
    TicketChanged,
    TicketFrozen,
    TicketStarted,
    TicketVehicle,
)
from mechanic_core.tickets.workflow import EDITABLE_STATUSES, Status
from tests.strategies import FEWER, NOON, records, sample

PART = sample(PartLine, id=LineId(1))
LABOR = sample(LaborLine, id=LineId(1))
BOB = AssignedMechanic(id=MechanicId(2), name="Bob")
CY = AssignedMechanic(id=MechanicId(3), name="Cy")
GONE = AssignedMechanic(id=MechanicId(4), name="Di", active=False)
FULL = sample(Ticket, parts=(PART,), labor=(LABOR,), mechanics=(BOB,))

CHANGES: dict[str, Callable[[Ticket], Ticket]] = {
    "describe": lambda t: t.with_details("Noise", t.service_date, None, NOON),
    "give to another": lambda t: t.with_customer(CustomerId(t.customer_id + 1), NOON),
    "join": lambda t: t.with_mechanics((CY,), (), NOON),
    "leave": lambda t: t.with_mechanics((), (BOB.id,), NOON),
    "stay": lambda t: t.with_mechanics((BOB,), (), NOON),
    "add a part": lambda t: t.with_part(sample(PartLine), NOON),
    "change a part": lambda t: t.with_part(evolve(PART, quantity=Quantity(1)), NOON),
    "remove a part": lambda t: t.without_part(PART.id, NOON),
    "add labour": lambda t: t.with_labor(sample(LaborLine), NOON),
    "change labour": lambda t: t.with_labor(evolve(LABOR, hours=Quantity(1)), NOON),
    "remove labour": lambda t: t.without_labor(LABOR.id, NOON),
}


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("change", CHANGES)
def test_a_completed_ticket_cannot_be_changed(change: str, status: Status) -> None:
    """
    Lines, mechanics and details can be changed before completion only.
    """
    ticket = evolve(FULL, status=status)

    if status in EDITABLE_STATUSES:
        CHANGES[change](ticket)
    else:
        with pytest.raises(TicketFrozen, match=f"the ticket is {status.value}") as refused:
            CHANGES[change](ticket)
        assert {"current_state": status.value} == refused.value.facts


@FEWER
@given(st.lists(records(PartLine), max_size=4), st.lists(records(LaborLine), max_size=4))
def test_totals_are_sums_of_lines_rounded_once(
    parts: list[PartLine], labor: list[LaborLine]
) -> None:
    """
    Each line is rounded half-even to the cent, and the totals are their sums.
    """
    totals = sample(Ticket, parts=tuple(parts), labor=tuple(labor)).totals

    expected_parts = sum(_cents(line.quantity, line.unit_price) for line in parts)
    expected_labor = sum(_cents(line.hours, line.rate) for line in labor)
    assert (expected_parts, expected_labor) == (totals.parts, totals.labor)
    assert totals.total == totals.parts + totals.labor


def _cents(quantity: int, price: int) -> int:
    exact = Decimal(quantity) * Decimal(price) / 1000
    return int(exact.quantize(Decimal(1), ROUND_HALF_EVEN))


def test_totals_are_sums_of_rounded_amounts() -> None:
    """
    Three lines of half a cent add up to 0, though their exact sum is more than a cent.
    """
    half = sample(PartLine, quantity=Quantity(500), unit_price=Money(1))
    hour = sample(LaborLine, hours=Quantity(500), rate=Money(3))

    ticket = sample(Ticket, parts=(half, half, half), labor=(hour,))

    assert TicketTotals(parts=Money(0), labor=Money(2), total=Money(2)) == ticket.totals


def test_a_new_line_is_last_and_a_changed_one_keeps_its_position() -> None:
    """
    Changing a line does not move it; adding one moves no other.
    """
    second = evolve(PART, id=LineId(2), quantity=Quantity(2000))
    new = sample(PartLine)
    ticket = evolve(FULL, parts=(PART, second))
    more = evolve(PART, quantity=Quantity(9000))

    assert (more, second) == ticket.with_part(more, NOON).parts
    assert (PART, second, new) == ticket.with_part(new, NOON).parts
    assert (PART,) == ticket.without_part(second.id, NOON).parts
    assert ticket.parts == ticket.with_part(new, NOON).without_part(new.id, NOON).parts


def test_labour_lines_keep_their_positions_too() -> None:
    """
    Labour lines are added, changed and removed like part lines.
    """
    longer = evolve(LABOR, hours=Quantity(9000))
    new = sample(LaborLine)

    assert (longer,) == FULL.with_labor(longer, NOON).labor
    assert (LABOR, new) == FULL.with_labor(new, NOON).labor
    assert () == FULL.without_labor(LABOR.id, NOON).labor


def test_a_single_line_has_the_version_of_its_ticket() -> None:
    """
    A line that is returned by itself has the ticket's version; among its lines it has none.
    """
    seen = evolve(FULL, version=7)
    lines = (seen.part_line(PART.id), seen.labor_line(LABOR.id))

    assert (7, 7) == tuple(line.version for line in lines)
    assert (PART, LABOR) == lines
    assert (0,) == tuple(line.version for line in seen.with_part(lines[0], NOON).parts)
    assert (0,) == tuple(line.version for line in seen.with_labor(lines[1], NOON).labor)


def test_unchanged_details_return_the_same_ticket() -> None:
    """
    The timestamp stays when nothing changes.
    """
    present = (FULL.description, FULL.service_date, FULL.vehicle)

    assert FULL is FULL.with_details(*present, NOON + timedelta(hours=1))


def test_an_unknown_line_is_not_found() -> None:
    """
    The id of another ticket's line is not found.
    """
    for miss in (
        lambda: FULL.part_line(LineId(9)),
        lambda: FULL.labor_line(LineId(9)),
        lambda: FULL.without_part(LineId(9), NOON),
        lambda: FULL.without_labor(LineId(9), NOON),
    ):
        with pytest.raises(LineNotFound):
            miss()


def test_mechanics_are_unique_and_ordered_by_id() -> None:
    """
    Adding an assigned mechanic or removing another changes nothing.
    """
    renamed = evolve(BOB, name="Robert")

    assert (BOB, CY) == FULL.with_mechanics((CY, renamed), (99,), NOON).mechanics
    assert (CY,) == FULL.with_mechanics((CY,), (BOB.id,), NOON).mechanics
    assert FULL is FULL.with_mechanics((BOB,), (99,), NOON)


@pytest.mark.parametrize("status", Status)
def test_only_an_unstarted_ticket_is_removed(status: Status) -> None:
    """
    A ticket with lines, or once started, must be cancelled instead, unless it is already.
    """
    empty = sample(Ticket, status=status)
    lined = (evolve(empty, parts=(PART,)), evolve(empty, labor=(LABOR,)))
    refused = [(one, False) for one in lined] + [(empty, True)]

    assert NOON == empty.mark_removed(NOON, started=False).removed_at
    for ticket, started in refused:
        with pytest.raises(TicketStarted) as found:
            ticket.mark_removed(NOON, started=started)
        assert (status in EDITABLE_STATUSES) == found.value.detail.endswith(": cancel it")
        assert {"current_state": status.value} == found.value.facts


def test_a_mechanic_with_labour_stays_on_the_ticket() -> None:
    """
    F3: who has a labour line cannot be taken off, whoever else is; without the line they can.
    """
    credited = evolve(LABOR, mechanic_id=BOB.id)
    ticket = evolve(FULL, mechanics=(BOB, CY), labor=(credited,))

    with pytest.raises(MechanicHasLabor) as refused:
        ticket.with_mechanics((), (CY.id, BOB.id), NOON)

    assert {"mechanic_ids": [BOB.id]} == refused.value.facts
    assert (BOB,) == ticket.with_mechanics((), (CY.id,), NOON).mechanics
    freed = ticket.with_labor(evolve(credited, mechanic_id=CY.id), NOON)
    assert (CY,) == freed.with_mechanics((), (BOB.id,), NOON).mechanics
    assert (CY,) == evolve(ticket, mechanics=(CY,)).with_mechanics((), (BOB.id,), NOON).mechanics


@pytest.mark.parametrize("mechanic_id", [CY.id, GONE.id, MechanicId(99)])
def test_labour_is_done_by_an_active_mechanic_of_the_ticket(mechanic_id: MechanicId) -> None:
    """
    F13: a line names neither who is not on the ticket nor who has left, unless it did before.
    """
    ticket = evolve(FULL, mechanics=(BOB, GONE))
    line = sample(LaborLine, mechanic_id=mechanic_id)

    for new in (line, evolve(line, id=LABOR.id)):
        with pytest.raises(RuleBroken, match="#/mechanic_id: must be an active mechanic"):
            ticket.with_labor(new, NOON)

    before = evolve(LABOR, mechanic_id=mechanic_id)
    longer = evolve(before, hours=Quantity(9000))
    assert (longer,) == evolve(ticket, labor=(before,)).with_labor(longer, NOON).labor
    anybody = evolve(before, mechanic_id=None)
    assert (anybody,) == evolve(ticket, labor=(before,)).with_labor(anybody, NOON).labor


def test_the_vin_is_that_of_the_vehicle() -> None:
    """
    A ticket shows the VIN of its vehicle, if it has one.
    """
    car = TicketVehicle(id=sample(TicketVehicle).id, vin="1HGCM82633A004352")

    assert "1HGCM82633A004352" == sample(Ticket, vehicle=car).vin
    assert None is sample(Ticket).vin


def test_a_stale_ticket_is_refused() -> None:
    """
    A change needs the present version, if it gives one.
    """
    ticket = sample(Ticket, version=3)

    ticket.require_version(3)
    ticket.require_version(None)
    with pytest.raises(TicketChanged):
        ticket.require_version(2)


def test_a_labour_line_has_a_form() -> None:
    """
    The present values of a labour line can be changed.
    """
    form = LABOR.form

    assert (LABOR.description, LABOR.hours, LABOR.rate, None) == (
        form.description,
        form.hours,
        form.rate,
        form.mechanic_id,
    )


def test_an_entry_has_its_values_as_text() -> None:
    """
    Statuses are stored by their values, and None stays None.
    """
    entry = Entry.of(
        Actor(Role.MECHANIC, 2),
        NOON,
        HistoryEvent.TRANSITION,
        Status.OPEN,
        Status.CANCELLED,
        "no",
    )

    assert entry == Entry(
        at=NOON,
        by=By(role=Role.MECHANIC, id=2),
        event=HistoryEvent.TRANSITION,
        from_="open",
        to="cancelled",
        note="no",
    )
    assert None is Entry.of(Actor(), NOON, HistoryEvent.REMOVED).from_
