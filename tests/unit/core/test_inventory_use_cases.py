"""Add, find, count, archive and restore parts, and notify of low stock."""

from typing import Any

import pytest
from attrs import evolve

from mechanic_core.access import ANONYMOUS, LoginNeeded, Role, RoleForbids
from mechanic_core.inventory.movement import Movement, MovementForm
from mechanic_core.inventory.part import (
    CountBelowReserved,
    InsufficientStock,
    Kind,
    Part,
    PartChanged,
    PartForm,
    PartId,
    PartInUse,
    PartNotFound,
    SkuTaken,
    UnitInUse,
)
from mechanic_core.inventory.ports import PartFilter
from mechanic_core.money import Quantity
from mechanic_core.tickets.lines.part_line import PartLineForm
from mechanic_core.tickets.ticket import TicketId
from mechanic_core.tickets.workflow import Status
from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.strategies import sample
from tests.unit.core.conftest import ALL, Premises

PAD = PartId(1)


def move(premises: Premises, kind: Kind, quantity: int, note: str | None = None) -> Movement:
    """Enter a stock movement of the brake pads."""
    form = MovementForm(kind=kind, quantity=Quantity(quantity), note=note)
    return premises.shop.move_stock(MECHANIC, PAD, form)


def reserve(premises: Premises, quantity: int) -> TicketId:
    """Add brake pads to a new ticket, and return its id."""
    form, ticket_id = PartLineForm(part_id=PAD, quantity=Quantity(quantity)), premises.open().id
    premises.shop.add_part_line(MECHANIC, ticket_id, form)
    return ticket_id


def change(premises: Premises, **what: Any) -> Part:
    """Change the brake pads."""
    return premises.shop.change_part(MECHANIC, PAD, lambda form: evolve(form, **what))


def ledger(premises: Premises, part_id: int = 1) -> list[tuple[str, int, int, int, int]]:
    """Return a part's ledger as tuples."""
    found = premises.shop.list_movements(MECHANIC, PartId(part_id), ALL).items
    return [
        (m.kind.value, m.on_hand_change, m.reserved_change, m.on_hand_after, m.reserved_after)
        for m in found
    ]


def test_initial_stock_is_received(premises: Premises) -> None:
    """
    A new part with stock has one movement, one without has none; a missing SKU is generated.
    """
    bulb = premises.shop.add_part(MECHANIC, sample(PartForm, quantity=500))
    lamp = premises.shop.add_part(MECHANIC, sample(PartForm))

    assert (500, 0, 1) == (bulb.quantity, bulb.reserved, bulb.version)
    assert [("receive", 500, 0, 500, 0)] == ledger(premises, bulb.id)
    assert bulb.sku.startswith("PART-")
    assert bulb.sku != lamp.sku
    assert [] == ledger(premises, lamp.id)


def test_a_sku_is_unique(premises: Premises) -> None:
    """
    Two parts never share a SKU, and the refused one is not stored.
    """
    bulb = premises.shop.add_part(MECHANIC, sample(PartForm, sku="BULB"))

    with pytest.raises(SkuTaken):
        premises.shop.add_part(MECHANIC, sample(PartForm, sku="PAD", quantity=500))
    with pytest.raises(SkuTaken):
        premises.shop.change_part(
            MECHANIC, bulb.id, lambda f: evolve(f, sku="PAD", quantity=Quantity(9))
        )

    assert [] == ledger(premises, bulb.id)
    assert 2 == len(premises.shop.list_parts(ANONYMOUS, PartFilter(), ALL).items)


@pytest.mark.parametrize(
    ("wanted", "skus"),
    [
        (PartFilter(), ["PAD", "OIL-5W"]),
        (PartFilter(q="brake"), ["PAD"]),
        (PartFilter(q="oil"), ["OIL-5W"]),
        (PartFilter(sku="PAD"), ["PAD"]),
        (PartFilter(sku="pa"), []),
    ],
)
def test_everybody_searches_parts(premises: Premises, wanted: PartFilter, skus: list[str]) -> None:
    """
    The search text is the start of the name or SKU; a SKU filter must be equal.
    """
    premises.shop.add_part(MECHANIC, sample(PartForm, name="Motor oil", sku="OIL-5W"))

    found = premises.shop.list_parts(ANONYMOUS, wanted, ALL).items

    assert skus == [part.sku for part in found]


def test_low_stock_is_for_staff(premises: Premises) -> None:
    """
    Neither anonymous callers nor customers see which parts are low.
    """
    premises.shop.add_part(MECHANIC, sample(PartForm, sku="EMPTY"))
    low = PartFilter(low_stock=True)

    assert ["EMPTY"] == [p.sku for p in premises.shop.list_parts(MECHANIC, low, ALL).items]
    with pytest.raises(LoginNeeded):
        premises.shop.list_parts(ANONYMOUS, low, ALL)
    with pytest.raises(RoleForbids):
        premises.shop.list_parts(CUSTOMER, evolve(low, low_stock=False), ALL)


def test_manual_movements_are_recorded(premises: Premises) -> None:
    """
    Each entry has the changes, the balances, the author and the note.
    """
    move(premises, Kind.RECEIVE, 2500)
    move(premises, Kind.RETURN, 500)
    move(premises, Kind.COUNT, 4000, "found behind the shelf")
    move(premises, Kind.COUNT, 4000)
    last = move(premises, Kind.SCRAP, 1000)

    assert [
        ("receive", 10_000, 0, 10_000, 0),
        ("receive", 2500, 0, 12_500, 0),
        ("return", 500, 0, 13_000, 0),
        ("count", -9000, 0, 4000, 0),
        ("count", 0, 0, 4000, 0),
        ("scrap", -1000, 0, 3000, 0),
    ] == ledger(premises)
    entries = premises.shop.list_movements(MANAGER, PAD, ALL).items
    assert last == entries[-1]
    assert "found behind the shelf" == entries[3].note
    assert (Role.MECHANIC, 2, "Bob") == (last.by.role, last.by.id, last.by.name)
    assert (3000, 0) == premises.stock()


def test_reserved_stock_cannot_be_removed(premises: Premises) -> None:
    """
    Scrapping and counting stop at the reserved quantity, and report what is available.
    """
    ticket = reserve(premises, 7000)

    with pytest.raises(InsufficientStock) as short:
        move(premises, Kind.SCRAP, 3001)
    with pytest.raises(CountBelowReserved) as below:
        move(premises, Kind.COUNT, 6999)
    with pytest.raises(CountBelowReserved):
        change(premises, quantity=Quantity(0))

    assert {"part_id": 1, "available": 3, "ticket_ids": [ticket]} == short.value.facts
    assert {"reserved": 7, "ticket_ids": [ticket]} == below.value.facts
    assert (10_000, 7000) == premises.stock()
    assert 2 == len(ledger(premises))


def test_a_sku_is_stripped(premises: Premises) -> None:
    """
    White space around a SKU is ignored.
    """
    assert "BULB 1" == premises.shop.add_part(MECHANIC, sample(PartForm, sku=" BULB 1\n")).sku
    with pytest.raises(SkuTaken):
        premises.shop.add_part(MECHANIC, sample(PartForm, sku=" PAD "))


def test_a_changed_quantity_is_a_count(premises: Premises) -> None:
    """
    A changed quantity writes a movement; a missing or equal one writes none.
    """
    change(premises, quantity=Quantity(12_000), price=5)
    change(premises, quantity=None, name="Pad")
    part = change(premises, quantity=Quantity(12_000), description="Ceramic")

    assert [("count", 2000, 0, 12_000, 0)] == ledger(premises)[1:]
    assert (5, "Pad", "Ceramic", 4) == (part.price, part.name, part.description, part.version)
    assert part == premises.shop.read_part(ANONYMOUS, PAD)


def test_a_stale_change_is_refused(premises: Premises) -> None:
    """
    With an old version, a part can be neither changed, moved nor archived.
    """
    form = MovementForm(kind=Kind.RECEIVE, quantity=Quantity(1))
    for way in (
        lambda: premises.shop.change_part(MECHANIC, PAD, lambda f: f, expected=9),
        lambda: premises.shop.move_stock(MECHANIC, PAD, form, expected=9),
        lambda: premises.shop.archive_part(MECHANIC, PAD, expected=9),
    ):
        with pytest.raises(PartChanged):
            way()


def test_an_archived_part_is_for_staff_to_read_and_restore(premises: Premises) -> None:
    """
    To others an archived part does not exist; staff read it and its ledger, and change neither.
    """
    archived = premises.archive()
    form = MovementForm(kind=Kind.RECEIVE, quantity=Quantity(1))
    for way in (
        lambda: premises.shop.read_part(CUSTOMER, PAD),
        lambda: premises.shop.read_part(ANONYMOUS, PAD),
        lambda: premises.shop.change_part(MANAGER, PAD, lambda f: f),
        lambda: premises.shop.move_stock(MANAGER, PAD, form),
        lambda: premises.shop.archive_part(MANAGER, PAD),
        lambda: premises.shop.restore_part(MANAGER, PartId(99)),
        lambda: premises.shop.list_movements(MANAGER, PartId(99), ALL),
    ):
        with pytest.raises(PartNotFound):
            way()

    assert archived.archived
    assert () == premises.shop.list_parts(MANAGER, PartFilter(), ALL).items
    assert (archived,) == premises.shop.list_parts(MECHANIC, PartFilter(archived=True), ALL).items
    assert ["receive", "count"] == [kind for kind, *_ in ledger(premises)]
    for actor, refusal in ((ANONYMOUS, LoginNeeded), (CUSTOMER, RoleForbids)):
        with pytest.raises(refusal):
            premises.shop.list_parts(actor, PartFilter(archived=True), ALL)


def test_an_archived_part_is_restored(premises: Premises) -> None:
    """
    F4: a restored part is in the lists again, unless its SKU is used meanwhile.
    """
    archived = premises.archive()
    other = premises.shop.add_part(MECHANIC, sample(PartForm, sku="PAD"))

    with pytest.raises(SkuTaken):
        premises.shop.restore_part(MECHANIC, PAD)
    with pytest.raises(PartChanged):
        premises.shop.restore_part(MECHANIC, PAD, expected=1)
    premises.shop.archive_part(MECHANIC, other.id)
    restored = premises.shop.restore_part(MECHANIC, PAD, expected=archived.version)

    expected = evolve(archived, archived_at=None, version=archived.version + 1)
    assert expected == restored == premises.shop.read_part(ANONYMOUS, PAD)
    assert restored == premises.shop.restore_part(MECHANIC, PAD)


def test_a_part_in_use_is_not_archived(premises: Premises) -> None:
    """
    F4: on hand, reserved or on a ticket that may be reopened, a part stays; the tickets are named.
    """
    ticket = premises.open()
    form = PartLineForm(part_id=PAD, quantity=Quantity(10_000))

    def refused() -> object:
        with pytest.raises(PartInUse) as refusal:
            premises.shop.archive_part(MECHANIC, PAD)
        return refusal.value.facts

    assert {"on_hand": 10, "reserved": 0, "ticket_ids": []} == refused()
    premises.shop.add_part_line(MECHANIC, ticket.id, form)
    assert {"on_hand": 10, "reserved": 10, "ticket_ids": [ticket.id]} == refused()
    premises.go(ticket, Status.IN_PROGRESS, Status.COMPLETED)
    assert {"on_hand": 0, "reserved": 0, "ticket_ids": [ticket.id]} == refused()
    premises.go(ticket, Status.CLOSED)
    premises.shop.archive_part(MECHANIC, PAD)
    assert premises.shop.read_part(MECHANIC, PAD).archived


def test_a_unit_stays_once_stock_was_counted_in_it(premises: Premises) -> None:
    """
    F9: what the ledger says in quarts cannot be read as liters, not even when none is left.
    """
    bulb = premises.shop.add_part(MECHANIC, sample(PartForm, unit="pair"))
    move(premises, Kind.COUNT, 0)

    with pytest.raises(UnitInUse) as refused:
        change(premises, unit="liter", name="Oil")
    change(premises, unit="each", name="Oil")
    changed = premises.shop.change_part(MECHANIC, bulb.id, lambda form: evolve(form, unit="set"))

    assert {"unit": "each"} == refused.value.facts
    assert "set" == changed.unit


@pytest.mark.parametrize("kind", [Kind.SCRAP, Kind.COUNT])
def test_a_reserved_part_that_breaks_names_the_tickets(premises: Premises, kind: Kind) -> None:
    """
    A count or scrap below what is reserved names the tickets that hold the reservations.
    """
    done = premises.open()
    premises.shop.add_part_line(
        MECHANIC, done.id, PartLineForm(part_id=PAD, quantity=Quantity(1000))
    )
    premises.go(done, Status.IN_PROGRESS, Status.COMPLETED)
    tickets = [reserve(premises, 3000), reserve(premises, 6000)]
    quantity = 1000 if kind is Kind.SCRAP else 8000

    with pytest.raises((InsufficientStock, CountBelowReserved)) as refused:
        move(premises, kind, quantity)
    with pytest.raises(CountBelowReserved) as corrected:
        change(premises, quantity=Quantity(8000))

    assert tickets == refused.value.facts["ticket_ids"]
    assert {"reserved": 9, "ticket_ids": tickets} == corrected.value.facts


def test_more_than_is_there_cannot_be_scrapped(premises: Premises) -> None:
    """
    Where nothing is reserved, no ticket is named.
    """
    with pytest.raises(InsufficientStock) as refused:
        move(premises, Kind.SCRAP, 11_000)

    assert {"part_id": PAD, "available": 10} == refused.value.facts


def test_low_stock_is_notified_once_per_crossing(premises: Premises) -> None:
    """
    Falling to the reorder point notifies; staying below it does not; falling again does.
    """
    reserve(premises, 5999)
    assert [] == premises.notified

    reserve(premises, 1)
    move(premises, Kind.SCRAP, 1000)
    move(premises, Kind.RECEIVE, 9000)
    move(premises, Kind.COUNT, 7000)

    assert [4000, 1000] == [part.available for part in premises.notified]


def test_raising_the_reorder_point_is_a_crossing_too(premises: Premises) -> None:
    """
    A higher reorder point can make a part low.
    """
    change(premises, reorder_point=Quantity(10_000))
    change(premises, reorder_point=Quantity(11_000))

    assert [10_000] == [part.reorder_point for part in premises.notified]


def test_consuming_reserved_stock_is_no_crossing(premises: Premises) -> None:
    """
    A part becomes low when stock is reserved, not again when it is consumed.
    """
    ticket = premises.open()
    form = PartLineForm(part_id=PAD, quantity=Quantity(8000))
    premises.shop.add_part_line(MECHANIC, ticket.id, form)
    premises.go(ticket, Status.IN_PROGRESS, Status.COMPLETED)

    assert 1 == len(premises.notified)


def test_a_refused_movement_does_not_notify(premises: Premises) -> None:
    """
    A rolled-back movement notifies nobody.
    """
    with pytest.raises(InsufficientStock):
        reserve(premises, 10_001)

    assert [] == premises.notified


def test_balances_agree_with_the_ledger(premises: Premises) -> None:
    """
    The check finds a balance that differs from its ledger, and nothing else.
    """
    reserve(premises, 500)
    assert () == premises.shop.check_stock(MANAGER)

    with premises.store.begin() as work:
        part = work.parts.get(PAD)
        work.parts.save([evolve(part, quantity=Quantity(9000))])

    (found,) = premises.shop.check_stock(MANAGER)
    assert (PAD, "PAD") == (found.part_id, found.sku)
    assert (9000, 500) == (found.on_hand, found.reserved)
    assert (10_000, 500) == (found.ledger_on_hand, found.ledger_reserved)
