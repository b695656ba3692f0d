"""Stock movements are exact, never below the reserved quantity, and reversible."""

from datetime import timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from mechanic_core.access import Actor, By, Role
from mechanic_core.errors import RuleBroken
from mechanic_core.events.event import EventType
from mechanic_core.inventory.movement import Movement
from mechanic_core.inventory.part import (
    INVERSE_KINDS,
    STOCK_EFFECTS,
    CountBelowReserved,
    InsufficientStock,
    Kind,
    Part,
    PartChanged,
    PartForm,
    PartInUse,
)
from mechanic_core.money import MAX_QUANTITY, Measure, Quantity, Stock
from tests.strategies import FEWER, NOON, records, sample, values_of

ALONE = sorted(set(Kind) - {Kind.COUNT})


@FEWER
@given(records(Part), st.sampled_from(ALONE), values_of(Measure))
def test_a_movement_changes_the_balance_or_is_refused(
    part: Part, kind: Kind, quantity: Quantity
) -> None:
    """
    After any movement the reserved quantity is on hand, and nothing else has changed.
    """
    on_hand, reserved = STOCK_EFFECTS[kind]
    wanted = (part.quantity + on_hand * quantity, part.reserved + reserved * quantity)
    if not 0 <= wanted[1] <= wanted[0]:
        with pytest.raises(InsufficientStock) as refused:
            part.move(kind, quantity)
        assert part.available == refused.value.available
    elif wanted[0] > MAX_QUANTITY:
        with pytest.raises(RuleBroken):
            part.move(kind, quantity)
    else:
        after = part.move(kind, quantity)
        assert wanted == (after.quantity, after.reserved)
        assert part == evolve(after, quantity=part.quantity, reserved=part.reserved)


@FEWER
@given(st.sampled_from(sorted(INVERSE_KINDS)), values_of(Measure))
def test_each_kind_is_reversed_by_its_inverse(kind: Kind, drawn: Quantity) -> None:
    """
    A movement and its inverse leave the part unchanged.
    """
    quantity = Quantity(1 + drawn // 5)
    part = sample(Part, quantity=3 * quantity, reserved=quantity)

    assert part == part.move(kind, quantity).move(INVERSE_KINDS[kind], quantity)


def test_every_effect_of_a_ticket_has_an_inverse() -> None:
    """
    All kinds that come from tickets have an inverse.
    """
    assert all(
        STOCK_EFFECTS[undo] == tuple(-change for change in STOCK_EFFECTS[kind])
        for kind, undo in INVERSE_KINDS.items()
    )
    assert {Kind.RESERVE, Kind.RELEASE, Kind.CONSUME, Kind.RESTORE} <= set(INVERSE_KINDS)


@FEWER
@given(records(Part), values_of(Stock))
def test_a_count_sets_the_quantity_on_hand(part: Part, counted: Quantity) -> None:
    """
    A count is refused only below the reserved quantity.
    """
    if counted < part.reserved:
        with pytest.raises(CountBelowReserved):
            part.move(Kind.COUNT, counted)
    else:
        assert evolve(part, quantity=counted) == part.move(Kind.COUNT, counted)


def test_the_quantity_on_hand_is_limited() -> None:
    """
    More than the greatest quantity is refused as invalid.
    """
    with pytest.raises(RuleBroken, match="must leave at most 99999 on hand"):
        sample(Part, quantity=MAX_QUANTITY).move(Kind.RECEIVE, Quantity(1))


@pytest.mark.parametrize(
    ("quantity", "reserved", "reorder_point", "low"),
    [(0, 0, 0, True), (5, 0, 4, False), (5, 0, 5, True), (9, 5, 4, True), (9, 4, 4, False)],
)
def test_a_part_is_low_at_its_reorder_point(
    quantity: int,
    reserved: int,
    reorder_point: int,
    low: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """
    The available quantity counts, not the quantity on hand.
    """
    part = sample(Part, quantity=quantity, reserved=reserved, reorder_point=reorder_point)

    assert low == part.is_low
    assert quantity - reserved == part.available


def test_a_part_in_use_cannot_be_archived() -> None:
    """
    A part on hand, or on tickets that are not closed, cannot be archived.
    """
    with pytest.raises(PartInUse) as refused:
        sample(Part, quantity=5500, reserved=500).archive(NOON, [15])
    with pytest.raises(PartInUse) as completed:
        sample(Part, quantity=0).archive(NOON, [15, 16])

    assert {"on_hand": 5.5, "reserved": 0.5, "ticket_ids": [15]} == refused.value.facts
    assert {"on_hand": 0, "reserved": 0, "ticket_ids": [15, 16]} == completed.value.facts


def test_an_archived_part_can_be_restored() -> None:
    """
    Archiving and restoring are changes of the part; restoring it again is none.
    """
    part = sample(Part, quantity=0)

    archived = part.archive(NOON)
    restored = archived.restore(NOON)

    assert [False, True, False] == [one.archived for one in (part, archived, restored)]
    assert evolve(part, updated_at=NOON) == restored
    assert restored is restored.restore(NOON + timedelta(hours=1))
    assert EventType.PART_ARCHIVED is archived.event_type(part)
    assert EventType.PART_RESTORED is restored.event_type(archived)


@FEWER
@given(records(Part))
def test_an_unchanged_form_returns_the_same_part(part: Part) -> None:
    """
    The timestamp stays when nothing changes.
    """
    part = evolve(part, sku="PAD")

    assert part is part.with_form(part.form, NOON)
    assert part is part.with_form(evolve(part.form, sku=None, quantity=None), NOON)


@FEWER
@given(records(Part), records(PartForm))
def test_a_form_does_not_move_stock(part: Part, form: PartForm) -> None:
    """
    Only movements change stock; a missing SKU keeps the present one.
    """
    after = part.with_form(form, NOON)

    assert (part.quantity, part.reserved) == (after.quantity, after.reserved)
    assert (form.sku or part.sku) == after.sku
    assert evolve(form, sku=after.sku, quantity=after.quantity) == after.form


def test_a_stale_part_is_refused() -> None:
    """
    A change needs the present version.
    """
    part = sample(Part, version=3)

    part.require_version(3)
    part.require_version(None)
    with pytest.raises(PartChanged):
        part.require_version(2)


def test_a_movement_records_the_difference() -> None:
    """
    The movement has changes and balances, the author and the line.
    """
    before = sample(Part, quantity=5000, reserved=1000)
    after = before.move(Kind.CONSUME, Quantity(1000))

    movement = Movement.between(
        before, after, Kind.CONSUME, Actor(Role.MECHANIC, 2), NOON, ticket_id=15, line_id=31
    )

    assert movement == Movement(
        part_id=before.id,
        kind=Kind.CONSUME,
        on_hand_change=Quantity(-1000),
        reserved_change=Quantity(-1000),
        on_hand_after=Quantity(4000),
        reserved_after=Quantity(0),
        ticket_id=15,
        line_id=31,
        by=By(role=Role.MECHANIC, id=2),
        at=NOON,
    )
