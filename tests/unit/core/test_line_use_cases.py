"""Lines on tickets: stock is promised, prices are fixed, work is written down."""

import pytest
from attrs import evolve

from mechanic_core.access import Role
from mechanic_core.errors import Refused, Unknown
from mechanic_core.inventory.part import InsufficientStock, PartForm, PartId
from mechanic_core.money import Money, Quantity
from mechanic_core.tickets.history import Event
from mechanic_core.tickets.line import (
    LaborLine,
    LaborLineForm,
    LineId,
    LineNotFound,
    PartLine,
    PartLineChange,
    PartLineForm,
)
from mechanic_core.tickets.ticket import Ticket, TicketChanged, TicketFrozen
from mechanic_core.tickets.workflow import Status
from tests.shops import MECHANIC
from tests.strategies import sample
from tests.unit.core.conftest import ALL, Premises

PAD = PartId(1)


def add(premises: Premises, ticket: Ticket, quantity: int, part_id: int = PAD) -> PartLine:
    """Put a part on a ticket."""
    form = PartLineForm(part_id=part_id, quantity=Quantity(quantity))
    return premises.shop.add_part_line(MECHANIC, ticket.id, form)


def change(premises: Premises, ticket: Ticket, line: PartLine, quantity: int) -> PartLine:
    """Take another quantity."""
    change = PartLineChange(quantity=Quantity(quantity))
    return premises.shop.change_part_line(MECHANIC, ticket.id, line.id, lambda _: change)


def moves(premises: Premises) -> list[tuple[str, int, int, int | None]]:
    """Return what tickets did to the brake pads."""
    found = premises.shop.list_movements(MECHANIC, PAD, ALL).items[1:]
    return [(m.kind.value, m.on_hand_change, m.reserved_change, m.ticket_id) for m in found]


def told(premises: Premises, ticket: Ticket) -> list[tuple[Event, str | None, str | None]]:
    """Return the history after the opening."""
    return [(e.event, e.from_, e.to) for e in premises.history(ticket.id)[1:]]


def test_a_part_is_promised(premises: Premises) -> None:
    """
    A line reserves stock, and tells SKU, name, price and amount of that moment.
    """
    ticket = premises.open()

    line = add(premises, ticket, 2500)

    assert (PAD, "PAD", "Brake pad, front", 2500, 1999) == (
        line.part_id,
        line.sku,
        line.name,
        line.quantity,
        line.unit_price,
    )
    assert 4998 == line.amount == premises.read(ticket).totals.total
    assert (10_000, 2500) == premises.stock()
    assert [("reserve", 0, 2500, ticket.id)] == moves(premises)
    assert [(Event.PART_ADDED, None, "2.5 × PAD")] == told(premises, ticket)


def test_the_last_parts_are_promised_once(premises: Premises) -> None:
    """
    Nobody is promised what somebody else was; the refusal tells what is left, and leaves nothing.
    """
    first, second = premises.open(), premises.open()
    add(premises, first, 9500)

    with pytest.raises(InsufficientStock) as refused:
        add(premises, second, 501)

    assert {"part_id": PAD, "available": 0.5} == refused.value.facts
    assert second == premises.read(second)
    assert [] == told(premises, second)
    assert 1 == len(moves(premises))


def test_the_price_is_fixed_when_the_line_is_made(premises: Premises) -> None:
    """
    Later changes of price or name reach new lines only, even when the quantity changes.
    """
    ticket = premises.open()
    line = add(premises, ticket, 1000)
    premises.shop.change_part(
        MECHANIC, PAD, lambda form: evolve(form, price=Money(5), name="New pad")
    )

    changed = change(premises, ticket, line, 2000)
    new = add(premises, ticket, 1000)

    assert evolve(line, quantity=Quantity(2000)) == changed
    assert ("New pad", 5) == (new.name, new.unit_price)
    assert (changed, new) == premises.read(ticket).parts


def test_changing_a_line_moves_the_difference(premises: Premises) -> None:
    """
    More is reserved, less is released, as much is nothing.
    """
    ticket = premises.open()
    line = add(premises, ticket, 1000)

    for quantity in (3000, 500, 500):
        change(premises, ticket, line, quantity)
    with pytest.raises(InsufficientStock):
        change(premises, ticket, line, 10_001)

    expected = [("reserve", 0, 1000), ("reserve", 0, 2000), ("release", 0, -2500)]
    assert expected == [move[:3] for move in moves(premises)]
    assert (10_000, 500) == premises.stock()
    assert [
        (Event.PART_ADDED, None, "1 × PAD"),
        (Event.PART_CHANGED, "1 × PAD", "3 × PAD"),
        (Event.PART_CHANGED, "3 × PAD", "0.5 × PAD"),
    ] == told(premises, ticket)


def test_adding_and_removing_is_the_identity(premises: Premises) -> None:
    """
    A line that came and went leaves stock and money as they were, and two entries.
    """
    ticket = premises.open()
    line = add(premises, ticket, 1000)

    premises.shop.remove_part_line(MECHANIC, ticket.id, line.id)

    assert (10_000, 0) == premises.stock()
    assert ticket.totals == premises.read(ticket).totals
    assert [("reserve", 0, 1000, 1), ("release", 0, -1000, 1)] == moves(premises)
    assert (Event.PART_REMOVED, "1 × PAD", None) == told(premises, ticket)[-1]


def test_unknown_parts_are_pointed_at(premises: Premises) -> None:
    """
    What is not there, or no longer sold, goes on no ticket.
    """
    ticket = premises.open()
    premises.shop.archive_part(MECHANIC, PAD)

    for part_id in (PAD, 99):
        with pytest.raises(Unknown, match="#/part_id"):
            add(premises, ticket, 1000, part_id)


def test_completing_uses_what_was_promised(premises: Premises) -> None:
    """
    Completed parts leave the shelf, reopened ones come back, each line once.
    """
    bulb = premises.shop.add_part(MECHANIC, sample(PartForm, quantity=5000)).id
    ticket = premises.open()
    for part_id in (PAD, bulb, PAD):
        add(premises, ticket, 1000, part_id)

    premises.go(ticket, Status.IN_PROGRESS, Status.COMPLETED)
    assert [(8000, 0), (4000, 0)] == [premises.stock(), premises.stock(bulb)]

    premises.go(ticket, Status.IN_PROGRESS)
    assert [(10_000, 2000), (5000, 1000)] == [premises.stock(), premises.stock(bulb)]

    premises.go(ticket, Status.COMPLETED, Status.CLOSED)
    assert [(8000, 0), (4000, 0)] == [premises.stock(), premises.stock(bulb)]
    kinds = [move[0] for move in moves(premises)]
    assert [
        *("reserve", "reserve", "consume", "consume"),
        *("restore", "restore", "consume", "consume"),
    ] == kinds


@pytest.mark.parametrize("ways", [(), (Status.IN_PROGRESS,), (Status.IN_PROGRESS, Status.ON_HOLD)])
def test_cancelling_gives_everything_back(premises: Premises, ways: tuple[Status, ...]) -> None:
    """
    From wherever a ticket is cancelled, its reservations are released; its lines stay to be read.
    """
    ticket = premises.open()
    line = add(premises, ticket, 1000)

    after = premises.go(ticket, *ways, Status.CANCELLED)

    assert (10_000, 0) == premises.stock()
    assert (line,) == after.parts
    assert ["reserve", "release"] == [move[0] for move in moves(premises)]


def test_a_completed_part_may_be_archived_and_still_come_back(premises: Premises) -> None:
    """
    Reopening a ticket finds its parts even where they are no longer sold.
    """
    ticket = premises.open()
    line = add(premises, ticket, 1000)
    premises.go(ticket, Status.IN_PROGRESS, Status.COMPLETED)
    premises.shop.archive_part(MECHANIC, PAD)

    premises.go(ticket, Status.IN_PROGRESS)
    premises.shop.remove_part_line(MECHANIC, ticket.id, line.id)

    assert [1000, -1000, 1000, -1000] == [move[2] for move in moves(premises)]


def test_lines_of_other_tickets_are_not_found(premises: Premises) -> None:
    """
    A line is looked for on its own ticket only.
    """
    ticket, other = premises.open(), premises.open()
    line = add(premises, ticket, 1000)
    labor: LaborLine = premises.shop.add_labor_line(MECHANIC, ticket.id, sample(LaborLineForm))
    shop = premises.shop

    for way in (
        lambda: change(premises, other, line, 1),
        lambda: shop.remove_part_line(MECHANIC, other.id, line.id),
        lambda: shop.change_labor_line(MECHANIC, other.id, labor.id, lambda form: form),
        lambda: shop.remove_labor_line(MECHANIC, other.id, labor.id),
        lambda: shop.remove_labor_line(MECHANIC, ticket.id, LineId(99)),
    ):
        with pytest.raises(LineNotFound):
            way()


def test_a_stale_or_late_line_is_refused(premises: Premises) -> None:
    """
    Every way of changing lines looks at the ticket's version, and at whether it is finished.
    """
    ticket = premises.open()
    part = add(premises, ticket, 1000)
    shop, one = premises.shop, ticket.id
    labor = shop.add_labor_line(MECHANIC, one, sample(LaborLineForm))
    form = PartLineForm(part_id=PAD, quantity=Quantity(1))

    def refused(refusal: type[Refused], version: int | None) -> None:
        with pytest.raises(refusal):
            shop.add_part_line(MECHANIC, one, form, version)
        with pytest.raises(refusal):
            shop.change_part_line(MECHANIC, one, part.id, lambda same: same, version)
        with pytest.raises(refusal):
            shop.remove_part_line(MECHANIC, one, part.id, version)
        with pytest.raises(refusal):
            shop.add_labor_line(MECHANIC, one, sample(LaborLineForm), version)
        with pytest.raises(refusal):
            shop.change_labor_line(MECHANIC, one, labor.id, lambda same: same, version)
        with pytest.raises(refusal):
            shop.remove_labor_line(MECHANIC, one, labor.id, version)

    refused(TicketChanged, 9)
    before = premises.go(ticket, Status.IN_PROGRESS, Status.COMPLETED)
    refused(TicketFrozen, None)
    assert before == premises.read(ticket)
    assert (9000, 0) == premises.stock()
    assert Role.MECHANIC is premises.history(one)[-1].by.role
