"""Keyset pagination: one page of a list in one statement, by offset or after a key."""

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
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

from mechanic_adapters.sql.engine.compiled_statements import NO_PREPARE, Params, Row
from mechanic_adapters.sql.engine.executor import NO_PARAMS, Executor
from mechanic_core.paging import (
    DEFAULT_PAGE_SIZE,
    MAX_FILTERED_TOTAL,
    MAX_PAGE_SIZE,
    Page,
    PageRequest,
    page_from_rows,
)

R = TypeVar("R")

OFFSET = bindparam("offset", type_=BigInteger)
_SIZE = bindparam("size", type_=BigInteger)
_AFTER = bindparam("after", type_=BigInteger)

_LITERAL_SIZES: Final = frozenset({DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE})
"""Page sizes written into the statement.

For a LIMIT that is a parameter PostgreSQL plans as if a tenth of the list were wanted, or it plans
every execution.
"""


def without_none(values: Mapping[str, object | None]) -> dict[str, Any]:
    """Return the parameters of a filter: *values* without those that are None."""
    return {name: value for name, value in values.items() if value is not None}


class Start(Enum):
    """Where a page starts."""

    FIRST_ROW = auto()
    OFFSET = auto()
    AFTER_KEY = auto()


@frozen
class Seek:
    """The parts of a page request that change the text of its statement."""

    start: Start
    literal_limit: int | None
    newest_first: bool

    @classmethod
    def to(cls, page: PageRequest, *, newest_first: bool) -> Self:
        """Return how to find *page* in a list."""
        start = Start.OFFSET if page.offset else Start.FIRST_ROW
        if page.after is not None:
            start = Start.AFTER_KEY
        return cls(start, page.size + 1 if page.size in _LITERAL_SIZES else None, newest_first)

    @property
    def limit(self) -> ColumnElement[int]:
        """The number of rows to read: one more than the page has, to know if there are more."""
        if self.literal_limit is None:
            return _SIZE
        return literal_column(str(self.literal_limit), BigInteger)

    def after_key(self, rows: Select[Any], key: ColumnElement[int]) -> Select[Any]:
        """Return those of *rows* after the last key of the previous page, if there was one."""
        if self.start is not Start.AFTER_KEY:
            return rows
        return rows.where(key < _AFTER if self.newest_first else key > _AFTER)

    def order(self, rows: Select[Any], key: ColumnElement[int]) -> Select[Any]:
        """Return *rows* in the order of the list."""
        return rows.order_by(key.desc() if self.newest_first else key)

    def select_page(self, rows: Select[Any], key: ColumnElement[int]) -> Select[Any]:
        """Return the page of *rows*, in order."""
        page = self.order(self.after_key(rows, key), key).limit(self.limit)
        return page.offset(OFFSET) if self.start is Start.OFFSET else page


@final
@frozen(eq=False, kw_only=True)
class PageQuery:
    """A list that is read in pages."""

    rows: Select[Any]
    """The rows of the list, unordered."""
    key: ColumnElement[int]
    """The column that orders the list."""
    newest_first: bool = False
    select_page: Callable[[Seek], Select[Any]] | None = None
    """Selects the rows of a page, where another plan is faster than a scan along the key."""
    join: Callable[[Subquery], Select[Any]] = field(default=lambda page: select(*page.c))
    """Adds what other tables store, to the rows of the page only."""
    no_prepare: bool = False
    """Whether the best query plan depends on the parameters."""
    total: Select[Any] | None = None
    """The stored total of the list; without it rows are counted, up to `MAX_FILTERED_TOTAL`."""

    def fetch(
        self,
        executor: Executor,
        page: PageRequest,
        read: Callable[[Sequence[Row]], Iterable[R]],
        params: Params = NO_PARAMS,
    ) -> Page[R]:
        """Return a page of the records, each with an id, that *read* makes of its rows."""
        values = {**params, "size": page.size + 1, "offset": page.offset, "after": page.after}
        seek = Seek.to(page, newest_first=self.newest_first)
        rows = executor.all(_page_statement(self, seek, page.with_total), values)
        total = None
        if page.with_total:
            total = self._total(executor, rows, seek, values)
        return page_from_rows(tuple(read(rows)), page, _id_of, total)

    def _total(
        self, executor: Executor, rows: Sequence[Row], seek: Seek, values: Params
    ) -> int | None:
        """Return the total that the page's *rows* have, or that of a list whose page has none."""
        if rows:
            total: int = rows[0][-1]
        elif seek.start is Start.FIRST_ROW:
            total = 0
        else:
            total = executor.all(_total_statement(self), values)[0][0]
        return total if self.total is not None or total <= MAX_FILTERED_TOTAL else None


def _id_of(record: Any) -> int:
    record_id: int = record.id
    return record_id


@functools.cache
def _page_statement(query: PageQuery, seek: Seek, with_total: bool) -> Select[Any]:  # noqa: FBT001 - part of the cache key
    page = (
        query.select_page(seek) if query.select_page else seek.select_page(query.rows, query.key)
    ).subquery("page")
    rows = query.join(page)
    if with_total:
        rows = rows.add_columns(_total_statement(query).scalar_subquery())
    statement = seek.order(rows, page.c.id)
    return statement.execution_options(**{NO_PREPARE: True}) if query.no_prepare else statement


@functools.cache
def _total_statement(query: PageQuery) -> Select[Any]:
    """Return the statement for the total; a count stops at one more than is reported."""
    if query.total is not None:
        return query.total
    limit = literal_column(str(MAX_FILTERED_TOTAL + 1), BigInteger)
    counted = query.rows.with_only_columns(query.key).limit(limit).subquery("counted")
    return select(func.count()).select_from(counted)
