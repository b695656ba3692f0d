"""The contract of lists: by page or by cursor, each row is seen exactly once."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from mechanic_adapters.conformance.samples.records import (
    ALL,
    new_customer,
    new_entry,
    new_mechanic,
    new_movement,
    new_part,
    new_ticket,
    new_vehicle,
)
from mechanic_adapters.conformance.samples.seed import Seed, seeded
from mechanic_core.inventory.ports import PartFilter
from mechanic_core.paging import Page, PageRequest
from mechanic_core.tickets.ports import TicketFilter
from mechanic_core.unit_of_work import Store, Work
from mechanic_core.vehicles.ports import VehicleFilter

ROWS: Final = 13


@frozen
class Listing:
    """A list, and how to add a row that belongs there."""

    name: str
    find: Callable[[Work, Seed, PageRequest], Page[Any]]
    add: Callable[[Work, Seed], object]


def _add_entry(work: Work, seed: Seed) -> None:
    work.tickets.save(work.tickets.get(seed.ticket.id), new_entry())


LISTINGS: Final = (
    Listing(
        "customers",
        lambda work, _, page: work.customers.find("page", page),
        lambda work, _: work.customers.add(new_customer(name="Page")),
    ),
    Listing(
        "vehicles",
        lambda work, seed, page: work.vehicle_lists.find(
            VehicleFilter(customer_id=seed.customer.id), page
        ),
        lambda work, seed: work.vehicles.add(new_vehicle(seed.customer)),
    ),
    Listing(
        "mechanics",
        lambda work, _, page: work.mechanic_lists.find(page, active_only=True),
        lambda work, _: work.mechanics.add(new_mechanic()),
    ),
    Listing(
        "tickets",
        lambda work, seed, page: work.ticket_lists.find(
            TicketFilter(customer_id=seed.customer.id), page
        ),
        lambda work, seed: work.tickets.add(new_ticket(seed.customer, seed.mechanic), new_entry()),
    ),
    Listing(
        "newest tickets",
        lambda work, seed, page: work.ticket_lists.find(
            TicketFilter(mechanic_id=seed.mechanic.id, newest_first=True), page
        ),
        lambda work, seed: work.tickets.add(new_ticket(seed.customer, seed.mechanic), new_entry()),
    ),
    Listing(
        "history",
        lambda work, seed, page: work.histories.of(seed.ticket.id, page),
        _add_entry,
    ),
    Listing(
        "parts",
        lambda work, _, page: work.parts.find(PartFilter(q="page"), page),
        lambda work, _: work.parts.add(new_part(name="Page")),
    ),
    Listing(
        "ledger",
        lambda work, seed, page: work.ledger.of(seed.part.id, page),
        lambda work, seed: work.ledger.write([new_movement(seed.part, 1)]),
    ),
)

every_listing = pytest.mark.parametrize("listing", LISTINGS, ids=lambda listing: listing.name)


def add_rows(store: Store, seed: Seed, listing: Listing, rows: int = 1) -> None:
    """Add rows to the list, between others that do not belong there."""
    with store.begin() as work:
        for _ in range(rows):
            other = work.customers.add(new_customer())
            work.vehicles.add(new_vehicle(other))
            work.mechanics.add(new_mechanic(active=False))
            work.tickets.add(new_ticket(other), new_entry())
            work.ledger.write([new_movement(work.parts.add(new_part()), 1)])
            listing.add(work, seed)


@frozen
class Reader:
    """Reads one list of one store."""

    store: Store
    seed: Seed
    listing: Listing

    def ids(self) -> list[int]:
        """Return the ids of all rows, read at once."""
        return [row.id for row in self.piece(ALL).items]

    def piece(self, page: PageRequest) -> Page[Any]:
        """Return one piece."""
        with self.store.read_only() as work:
            return self.listing.find(work, self.seed, page)

    def by_cursor(self, size: int) -> Iterator[Page[Any]]:
        """Walk the list by its keys."""
        piece = self.piece(PageRequest(size=size))
        yield piece
        while piece.has_more:
            before = piece.last
            piece = self.piece(PageRequest(size=size, after=before))
            assert before != piece.last, "the cursor stands still"
            yield piece

    def by_page(self, size: int) -> Iterator[Page[Any]]:
        """Walk the list by its offsets."""
        piece, start = self.piece(PageRequest(size=size)), 0
        yield piece
        while piece.has_more:
            start += size
            assert start < ALL.size, "the last page never comes"
            piece = self.piece(PageRequest(size=size, start=start))
            yield piece


def ids_in(pieces: Iterator[Page[Any]]) -> list[int]:
    """Return the ids in all *pieces*."""
    return [row.id for piece in pieces for row in piece.items]


def reader_of(store: Store, listing: Listing, rows: int = ROWS) -> Reader:
    """Return a reader of a list with *rows* and those that were seeded."""
    seed = seeded(store)
    add_rows(store, seed, listing, rows)
    return Reader(store, seed, listing)


class TestPages:
    """Each row is seen exactly once, however the list is walked."""

    @every_listing
    def test_visits_each_row_once(self, store: Store, listing: Listing) -> None:
        """By cursor and by page alike, in the list's order, for every size of piece."""
        reader = reader_of(store, listing)
        every = reader.ids()

        @given(size=st.integers(1, ROWS + 2))
        def visits(size: int) -> None:
            pieces = list(reader.by_cursor(size))
            assert every == ids_in(iter(pieces)) == ids_in(reader.by_page(size))
            assert [size] * (len(pieces) - 1) == [len(piece.items) for piece in pieces[:-1]]
            assert [piece.items[-1].id for piece in pieces[:-1]] == [p.last for p in pieces[:-1]]
            assert pieces[-1].last is None

        assert len(set(every)) in (ROWS, ROWS + 1)
        assert sorted(every, reverse="newest" in listing.name) == every
        visits()

    @every_listing
    def test_visits_each_row_once_while_others_come(self, store: Store, listing: Listing) -> None:
        """By cursor, each row that was there from the first is seen once, whatever is added."""
        reader = reader_of(store, listing, 5)
        every = reader.ids()

        seen: list[int] = []
        for piece in reader.by_cursor(2):
            seen += [row.id for row in piece.items]
            if len(seen) < 2 * len(every):  # or it would never end
                add_rows(store, reader.seed, listing)

        assert len(set(seen)) == len(seen)
        assert every == [one for one in seen if one in every]

    @every_listing
    def test_ends(self, store: Store, listing: Listing) -> None:
        """The last piece says so, also when it is full; behind it there is nothing."""
        reader = reader_of(store, listing, 3)
        every = reader.ids()
        full = reader.piece(PageRequest(size=len(every)))
        nothing: Page[Any] = Page(())

        assert every == [row.id for row in full.items]
        assert (False, None, None) == (full.has_more, full.last, full.total)
        assert nothing == reader.piece(PageRequest(after=every[-1]))
        assert nothing == reader.piece(PageRequest(start=len(every)))
        assert nothing == reader.piece(PageRequest(start=10_000))

    @every_listing
    def test_looks_at_the_key_alone(self, store: Store, listing: Listing) -> None:
        """Behind a key the offset means nothing, and the key itself need not be there."""
        reader = reader_of(store, listing, 3)
        first, second, *_ = reader.ids()
        direction = 1 if second > first else -1

        assert [second] == [r.id for r in reader.piece(PageRequest(1, start=2, after=first)).items]
        assert [first] == [
            r.id for r in reader.piece(PageRequest(1, after=first - direction)).items
        ]

    @every_listing
    def test_counts_when_asked(self, store: Store, listing: Listing) -> None:
        """The total is that of the whole list, wherever the page lies."""
        reader = reader_of(store, listing, 3)
        every = reader.ids()

        for page in (
            PageRequest(size=1, counted=True),
            PageRequest(size=1, start=1, counted=True),
            PageRequest(size=1, start=1000, counted=True),
            PageRequest(size=1, after=every[0], counted=True),
        ):
            assert len(every) == reader.piece(page).total
        assert reader.piece(PageRequest(size=1)).total is None
