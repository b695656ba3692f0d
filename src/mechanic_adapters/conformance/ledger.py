"""The contract of `Ledger`."""

from typing import Final

import pytest
from attrs import evolve

from mechanic_adapters.conformance.samples.declarations import PaginatedList, Write
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
    new_part,
    new_part_line,
)
from mechanic_core.access import Actor, By, Role
from mechanic_core.inventory.movement import Disagreement, Movement
from mechanic_core.inventory.part import Kind, Part, PartId, PartNotFound, SkuTaken
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


def disagreements(store: Store) -> tuple[Disagreement, ...]:
    """Return the disagreements between parts and ledger."""
    with store.read_only() as work:
        return work.ledger.disagreements()


def move(store: Store, part: Part, kind: Kind, quantity: int) -> Part:
    """Move stock as the shop does: a movement and the new balance in one transaction."""
    after = part.move(kind, Quantity(quantity))
    with store.begin() as work:
        work.ledger.write([Movement.between(part, after, kind, Actor(), AT)])
        (saved,) = work.parts.save([after])
        return saved


class TestLedger:
    """Stock movements."""

    def test_returns_what_was_added(self, store: Store) -> None:
        """A movement comes back as added, with an id and the name of its actor."""
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

    def test_records_the_first_receipt(self, store: Store) -> None:
        """The first movement of a new part has the part's new id."""
        new = new_part(quantity=5)
        received = new_movement(new, 5)

        with store.begin() as work:
            added = work.parts.add(new, received)

        with store.read_only() as work:
            (written,) = work.ledger.of(added.id, ALL).items
        assert evolve(received, id=written.id, part_id=added.id) == written

    def test_records_movements_with_a_save(self, store: Store) -> None:
        """Movements are added to the ledger together with the changed parts."""
        one, other = add_part(store), add_part(store)

        with store.begin() as work:
            work.parts.save([other], [new_movement(other, 1)])
            (other,) = work.parts.lock([other.id]).values()
            work.parts.save([one], [new_movement(one, 2), new_movement(one, 3)])
            (one,) = work.parts.lock([one.id]).values()
            work.parts.save([one, other], [new_movement(one, 4), new_movement(other, 5)])

        with store.read_only() as work:
            written = [work.ledger.of(part.id, ALL).items for part in (one, other)]
        assert [[2, 3, 4], [1, 5]] == [[m.on_hand_change for m in of_part] for of_part in written]

    def test_records_no_movement_of_a_refused_part(self, store: Store) -> None:
        """When adding a part is refused, its movement is not recorded either."""
        taken = add_part(store)

        with store.begin() as work, pytest.raises(SkuTaken):
            work.parts.add(new_part(sku=taken.sku), new_movement(taken, 5))

        with store.read_only() as work:
            assert () == work.ledger.of(taken.id, ALL).items

    @pytest.mark.parametrize("kind", Kind)
    def test_accepts_every_kind(self, store: Store, kind: Kind) -> None:
        """Every kind of movement can be recorded without optional fields."""
        part = add_part(store, quantity=5000, reserved=2000)
        after = part.move(kind, Quantity(2000))
        movement = Movement.between(part, after, kind, Actor(), AT)

        with store.begin() as work:
            (written,) = work.ledger.write([movement])

        assert evolve(movement, id=written.id) == written
        assert (written,) == entries(store, part)

    def test_records_several_in_order(self, store: Store) -> None:
        """Movements come back in the order of their writing, by part."""
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

    def test_returns_the_oldest_first(self, store: Store) -> None:
        """The order is that of writing, not that of the moments."""
        part = add_part(store)
        for more, at in ((1, LATER), (2, AT)):
            with store.begin() as work:
                work.ledger.write([evolve(new_movement(part, more), at=at)])

        assert [1, 2] == [movement.on_hand_change for movement in entries(store, part)]

    def test_has_every_part(self, store: Store) -> None:
        """A part without movements has an empty ledger; an archived part still has its own."""
        empty, used = add_part(store), add_part(store)
        with store.begin() as work:
            written = work.ledger.write([new_movement(used, 1)])
            work.parts.save([used.archive(LATER)])

        assert () == entries(store, empty)
        assert written == entries(store, used)
        with pytest.raises(PartNotFound), store.read_only() as work:
            work.ledger.of(PartId(UNKNOWN), ALL)

    def test_knows_whether_a_part_was_ever_moved(self, store: Store) -> None:
        """A part has movements as soon as there is one, whatever its balance."""
        empty, used = add_part(store), add_part(store)
        with store.begin() as work:
            work.ledger.write(
                [new_movement(used, 1), new_movement(evolve(used, quantity=Quantity(1)), -1)]
            )

        with store.read_only() as work:
            assert [False, True, False] == [
                work.ledger.has(one) for one in (empty.id, used.id, PartId(UNKNOWN))
            ]

    def test_hides_the_name_of_an_erased_customer(self, store: Store) -> None:
        """Names are the current ones; after an erasure the id stays, without a name."""
        ada, bo, part = add_customer(store), add_mechanic(store), add_part(store)
        actors = Actor(Role.CUSTOMER, ada.id), Actor(Role.MANAGER, bo.id), Actor()
        with store.begin() as work:
            work.ledger.write([new_movement(part, 1, actor) for actor in actors])

        with store.begin() as work:
            work.customers.save(ada.erase(LATER))
            work.mechanics.save(evolve(bo, name="Bob"))

        erased, renamed, nobody = (By(role=actor.role, id=actor.id) for actor in actors)
        assert [erased, evolve(renamed, name="Bob"), nobody] == [
            movement.by for movement in entries(store, part)
        ]

    def test_agrees_with_balances_that_were_moved(self, store: Store) -> None:
        """A balance that was moved equals the sum of its movements."""
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
            assert () == disagreements(store)
        with store.begin() as work:
            work.parts.save([evolve(part, archived_at=LATER)])

        assert () == disagreements(store)

    def test_finds_every_disagreement(self, store: Store) -> None:
        """Each balance that is not the sum of its movements is returned with both, by part id."""
        unwritten = add_part(store, sku="UNWRITTEN", quantity=3)
        add_part(store, sku="RIGHT")
        unmoved = add_part(store, sku="UNMOVED")
        reserved = add_part(store, sku="RESERVED", quantity=2, reserved=2)
        archived = add_part(store, sku="ARCHIVED", quantity=1)
        with store.begin() as work:
            work.ledger.write(
                [new_movement(unmoved, 5), new_movement(unmoved, 6), new_movement(reserved, 2)]
            )
            work.parts.save([evolve(archived, archived_at=LATER)])

        def disagreement(part: Part, on_hand: int) -> Disagreement:
            return Disagreement(
                part_id=part.id,
                sku=part.sku,
                on_hand=part.quantity,
                reserved=part.reserved,
                ledger_on_hand=Quantity(on_hand),
                ledger_reserved=Quantity(0),
            )

        assert (
            disagreement(unwritten, 0),
            disagreement(unmoved, 11),
            disagreement(reserved, 2),
            disagreement(archived, 0),
        ) == disagreements(store)
