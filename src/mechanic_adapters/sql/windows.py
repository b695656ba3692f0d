"""Lists, a piece at a time, each in one statement."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar, final

from attrs import field, frozen
from sqlalchemy import BigInteger, ColumnElement, Select, Subquery, bindparam, func, select

from mechanic_adapters.sql.executors import NOTHING, Executor
from mechanic_adapters.sql.plans import ANEW, Params, Row
from mechanic_core.page import Slice, Window, sliced

R = TypeVar("R")

SIZE = bindparam("size", type_=BigInteger)
START = bindparam("start", type_=BigInteger)
_AFTER = bindparam("after", type_=BigInteger)


@final
@frozen(eq=False, kw_only=True)
class Listing:
    """A list that is read in pieces: its rows in no order, and the key that orders them.

    *cut* returns the rows of one piece, behind a key or from an offset. *dressed* adds what is
    not in their table. *anew* has the database plan each time for the parameters given, where
    the best way depends on them.
    """

    rows: Select[Any]
    key: ColumnElement[int]
    newest_first: bool = False
    cut: Callable[["Listing", bool], Select[Any]] = field(default=lambda one, by: one.plain(by))
    dressed: Callable[[Subquery], Select[Any]] = field(default=lambda page: select(*page.c))
    anew: bool = False

    def piece(
        self, executor: Executor, window: Window, make: Callable[[Row], R], params: Params = NOTHING
    ) -> Slice[R]:
        """Return the piece that *window* asks for, its rows made into records with an id."""
        given = {
            **params,
            "size": window.size + 1,
            "start": window.start,
            "after": window.after,
        }
        found = executor.all(_piece(self, window.after is not None, window.counted), given)
        total = None
        if window.counted:
            total = found[0][-1] if found else self._count(executor, given)
        return sliced([make(row) for row in found], window, _id_of, total)

    def plain(self, by_key: bool) -> Select[Any]:  # noqa: FBT001 - the two ways to begin
        """Return the rows of one piece of the list as it is."""
        if by_key:
            return self.ordered(self.behind(self.rows, self.key), self.key).limit(SIZE)
        return self.ordered(self.rows, self.key).limit(SIZE).offset(START)

    def behind(self, rows: Select[Any], key: ColumnElement[int]) -> Select[Any]:
        """Return those of *rows* that come behind the parameter *after*."""
        return rows.where(key < _AFTER if self.newest_first else key > _AFTER)

    def ordered(self, rows: Select[Any], key: ColumnElement[int]) -> Select[Any]:
        """Return *rows* in the order of the list."""
        return rows.order_by(key.desc() if self.newest_first else key)

    def _count(self, executor: Executor, params: Params) -> int:
        row = executor.first(_count(self), params)
        return int(row[0]) if row else 0


def _id_of(record: Any) -> int:
    key: int = record.id
    return key


@functools.cache
def _piece(listing: Listing, by_key: bool, counted: bool) -> Select[Any]:  # noqa: FBT001 - what tells the statements apart
    page = listing.cut(listing, by_key).subquery("page")
    dressed = listing.dressed(page)
    if counted:
        dressed = dressed.add_columns(_count(listing).scalar_subquery())
    piece = listing.ordered(dressed, page.c.id)
    return piece.execution_options(**{ANEW: True}) if listing.anew else piece


@functools.cache
def _count(listing: Listing) -> Select[Any]:
    counted = listing.rows.with_only_columns(listing.key).subquery("counted")
    return select(func.count()).select_from(counted)
