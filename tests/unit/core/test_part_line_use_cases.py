"""Part lines: stock is reserved and prices are fixed."""

import pytest
from attrs import evolve

from mechanic_core.access import Role
from mechanic_core.errors import Refused, Unknown
from mechanic_core.inventory.part import InsufficientStock, PartForm, PartId
from mechanic_core.money import Money, Quantity
from mechanic_core.tickets.history import HistoryEvent
from mechanic_core.tickets.lines.labor_line import LaborLine, LaborLineForm
from mechanic_core.tickets.lines.line import LineId, LineNotFound
from mechanic_core.tickets.lines.part_line import PartLine, PartLineChange, PartLineForm
from mechanic_core.tickets.ticket import Ticket, TicketChanged, TicketFrozen
from mechanic_core.tickets.workflow import Status
from tests.shops import MECHANIC
from tests.strategies import sample
from tests.unit.core.conftest import ALL, Premises

PAD = PartId(1)


def add(premises: Premises, ticket: Ticket, quantity: int, part_id: int = PAD) -> PartLine:
    """Add a part to a ticket."""
    form = PartLineForm(part_id=part_id, quantity=Quantity(quantity))
    return premises.shop.add_part_line(MECHANIC, ticket.id, form)


def change(premises: Premises, ticket: Ticket, line: PartLine, quantity: int) -> PartLine:
    """Change the quantity of a line."""
    change = PartLineChange(quantity=Quantity(quantity))
    return premises.shop.change_part_line(MECHANIC, ticket.id, line.id, lambda _: change)


def moves(premises: Premises) -> list[tuple[str, int, int, int | None]]:
    """Return the movements of the brake pads that come from tickets."""
    found = premises.shop.list_movements(MECHANIC, PAD, ALL).items[1:]
    return [(m.kind.value, m.on_hand_change, m.reserved_change, m.ticket_id) for m in found]


def test_a_part_line_reserves_stock(premises: Premises) -> None:
    """
    A line reserves stock and copies SKU, name and price.
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
    assert [(HistoryEvent.PART_ADDED, None, "2.5 × PAD")] == premises.entries(ticket)


def test_the_last_parts_are_reserved_once(premises: Premises) -> None:
    """
    Reserved stock is not available again; the refusal reports what is, and stores nothing.
    """
    first, second = premises.open(), premises.open()
    add(premises, first, 9500)

    with pytest.raises(InsufficientStock) as refused:
        add(premises, second, 501)

    assert {"part_id": PAD, "available": 0.5} == refused.value.facts
    assert second == premises.read(second)
    assert [] == premises.entries(second)
    assert 1 == len(moves(premises))


def test_the_price_is_fixed_when_the_line_is_added(premises: Premises) -> None:
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

    assert evolve(line, quantity=Quantity(2000), net=Money(3998)) == changed
    assert ("New pad", 5) == (new.name, new.unit_price)
    assert (changed, new) == premises.read(ticket).parts


def test_changing_a_line_moves_the_difference(premises: Premises) -> None:
    """
    A greater quantity reserves more, a smaller one releases, an equal one moves nothing.
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
        (HistoryEvent.PART_ADDED, None, "1 × PAD"),
        (HistoryEvent.PART_CHANGED, "1 × PAD", "3 × PAD"),
        (HistoryEvent.PART_CHANGED, "3 × PAD", "0.5 × PAD"),
    ] == premises.entries(ticket)


def test_adding_and_removing_is_the_identity(premises: Premises) -> None:
    """
    Adding and removing a line restores stock and totals, and writes two entries.
    """
    ticket = premises.open()
    line = add(premises, ticket, 1000)

    premises.shop.remove_part_line(MECHANIC, ticket.id, line.id)

    assert (10_000, 0) == premises.stock()
    assert ticket.totals == premises.read(ticket).totals
    assert [("reserve", 0, 1000, 1), ("release", 0, -1000, 1)] == moves(premises)
    assert (HistoryEvent.PART_REMOVED, "1 × PAD", None) == premises.entries(ticket)[-1]


def test_unknown_parts_are_refused(premises: Premises) -> None:
    """
    A part that does not exist or is archived cannot be added to a ticket.
    """
    ticket = premises.open()
    premises.archive()

    for part_id in (PAD, 99):
        with pytest.raises(Unknown, match="#/part_id"):
            add(premises, ticket, 1000, part_id)


def test_completing_consumes_reserved_stock(premises: Premises) -> None:
    """
    Completing consumes the parts, reopening restores them, once for each line.
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


@pytest.mark.parametrize(
    "statuses", [(), (Status.IN_PROGRESS,), (Status.IN_PROGRESS, Status.ON_HOLD)]
)
def test_cancelling_releases_reservations(premises: Premises, statuses: tuple[Status, ...]) -> None:
    """
    Cancelling releases all reservations from any status; the lines stay.
    """
    ticket = premises.open()
    line = add(premises, ticket, 1000)

    after = premises.go(ticket, *statuses, Status.CANCELLED)

    assert (10_000, 0) == premises.stock()
    assert (line,) == after.parts
    assert ["reserve", "release"] == [move[0] for move in moves(premises)]


def test_reopening_restores_archived_parts(premises: Premises) -> None:
    """
    A part that an earlier release archived gets its stock back when a ticket is reopened.
    """
    ticket = premises.open()
    line = add(premises, ticket, 1000)
    premises.go(ticket, Status.IN_PROGRESS, Status.COMPLETED)
    with premises.store.begin() as work:
        work.parts.save([evolve(work.parts.get(PAD), archived_at=premises.clock())])

    premises.go(ticket, Status.IN_PROGRESS)
    premises.shop.remove_part_line(MECHANIC, ticket.id, line.id)

    assert [1000, -1000, 1000, -1000] == [move[2] for move in moves(premises)]


def test_lines_of_other_tickets_are_not_found(premises: Premises) -> None:
    """
    A line is found on its own ticket only.
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
    Every change of a line checks the ticket's version and status.
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
