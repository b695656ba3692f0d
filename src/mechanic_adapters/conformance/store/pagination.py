"""The contract of lists: by offset or by keyset, a client sees each row exactly once."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from mechanic_adapters.conformance.samples.declarations import PaginatedList
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
from mechanic_adapters.conformance.samples.seed import Seed, add_seed
from mechanic_core.paging import Page, PageRequest
from mechanic_core.unit_of_work import Store

ROWS: Final = 13

every_list = pytest.mark.parametrize(
    "paginated", PaginatedList.collect("LISTS"), ids=lambda paginated: paginated.name
)


def add_rows(store: Store, seed: Seed, paginated: PaginatedList, rows: int = 1) -> None:
    """Add rows to the list, between others that do not belong to it."""
    with store.begin() as work:
        for _ in range(rows):
            other = work.customers.add(new_customer())
            work.vehicles.add(new_vehicle(other))
            work.mechanics.add(new_mechanic(active=False))
            work.tickets.add(new_ticket(other), new_entry())
            work.ledger.write([new_movement(work.parts.add(new_part()), 1)])
            paginated.add(work, seed)


@frozen
class Reader:
    """A client that reads one list."""

    store: Store
    seed: Seed
    paginated: PaginatedList

    def ids(self) -> list[int]:
        """Return the ids of all rows, read as one page."""
        return [row.id for row in self.page(ALL).items]

    def page(self, request: PageRequest) -> Page[Any]:
        """Return one page."""
        with self.store.read_only() as work:
            return self.paginated.find(work, self.seed, request)

    def by_keyset(self, size: int) -> Iterator[Page[Any]]:
        """Yield all pages, each requested by the last key of the one before."""
        page = self.page(PageRequest(size=size))
        yield page
        while page.has_more:
            before = page.last
            page = self.page(PageRequest(size=size, after=before))
            assert before != page.last, "the same page came twice"
            yield page

    def by_offset(self, size: int) -> Iterator[Page[Any]]:
        """Yield all pages, each requested by its offset."""
        page, start = self.page(PageRequest(size=size)), 0
        yield page
        while page.has_more:
            start += size
            assert start < ALL.size, "no page is the last"
            page = self.page(PageRequest(size=size, offset=start))
            yield page


def ids_in(pages: Iterable[Page[Any]]) -> list[int]:
    """Return the ids of the rows of all *pages*."""
    return [row.id for page in pages for row in page.items]


def open_reader(store: Store, paginated: PaginatedList, rows: int = ROWS) -> Reader:
    """Add *rows* to a list and return a reader of it."""
    seed = add_seed(store)
    add_rows(store, seed, paginated, rows)
    return Reader(store, seed, paginated)


class TestPagination:
    """A client sees each row exactly once."""

    @every_list
    def test_visits_each_row_once(self, store: Store, paginated: PaginatedList) -> None:
        """By keyset and by offset alike, in the list's order, for every page size."""
        reader = open_reader(store, paginated)
        every = reader.ids()

        @given(size=st.integers(1, ROWS + 2))
        def visits(size: int) -> None:
            pages = list(reader.by_keyset(size))
            assert every == ids_in(pages) == ids_in(reader.by_offset(size))
            assert [size] * (len(pages) - 1) == [len(page.items) for page in pages[:-1]]
            assert [page.items[-1].id for page in pages[:-1]] == [page.last for page in pages[:-1]]
            assert pages[-1].last is None

        assert len(set(every)) in (ROWS, ROWS + 1)
        assert sorted(every, reverse=paginated.descending) == every
        visits()

    @every_list
    def test_visits_each_row_once_during_inserts(
        self, store: Store, paginated: PaginatedList
    ) -> None:
        """By keyset, each row that existed at the first page comes once, whatever is added."""
        reader = open_reader(store, paginated, 5)
        every = reader.ids()

        seen: list[int] = []
        for page in reader.by_keyset(2):
            seen += [row.id for row in page.items]
            if len(seen) < 2 * len(every):  # or it would never end
                add_rows(store, reader.seed, paginated)

        assert len(set(seen)) == len(seen)
        assert every == [one for one in seen if one in every]

    @every_list
    def test_ends(self, store: Store, paginated: PaginatedList) -> None:
        """The last page has no next one, even if it is full; a page after it is empty."""
        reader = open_reader(store, paginated, 3)
        every = reader.ids()
        full = reader.page(PageRequest(size=len(every)))
        empty: Page[Any] = Page(())

        assert every == [row.id for row in full.items]
        assert (False, None, None) == (full.has_more, full.last, full.total)
        assert empty == reader.page(PageRequest(after=every[-1]))
        assert empty == reader.page(PageRequest(offset=len(every)))
        assert empty == reader.page(PageRequest(offset=10_000))

    @every_list
    def test_ignores_the_offset_after_a_key(self, store: Store, paginated: PaginatedList) -> None:
        """With a key the offset has no effect, and the row of the key need not exist."""
        reader = open_reader(store, paginated, 3)
        first, second, *_ = reader.ids()
        before = first + 1 if paginated.descending else first - 1

        assert [second] == ids_in([reader.page(PageRequest(1, offset=2, after=first))])
        assert [first] == ids_in([reader.page(PageRequest(1, after=before))])

    @every_list
    def test_counts_on_request(self, store: Store, paginated: PaginatedList) -> None:
        """The total is that of the whole list, whichever page is requested."""
        reader = open_reader(store, paginated, 3)
        every = reader.ids()

        for request in (
            PageRequest(size=1, with_total=True),
            PageRequest(size=1, offset=1, with_total=True),
            PageRequest(size=1, offset=1000, with_total=True),
            PageRequest(size=1, after=every[0], with_total=True),
        ):
            assert len(every) == reader.page(request).total
        assert reader.page(PageRequest(size=1)).total is None
