"""Stock moves exactly, never below what is promised, and each move can be undone."""

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from mechanic_core.access import Actor, By, Role
from mechanic_core.errors import RuleBroken
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
    PartReserved,
)
from mechanic_core.money import MAX_QUANTITY, Measure, Quantity, Stock
from tests.strategies import FEWER, NOON, records, sample, values_of

ALONE = sorted(set(Kind) - {Kind.COUNT})


@FEWER
@given(records(Part), st.sampled_from(ALONE), values_of(Measure))
def test_a_move_keeps_the_balance_or_refuses(part: Part, kind: Kind, quantity: Quantity) -> None:
    """
    After any move nothing is promised that is not there, and nothing else has changed.
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
def test_each_move_is_undone_by_its_inverse(kind: Kind, drawn: Quantity) -> None:
    """
    Do, then undo, and the part is what it was.
    """
    quantity = Quantity(1 + drawn // 5)
    part = sample(Part, quantity=3 * quantity, reserved=quantity)

    assert part == part.move(kind, quantity).move(INVERSE_KINDS[kind], quantity)


def test_every_effect_of_a_ticket_has_an_inverse() -> None:
    """
    Whatever a ticket does to stock, a ticket can give back.
    """
    assert all(
        STOCK_EFFECTS[undo] == tuple(-change for change in STOCK_EFFECTS[kind])
        for kind, undo in INVERSE_KINDS.items()
    )
    assert {Kind.RESERVE, Kind.RELEASE, Kind.CONSUME, Kind.RESTORE} <= set(INVERSE_KINDS)


@FEWER
@given(records(Part), values_of(Stock))
def test_a_count_sets_what_is_on_hand(part: Part, counted: Quantity) -> None:
    """
    A count is taken as found, unless fewer are found than are promised.
    """
    if counted < part.reserved:
        with pytest.raises(CountBelowReserved):
            part.move(Kind.COUNT, counted)
    else:
        assert evolve(part, quantity=counted) == part.move(Kind.COUNT, counted)


def test_a_shelf_has_an_end() -> None:
    """
    More than the ledger can hold is refused as a rule broken, not as an accident.
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
    What counts is what can still be promised.
    """
    part = sample(Part, quantity=quantity, reserved=reserved, reorder_point=reorder_point)

    assert low == part.is_low
    assert quantity - reserved == part.available


def test_an_archived_part_has_nothing_reserved() -> None:
    """
    Nobody takes a part out of the lists while tickets wait for it.
    """
    with pytest.raises(PartReserved) as refused:
        sample(Part, quantity=5500, reserved=500).archive(NOON)

    assert {"reserved": 0.5} == refused.value.facts
    assert NOON == sample(Part, quantity=5500).archive(NOON).archived_at


@FEWER
@given(records(Part))
def test_a_part_of_which_nothing_new_is_written_is_the_same(part: Part) -> None:
    """
    The moment of the last change is left alone where nothing has changed.
    """
    part = evolve(part, sku="PAD")

    assert part is part.with_form(part.form, NOON)
    assert part is part.with_form(evolve(part.form, sku=None, quantity=None), NOON)


@FEWER
@given(records(Part), records(PartForm))
def test_filling_a_form_moves_no_stock(part: Part, form: PartForm) -> None:
    """
    Only movements move stock; a missing SKU is kept.
    """
    after = part.with_form(form, NOON)

    assert (part.quantity, part.reserved) == (after.quantity, after.reserved)
    assert (form.sku or part.sku) == after.sku
    assert evolve(form, sku=after.sku, quantity=after.quantity) == after.form


def test_a_stale_part_is_refused() -> None:
    """
    Whoever changes a part must have seen its present version.
    """
    part = sample(Part, version=3)

    part.require_version(3)
    part.require_version(None)
    with pytest.raises(PartChanged):
        part.require_version(2)


def test_a_movement_tells_what_led_from_one_to_the_other() -> None:
    """
    The ledger holds changes and balances, who did it, and for which line.
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
