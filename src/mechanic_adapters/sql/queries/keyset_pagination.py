"""Lists, a piece at a time, each in one statement."""

import functools
from collections.abc import Callable
from enum import Enum, auto
from typing import Any, Final, Self, TypeVar, final

from attrs import field, frozen
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Subquery,
    bindparam,
    func,
    literal_column,
    select,
)

from mechanic_adapters.sql.engine.compiled_statements import ANEW, Params, Row
from mechanic_adapters.sql.engine.executor import NOTHING, Executor
from mechanic_core.paging import (
    DEFAULT_PAGE_SIZE,
    MAX_FILTERED_TOTAL,
    MAX_PAGE_SIZE,
    Page,
    PageRequest,
    page_from_rows,
)

R = TypeVar("R")

START = bindparam("start", type_=BigInteger)
_SIZE = bindparam("size", type_=BigInteger)
_AFTER = bindparam("after", type_=BigInteger)

_USUAL: Final = frozenset({DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE})
"""The sizes that stand in the statement itself.

For a parameter PostgreSQL plans as if a tenth of the list were wanted, or anew each time.
"""


class Way(Enum):
    """How a piece of a list is found."""

    FIRST = auto()
    OFFSET = auto()
    KEY = auto()


@frozen
class Cut:
    """What tells the statements for the pieces of a list apart."""

    way: Way
    size: int | None
    newest_first: bool

    @classmethod
    def of(cls, window: PageRequest, *, newest_first: bool) -> Self:
        """Return the cut that *window* asks for."""
        way = Way.KEY if window.after is not None else Way.OFFSET if window.offset else Way.FIRST
        size = window.size + 1 if window.size in _USUAL else None
        return cls(way, size, newest_first)

    @property
    def limit(self) -> ColumnElement[int]:
        """How many rows are looked at: one more than are wanted."""
        return _SIZE if self.size is None else literal_column(str(self.size), BigInteger)

    def behind(self, rows: Select[Any], key: ColumnElement[int]) -> Select[Any]:
        """Return those of *rows* that come behind the last key seen, if there is one."""
        if self.way is not Way.KEY:
            return rows
        return rows.where(key < _AFTER if self.newest_first else key > _AFTER)

    def ordered(self, rows: Select[Any], key: ColumnElement[int]) -> Select[Any]:
        """Return *rows* in the order of the list."""
        return rows.order_by(key.desc() if self.newest_first else key)

    def made(self, rows: Select[Any], key: ColumnElement[int]) -> Select[Any]:
        """Return the piece of *rows*, in order."""
        piece = self.ordered(rows, key).limit(self.limit)
        return piece.offset(START) if self.way is Way.OFFSET else piece


@final
@frozen(eq=False, kw_only=True)
class Listing:
    """A list that is read in pieces: its rows in no order, and the key that orders them.

    *cut* finds the rows of one piece, where there is a better way than to walk along the key.
    *dressed* adds what is not in their table. *anew* has the database plan each time for the
    parameters given, where the best way depends on them. *total* is where the number of all rows
    is kept; elsewhere they are counted, and no further than pages go.
    """

    rows: Select[Any]
    key: ColumnElement[int]
    newest_first: bool = False
    cut: Callable[[Cut], Select[Any]] | None = None
    dressed: Callable[[Subquery], Select[Any]] = field(default=lambda page: select(*page.c))
    anew: bool = False
    total: Select[Any] | None = None

    def piece(
        self,
        executor: Executor,
        window: PageRequest,
        make: Callable[[Row], R],
        params: Params = NOTHING,
    ) -> Page[R]:
        """Return the piece that *window* asks for, its rows made into records with an id."""
        given = {
            **params,
            "size": window.size + 1,
            "start": window.offset,
            "after": window.after,
        }
        cut = Cut.of(window, newest_first=self.newest_first)
        found = executor.all(_piece(self, cut, window.with_total), given)
        total = None
        if window.with_total:
            total = found[0][-1] if found else self._count(executor, given)
            if self.total is None and total > MAX_FILTERED_TOTAL:
                total = None
        return page_from_rows([make(row) for row in found], window, _id_of, total)

    def _count(self, executor: Executor, params: Params) -> int:
        row = executor.first(_count(self), params)
        return int(row[0]) if row else 0


def _id_of(record: Any) -> int:
    key: int = record.id
    return key


@functools.cache
def _piece(listing: Listing, cut: Cut, counted: bool) -> Select[Any]:  # noqa: FBT001 - tells the statements apart too
    """Return the statement for one kind of piece of a list."""
    plain = cut.made(cut.behind(listing.rows, listing.key), listing.key)
    page = (listing.cut(cut) if listing.cut else plain).subquery("page")
    dressed = listing.dressed(page)
    if counted:
        dressed = dressed.add_columns(_count(listing).scalar_subquery())
    piece = cut.ordered(dressed, page.c.id)
    return piece.execution_options(**{ANEW: True}) if listing.anew else piece


@functools.cache
def _count(listing: Listing) -> Select[Any]:
    """Return the statement for the total; one more than may be counted stands for any more."""
    if listing.total is not None:
        return listing.total
    most = literal_column(str(MAX_FILTERED_TOTAL + 1), BigInteger)
    counted = listing.rows.with_only_columns(listing.key).limit(most).subquery("counted")
    return select(func.count()).select_from(counted)
