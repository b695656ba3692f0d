"""The contract of `Ledger`."""

from typing import Final

import pytest
from attrs import evolve

from mechanic_adapters.conformance.declarations import PaginatedList, Write
from mechanic_adapters.conformance.samples.records import (
    ALL,
    AT,
    LATER,
    UNKNOWN,
    add_customer,
    add_mechanic,
    add_part,
    add_ticket,
    new_movement,
    new_part_line,
)
from mechanic_core.access import Actor, By, Role
from mechanic_core.inventory.movement import Disagreement, Movement
from mechanic_core.inventory.part import Kind, Part, PartId, PartNotFound
from mechanic_core.money import MAX_QUANTITY, Quantity
from mechanic_core.unit_of_work import Store

WRITES: Final = (
    Write(
        "ledger.write", lambda work, seed: work.ledger.write([new_movement(seed.part, 5)]), "parts"
    ),
)
LISTS: Final = (
    PaginatedList(
        "ledger",
        lambda work, seed, page: work.ledger.of(seed.part.id, page),
        lambda work, seed: work.ledger.write([new_movement(seed.part, 1)]),
    ),
)


def entries(store: Store, part: Part) -> tuple[Movement, ...]:
    """Return the movements of *part*."""
    with store.read_only() as work:
        return work.ledger.of(part.id, ALL).items


def wrong(store: Store) -> tuple[Disagreement, ...]:
    """Return what the store finds wrong."""
    with store.read_only() as work:
        return work.ledger.disagreements()


def move(store: Store, part: Part, kind: Kind, quantity: int) -> Part:
    """Move stock as the shop does: a movement, and the balance with it."""
    after = part.move(kind, Quantity(quantity))
    with store.begin() as work:
        work.ledger.write([Movement.between(part, after, kind, Actor(), AT)])
        (kept,) = work.parts.save([after])
        return kept


class TestLedger:
    """Every change of stock, in the order in which they happened."""

    def test_gives_back_what_was_written(self, store: Store) -> None:
        """A movement comes back whole, with an id and whoever made it by name."""
        bo, part = add_mechanic(store, name="Bo"), add_part(store, quantity=MAX_QUANTITY)
        ticket = add_ticket(store, add_customer(store), parts=(new_part_line(part),))
        movement = new_movement(
            part,
            -MAX_QUANTITY,
            Actor(Role.MECHANIC, bo.id),
            note="Wasserschaden: „alles“",
            ticket_id=ticket.id,
            line_id=ticket.parts[0].id,
        )

        with store.begin() as work:
            (written,) = work.ledger.write([movement])

        assert evolve(movement, id=written.id, by=evolve(movement.by, name="Bo")) == written
        assert written.id > 0
        assert (written,) == entries(store, part)

    @pytest.mark.parametrize("kind", Kind)
    def test_knows_every_kind(self, store: Store, kind: Kind) -> None:
        """Whatever moves stock can be written down, with nothing more to tell."""
        part = add_part(store, quantity=5000, reserved=2000)
        after = part.move(kind, Quantity(2000))
        movement = Movement.between(part, after, kind, Actor(), AT)

        with store.begin() as work:
            (written,) = work.ledger.write([movement])

        assert evolve(movement, id=written.id) == written
        assert (written,) == entries(store, part)

    def test_writes_several_in_order(self, store: Store) -> None:
        """Movements come back in the order in which they were written, by part."""
        one, other = add_part(store), add_part(store)
        movements = [
            new_movement(part, more) for part, more in ((other, 1), (one, 2), (other, 3), (one, 4))
        ]

        with store.begin() as work:
            first, second, third, fourth = work.ledger.write(movements)
            assert () == work.ledger.write([])

        assert first.id < second.id < third.id < fourth.id
        assert (second, fourth) == entries(store, one)
        assert (first, third) == entries(store, other)

    def test_tells_the_oldest_first(self, store: Store) -> None:
        """The order is that of writing, whatever the moments say."""
        part = add_part(store)
        for more, at in ((1, LATER), (2, AT)):
            with store.begin() as work:
                work.ledger.write([evolve(new_movement(part, more), at=at)])

        assert [1, 2] == [movement.on_hand_change for movement in entries(store, part)]

    def test_knows_every_part_there_ever_was(self, store: Store) -> None:
        """A part without movements has an empty ledger, an archived one keeps its own."""
        empty, used = add_part(store), add_part(store)
        with store.begin() as work:
            written = work.ledger.write([new_movement(used, 1)])
            work.parts.save([used.archive(LATER)])

        assert () == entries(store, empty)
        assert written == entries(store, used)
        with pytest.raises(PartNotFound), store.read_only() as work:
            work.ledger.of(PartId(UNKNOWN), ALL)

    def test_forgets_the_name_of_the_erased(self, store: Store) -> None:
        """Names are those of now; after an erasure the id stays and the name is gone."""
        ada, bo, part = add_customer(store), add_mechanic(store), add_part(store)
        actors = Actor(Role.CUSTOMER, ada.id), Actor(Role.MANAGER, bo.id), Actor()
        with store.begin() as work:
            work.ledger.write([new_movement(part, 1, actor) for actor in actors])

        with store.begin() as work:
            work.customers.save(ada.erase(LATER))
            work.mechanics.save(evolve(bo, name="Bob"))

        erased, renamed, nobody = (By.of(actor) for actor in actors)
        assert [erased, evolve(renamed, name="Bob"), nobody] == [
            movement.by for movement in entries(store, part)
        ]

    def test_agrees_with_balances_that_were_moved(self, store: Store) -> None:
        """A balance that movements led to is their sum, archived or not, used or not."""
        add_part(store)
        part = add_part(store)
        for kind, quantity in (
            (Kind.RECEIVE, 9000),
            (Kind.RESERVE, 4000),
            (Kind.CONSUME, 1500),
            (Kind.RESTORE, 500),
            (Kind.RELEASE, 3000),
            (Kind.COUNT, 7777),
            (Kind.SCRAP, 7777),
        ):
            part = move(store, part, kind, quantity)
            assert () == wrong(store)
        with store.begin() as work:
            work.parts.save([part.archive(LATER)])

        assert () == wrong(store)

    def test_finds_every_disagreement(self, store: Store) -> None:
        """A balance that is not the sum of its movements is told, with both, by id."""
        unwritten = add_part(store, sku="UNWRITTEN", quantity=3)
        add_part(store, sku="RIGHT")
        unmoved = add_part(store, sku="UNMOVED")
        reserved = add_part(store, sku="RESERVED", quantity=2, reserved=2)
        archived = add_part(store, sku="ARCHIVED", quantity=1)
        with store.begin() as work:
            work.ledger.write(
                [new_movement(unmoved, 5), new_movement(unmoved, 6), new_movement(reserved, 2)]
            )
            work.parts.save([archived.archive(LATER)])

        def told(part: Part, on_hand: int) -> Disagreement:
            return Disagreement(
                part_id=part.id,
                sku=part.sku,
                on_hand=part.quantity,
                reserved=part.reserved,
                ledger_on_hand=Quantity(on_hand),
                ledger_reserved=Quantity(0),
            )

        assert (
            told(unwritten, 0),
            told(unmoved, 11),
            told(reserved, 2),
            told(archived, 0),
        ) == wrong(store)
