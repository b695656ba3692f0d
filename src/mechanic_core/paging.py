"""Lists, a piece at a time: by offset near the start, by key at constant cost anywhere."""

from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

import attrs

T = TypeVar("T")
U = TypeVar("U")

DEFAULT_PAGE_SIZE: Final = 20
MAX_PAGE_SIZE: Final = 100
MAX_OFFSET: Final = 10_000
MAX_FILTERED_TOTAL: Final = MAX_OFFSET
"""How far a list is counted of which only some rows are wanted: as far as its pages go."""


@attrs.frozen
class PageRequest:
    """Which piece of a list is wanted: *size* items from offset *start*, or behind key *after*.

    Every list is ordered by an integer key, its id; *after* is the key of the last item seen,
    and then *start* is not looked at. *counted* asks for the total, which a store need not tell
    where a filter leaves more than `MAX_FILTERED_TOTAL`.
    """

    size: int = DEFAULT_PAGE_SIZE
    offset: int = 0
    after: int | None = None
    with_total: bool = False


@attrs.frozen
class Page(Generic[T]):
    """A piece of a list; *last* is the key that the next piece starts behind, if there is one.

    *total* is how many there are in all, if it was asked for and is known.
    """

    items: tuple[T, ...]
    has_more: bool = False
    last: int | None = None
    total: int | None = None

    def map(self, change: Callable[[T], U]) -> "Page[U]":
        """Return the same piece with each item changed."""
        return Page(tuple(map(change, self.items)), self.has_more, self.last, self.total)


def page_from_rows(
    found: Sequence[T], page: PageRequest, key: Callable[[T], int], total: int | None = None
) -> Page[T]:
    """Return the piece that *found* holds: up to one item more than the page's size."""
    items = tuple(found[: page.size])
    has_more = len(found) > page.size
    return Page(items, has_more, key(items[-1]) if has_more else None, total)
