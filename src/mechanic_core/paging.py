"""Pagination: by offset for the first pages, by keyset at constant cost anywhere in a list."""

from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, TypeVar

import attrs

from mechanic_core.rules import checked

T = TypeVar("T")
U = TypeVar("U")
S = TypeVar("S")

DEFAULT_PAGE_SIZE: Final = 20
MAX_PAGE_SIZE: Final = 100
MAX_OFFSET: Final = 10_000
MAX_FILTERED_TOTAL: Final = MAX_OFFSET
"""The greatest total that is counted for a filtered list."""


@attrs.frozen(field_transformer=checked)
class PageRequest:
    """The page to read from a list that is ordered by an integer key, the id of its items.

    The page has at most *size* items: those that follow the key *after*, or without it those from
    *offset*. With *with_total* the total is wanted too; a store may leave it out where a filter
    matches more than `MAX_FILTERED_TOTAL` items.
    """

    size: int = DEFAULT_PAGE_SIZE
    offset: int = 0
    after: int | None = None
    with_total: bool = False


WHOLE_LIST: Final = PageRequest(size=2**62)
"""All of a list, for what one person has: it is read into memory as a whole."""


@attrs.frozen
class Page(Generic[T]):
    """A page of a list. *last* is the key of its last item when more items follow.

    *total* is the length of the whole list, where it was requested and is known.
    """

    items: tuple[T, ...]
    has_more: bool = False
    last: int | None = None
    total: int | None = None

    def map(self, change: Callable[[T], U]) -> "Page[U]":
        """Return the page with *change* applied to each item."""
        return Page(tuple(map(change, self.items)), self.has_more, self.last, self.total)

    def with_totals(self, totals: S) -> "PageWithTotals[T, S]":
        """Return the page with the *totals* of the whole list."""
        return PageWithTotals(self.items, self.has_more, self.last, self.total, totals=totals)


@attrs.frozen(kw_only=True)
class PageWithTotals(Page[T], Generic[T, S]):
    """A page of a list, with the *totals* of all that match, on whatever pages."""

    totals: S


def empty_page(page: PageRequest) -> Page[Any]:
    """Return the requested *page* of a list without items."""
    return Page((), total=0 if page.with_total else None)


def page_from_rows(
    rows: Sequence[T], page: PageRequest, key: Callable[[T], int], total: int | None = None
) -> Page[T]:
    """Return the page that *rows* holds; one row beyond the page's size shows that more follow."""
    items = tuple(rows[: page.size])
    has_more = len(rows) > page.size
    return Page(items, has_more, key(items[-1]) if has_more else None, total)
