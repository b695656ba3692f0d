"""Pages of the rows of a period, for PostgreSQL, which has LATERAL joins.

Rows are listed by id, and a period may lie anywhere among them: to scan for the first row in it, or
to sort all that are in it, takes longer the older the shop is. So each day and each month of the
period contributes its first few by its own index, and the page is the first of these.
"""

from collections.abc import Callable, Sequence
from typing import Any, final

from attrs import frozen
from sqlalchemy import (
    CTE,
    Column,
    ColumnElement,
    Date,
    FromClause,
    Select,
    bindparam,
    func,
    select,
    true,
    union_all,
)

from mechanic_adapters.sql.counters.calendar import MONTH_PARTS
from mechanic_adapters.sql.queries.keyset_pagination import OFFSET, Seek, Start

Conditions = Sequence[ColumnElement[bool]]


def _all(_: FromClause) -> Conditions:
    return ()


@final
@frozen(eq=False)
class DatedRows:
    """The rows of a table that have a day; an index by it and one by its month have the ids too."""

    id: Column[int]
    day: Column[Any]
    month: Column[Any]
    """The first day of the month of *day*."""
    listed: Callable[[FromClause], Conditions] = _all
    """Returns the conditions of the two indexes, for the table or an alias of it."""

    def page_by_month(
        self, columns: Sequence[ColumnElement[Any]], conditions: Conditions = ()
    ) -> Callable[[Seek], Select[Any]]:
        """Return a function that selects a page of the rows that meet *conditions*.

        Its parameters are those of `calendar.month_parameters`.
        """

        def select_page(seek: Seek) -> Select[Any]:
            parts = [self._first_of_each(part, seek, conditions) for part in MONTH_PARTS]
            candidates = union_all(*parts).subquery("candidates").c
            page = seek.select_page(select(candidates.id), candidates.id).subquery("page_ids")
            return select(*columns).join_from(page, self.id.table, self.id == page.c.id)

        return select_page

    def _first_of_each(self, part: str, seek: Seek, conditions: Conditions) -> Select[Any]:
        """Return the first ids of each day or month in one *part* of the period."""
        column = self.month if part == "months" else self.day
        starts = self._starts(part, column)
        same_start = select(self.id.label("id")).where(
            *self.listed(self.id.table), column == starts.c.start, *conditions
        )
        limit = seek.limit + OFFSET if seek.start is Start.OFFSET else seek.limit
        ordered = seek.order(seek.after_key(same_start, self.id), self.id)
        first = ordered.limit(limit).lateral(f"first_of_{part}")
        return select(first.c.id).select_from(starts.join(first, true()))

    def _starts(self, part: str, column: Column[Any]) -> CTE:
        """Return the days or months in one *part* with a row, by one index probe for each."""
        first, last = (bindparam(f"{part}_{end}", type_=Date) for end in ("first", "last"))
        earliest = select(func.min(column).label("start")).where(
            *self.listed(self.id.table), column >= first, column <= last
        )
        starts = earliest.cte(part, recursive=True)
        later = self.id.table.alias("later")
        same_column = later.c[column.name]
        following = select(func.min(same_column)).where(
            *self.listed(later), same_column > starts.c.start, same_column <= last
        )
        return starts.union_all(
            select(following.scalar_subquery()).where(starts.c.start.is_not(None))
        )
