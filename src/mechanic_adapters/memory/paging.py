"""Cutting a piece out of a list."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import TypeVar

from mechanic_core.paging import Page, PageRequest, page_from_rows

T = TypeVar("T")


def cut(
    rows: Iterable[T], page: PageRequest, key: Callable[[T], int], *, newest_first: bool = False
) -> Page[T]:
    """Return the piece of *rows*, which come by ascending key, that *page* asks for."""
    found = list(rows)
    total = len(found) if page.with_total else None
    if newest_first:
        found.reverse()
    after = page.after
    if after is None:
        return page_from_rows(found[page.offset :][: page.size + 1], page, key, total)
    behind = (row for row in found if (key(row) < after if newest_first else key(row) > after))
    return page_from_rows(list(islice(behind, page.size + 1)), page, key, total)
