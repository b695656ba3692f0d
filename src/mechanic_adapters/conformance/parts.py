"""The contract of `Parts`."""

from typing import Any, Final

import pytest
from attrs import evolve

from mechanic_adapters.conformance.samples.declarations import (
    Lock,
    PaginatedList,
    UniqueValue,
    Write,
)
from mechanic_adapters.conformance.samples.records import (
    ALL,
    LATER,
    UNKNOWN,
    add_part,
    new_movement,
    new_part,
)
from mechanic_adapters.conformance.samples.seed import Seed
from mechanic_core.errors import LostRace
from mechanic_core.events.event import EventType
from mechanic_core.inventory.part import Kind, Part, PartId, PartNotFound, SkuTaken
from mechanic_core.inventory.ports import PartFilter
from mechanic_core.money import MAX_MONEY, MAX_QUANTITY, Money, Quantity
from mechanic_core.unit_of_work import Store, Work


def _receive(work: Work, seed: Seed) -> None:
    part = work.parts.lock([seed.part.id])[seed.part.id]
    work.ledger.write([new_movement(part, 1)])
    work.parts.save([part.move(Kind.RECEIVE, Quantity(1))])


def _received(work: Work, seed: Seed) -> int:
    part = work.parts.get(seed.part.id)
    assert part.quantity == sum(one.on_hand_change for one in work.ledger.of(part.id, ALL).items)
    return part.quantity


WRITES: Final = (
    Write(
        "parts.add",
        lambda work, _: work.parts.add(new_part()),
        "parts",
        {EventType.PART_CREATED: ()},
    ),
    Write(
        "parts.save",
        lambda work, seed: work.parts.save([evolve(seed.part, name="Changed")]),
        "parts",
        {EventType.PART_CHANGED: ("name",)},
    ),
    Write(
        "parts.save, restored",
        lambda work, seed: work.parts.save(
            [one.restore(LATER) for one in work.parts.save([seed.part.archive(LATER)])]
        ),
        "parts",
        {EventType.PART_ARCHIVED: ("archived",), EventType.PART_RESTORED: ("archived",)},
    ),
)
UNIQUE_VALUES: Final = (
    UniqueValue("SKU", lambda work, _: work.parts.add(new_part(sku="BRK-1")), SkuTaken),
)
LISTS: Final = (
    PaginatedList(
        "parts",
        lambda work, _, page: work.parts.find(PartFilter(q="page"), page),
        lambda work, _: work.parts.add(new_part(name="Page")),
    ),
)
LOCKS: Final = (
    Lock(
        "parts.lock",
        lambda work, seed: work.parts.lock([seed.part.id]),
        _receive,
        _received,
    ),
)


def archive(store: Store, part: Part) -> Part:
    """Archive *part*."""
    with store.begin() as work:
        (archived,) = work.parts.save([part.archive(LATER)])
        return archived


def skus(store: Store, **wanted: Any) -> list[str]:
    """Return the SKUs of the parts that match a filter."""
    with store.read_only() as work:
        return [part.sku for part in work.parts.find(PartFilter(**wanted), ALL).items]


class TestParts:
    """Parts; archived ones are in a list of their own."""

    def test_returns_what_was_added(self, store: Store) -> None:
        """A part comes back as added, with an id; the greatest amounts fit."""
        new = new_part(
            name="Öl 5W-30",
            description="Kanister\n„voll“",
            price=MAX_MONEY,
            unit="Liter",
            quantity=MAX_QUANTITY,
            reserved=MAX_QUANTITY,
            reorder_point=MAX_QUANTITY,
        )

        with store.begin() as work:
            added = work.parts.add(new)

        assert evolve(new, id=added.id) == added
        assert added.id > 0
        with store.read_only() as work:
            assert added == work.parts.get(added.id)

    def test_accepts_the_required_fields_only(self, store: Store) -> None:
        """Name, SKU and price are enough."""
        added = add_part(store, price=0)

        with store.read_only() as work:
            assert added == work.parts.get(added.id)

    def test_saves_several(self, store: Store) -> None:
        """Changed parts come back in the order given, each with its next version."""
        one, other = add_part(store, description="Pad"), add_part(store)
        changed = (
            evolve(
                other, sku="OTHER", name="Disc", price=Money(1), unit="pair", quantity=Quantity(5)
            ),
            evolve(one, description=None, reorder_point=Quantity(7), updated_at=LATER),
        )

        with store.begin() as work:
            saved = work.parts.save(changed)
            assert () == work.parts.save([])

        assert tuple(evolve(part, version=part.version + 1) for part in changed) == saved
        with store.read_only() as work:
            assert saved == (work.parts.get(other.id), work.parts.get(one.id))

    def test_refuses_an_old_version(self, store: Store) -> None:
        """If one part of several has an old version, none is saved."""
        one, other = add_part(store), add_part(store)
        with store.begin() as work:
            (saved,) = work.parts.save([evolve(other, name="First")])

        with pytest.raises(LostRace), store.begin() as work:
            work.parts.save([evolve(one, name="Second"), evolve(other, name="Second")])

        with store.read_only() as work:
            assert (one, saved) == (work.parts.get(one.id), work.parts.get(other.id))

    def test_refuses_an_unknown_id(self, store: Store) -> None:
        """An unknown id is not found."""
        with pytest.raises(PartNotFound), store.read_only() as work:
            work.parts.get(PartId(UNKNOWN))
        with store.begin() as work:
            assert {} == dict(work.parts.lock([UNKNOWN]))

    def test_refuses_a_taken_sku(self, store: Store) -> None:
        """A SKU of another part is refused when adding and when saving."""
        add_part(store, sku="BRK-1")
        other = add_part(store, sku="BRK-2")

        with pytest.raises(SkuTaken), store.begin() as work:
            work.parts.add(new_part(sku="BRK-1"))
        with pytest.raises(SkuTaken), store.begin() as work:
            work.parts.save([evolve(other, sku="BRK-1")])
        for spelling in ("brk-1", "Brk - 1", "BRK-1\u3000"):
            with pytest.raises(SkuTaken), store.begin() as work:
                work.parts.add(new_part(sku=spelling))

        assert ["BRK-1", "BRK-2"] == skus(store)

    def test_lists_the_archived_by_themselves(self, store: Store) -> None:
        """Archived parts are apart from the others and can be read; their SKU is free."""
        old = tuple(archive(store, add_part(store, sku="BRK-1")) for _ in "ab")
        new = add_part(store, sku="BRK-1")
        page = evolve(ALL, with_total=True)

        with store.read_only() as work:
            assert old == tuple(work.parts.get(part.id) for part in old)
            listed = work.parts.find(PartFilter(), page)
            archived = work.parts.find(PartFilter(archived=True), page)
        assert ((new,), 1) == (listed.items, listed.total)
        assert (old, 2) == (archived.items, archived.total)

    def test_restores_a_part_unless_its_sku_is_taken(self, store: Store) -> None:
        """A restored part is listed and counted again; a refusal leaves the transaction usable."""
        old = archive(store, add_part(store, sku="BRK-1")).id
        other = add_part(store, sku="BRK-1")

        with store.begin() as work:
            restored = work.parts.lock([old, other.id])[old].restore(LATER)
            for parts in ([restored], [restored, evolve(other, name="Disc")]):
                with pytest.raises(SkuTaken):
                    work.parts.save(parts)
            work.parts.save([evolve(other, sku="BRK-2")])
            work.parts.save([restored])

            listed = work.parts.find(PartFilter(), evolve(ALL, with_total=True))
        assert (["BRK-1", "BRK-2"], 2) == ([part.sku for part in listed.items], listed.total)
        assert [] == skus(store, archived=True)

    def test_locks_those_that_exist(self, store: Store) -> None:
        """Locked parts come by id, once each; archived ones are included, unknown ones are not."""
        one, gone = add_part(store), archive(store, add_part(store))

        with store.begin() as work:
            locked = dict(work.parts.lock([gone.id, one.id, one.id, UNKNOWN]))
            assert {} == dict(work.parts.lock([]))

        assert {one.id: one, gone.id: gone} == locked

    @pytest.mark.parametrize("q", ["Öl", "5w ol", "oil-", "OIL-5W", "oil5w", "o i l 5 w"])
    def test_finds_the_beginnings_of_words(self, store: Store, q: str) -> None:
        """Each word of a search begins a word of name or SKU, or all of it the whole SKU."""
        add_part(store, sku="Oil-5W30", name="Öl 5W-30")
        add_part(store, sku="BRK-1", name="Brake pad")

        assert ["Oil-5W30"] == skus(store, q=q)

    @pytest.mark.parametrize("q", ["w30", "%", "_il", "O_l", "\\", "*", "l", "oil 31"])
    def test_finds_nothing_else(self, store: Store, q: str) -> None:
        """A search matches no middle of a word, has no wildcards, and needs a word."""
        add_part(store, sku="OIL-5W30", name="Oil 5W-30")

        assert [] == skus(store, q=q)

    def test_finds_what_was_changed(self, store: Store) -> None:
        """A search finds the present words only, also of parts that are saved together."""
        one, two = add_part(store, sku="A", name="Pad"), add_part(store, sku="B", name="Disc")

        with store.begin() as work:
            work.parts.lock([one.id, two.id])
            work.parts.save([evolve(one, name="Rear pad"), evolve(two, name="Rear drum")])

        assert ["A", "B"] == skus(store, q="rear")
        assert [["A"], ["B"], []] == [skus(store, q=q) for q in ("pad", "drum", "disc")]

    def test_filters_by_the_whole_sku(self, store: Store) -> None:
        """The SKU filter compares the whole SKU."""
        add_part(store, sku="BRK-1")
        add_part(store, sku="BRK-10")

        assert ["BRK-1"] == skus(store, sku="BRK-1")
        assert [] == skus(store, sku="BRK-")
        assert [] == skus(store, sku="BRK_1")

    def test_filters_by_low_stock(self, store: Store) -> None:
        """Low stock: available (on hand less reserved) is at most the reorder point."""
        add_part(store, sku="LOW", quantity=3000, reorder_point=3000)
        add_part(store, sku="ENOUGH", quantity=3001, reorder_point=3000)
        add_part(store, sku="PROMISED", quantity=3001, reserved=1, reorder_point=3000)
        add_part(store, sku="NONE")

        assert ["LOW", "PROMISED", "NONE"] == skus(store, low_stock=True)
        assert ["ENOUGH"] == skus(store, low_stock=False)
        assert ["LOW", "ENOUGH", "PROMISED", "NONE"] == skus(store)

    def test_combines_filters(self, store: Store) -> None:
        """Search, SKU and stock filters combine, and the total is that of the matches."""
        add_part(store, sku="BRK-1", quantity=1000)
        add_part(store, sku="BRK-2")
        add_part(store, sku="OIL", name="Oil")

        assert ["BRK-2"] == skus(store, q="brk", low_stock=True)
        assert [] == skus(store, q="oil", sku="BRK-1")
        with store.read_only() as work:
            page = evolve(ALL, size=1, with_total=True)
            assert len(["BRK-1", "BRK-2"]) == work.parts.find(PartFilter(q="brk"), page).total
