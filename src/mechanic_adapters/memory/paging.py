"""Pagination of rows in memory."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import TypeVar

from mechanic_core.paging import Page, PageRequest, page_from_rows

T = TypeVar("T")


def paginate(
    rows: Iterable[T], page: PageRequest, key: Callable[[T], int], *, newest_first: bool = False
) -> Page[T]:
    """Return the requested *page* of *rows*, which are in ascending order of their keys."""
    every = list(rows)
    total = len(every) if page.with_total else None
    if newest_first:
        every.reverse()
    after = page.after
    if after is None:
        return page_from_rows(every[page.offset :][: page.size + 1], page, key, total)
    following = (row for row in every if (key(row) < after if newest_first else key(row) > after))
    return page_from_rows(list(islice(following, page.size + 1)), page, key, total)
