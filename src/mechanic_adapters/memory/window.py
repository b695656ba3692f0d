"""Cutting a piece out of a list."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import TypeVar

from mechanic_core.page import Slice, Window, sliced

T = TypeVar("T")


def cut(
    rows: Iterable[T], window: Window, key: Callable[[T], int], *, newest_first: bool = False
) -> Slice[T]:
    """Return the piece of *rows*, which come by ascending key, that *window* asks for."""
    found = list(rows)
    total = len(found) if window.counted else None
    if newest_first:
        found.reverse()
    after = window.after
    if after is None:
        return sliced(found[window.start :][: window.size + 1], window, key, total)
    behind = (row for row in found if (key(row) < after if newest_first else key(row) > after))
    return sliced(list(islice(behind, window.size + 1)), window, key, total)
