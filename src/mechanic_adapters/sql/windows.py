"""Lists, a piece at a time, each in one statement."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar, final

from attrs import frozen
from sqlalchemy import BigInteger, ColumnElement, Select, Subquery, bindparam, func, select

from mechanic_adapters.sql.executors import NOTHING, Executor
from mechanic_adapters.sql.plans import ANEW, Params, Row
from mechanic_core.page import Slice, Window, sliced

R = TypeVar("R")

_SIZE = bindparam("size", type_=BigInteger)
_START = bindparam("start", type_=BigInteger)
_AFTER = bindparam("after", type_=BigInteger)


def undressed(page: Subquery) -> Select[Any]:
    """Return the rows of a page as they are."""
    return select(*page.c)


@final
@frozen(eq=False, kw_only=True)
class Listing:
    """A list that is read in pieces: its rows in no order, and the key that orders them.

    *dressed* adds to the rows of one piece what is not in their table. *anew* has the database
    plan each time for the parameters given, where the best way depends on them.
    """

    rows: Select[Any]
    key: ColumnElement[int]
    newest_first: bool = False
    dressed: Callable[[Subquery], Select[Any]] = undressed
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

    def _count(self, executor: Executor, params: Params) -> int:
        row = executor.first(_count(self), params)
        return int(row[0]) if row else 0


def _id_of(record: Any) -> int:
    key: int = record.id
    return key


@functools.cache
def _piece(listing: Listing, by_key: bool, counted: bool) -> Select[Any]:  # noqa: FBT001 - what tells the statements apart
    key, rows = listing.key, listing.rows
    if by_key:
        rows = rows.where(key < _AFTER if listing.newest_first else key > _AFTER)
    else:
        rows = rows.offset(_START)
    page = rows.order_by(key.desc() if listing.newest_first else key).limit(_SIZE).subquery("page")
    dressed = listing.dressed(page)
    if counted:
        dressed = dressed.add_columns(_count(listing).scalar_subquery())
    order = page.c.id
    ordered = dressed.order_by(order.desc() if listing.newest_first else order)
    return ordered.execution_options(**{ANEW: True}) if listing.anew else ordered


@functools.cache
def _count(listing: Listing) -> Select[Any]:
    counted = listing.rows.with_only_columns(listing.key).subquery("counted")
    return select(func.count()).select_from(counted)
