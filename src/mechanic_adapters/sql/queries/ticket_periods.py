"""Pages of the tickets of a period, for PostgreSQL, which has LATERAL joins.

Tickets are listed by id, and a period may lie anywhere among them: to scan for the first ticket
in it, or to sort all that are in it, takes longer the older the shop is. So each day and each
month of the period contributes its first few by its own index, and the page is the first of these.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import (
    CTE,
    Column,
    ColumnElement,
    Date,
    Select,
    bindparam,
    func,
    select,
    true,
    union_all,
)

from mechanic_adapters.sql.counters.calendar import MONTH_PARTS
from mechanic_adapters.sql.queries.keyset_pagination import OFFSET, Seek, Start
from mechanic_adapters.sql.schema.tickets import tickets

Conditions = Sequence[ColumnElement[bool]]

NOT_REMOVED = tickets.c.removed_at.is_(None)


def page_by_month(
    columns: Sequence[Column[Any]], conditions: Conditions
) -> Callable[[Seek], Select[Any]]:
    """Return a function that selects a page of the tickets that meet *conditions*.

    Its parameters are those of `calendar.month_parameters`.
    """

    def select_page(seek: Seek) -> Select[Any]:
        parts = [_first_of_each(part, seek, conditions) for part in MONTH_PARTS]
        candidates = union_all(*parts).subquery("candidates").c
        page = seek.select_page(select(candidates.id), candidates.id).subquery("page_ids")
        return select(*columns).join_from(page, tickets, tickets.c.id == page.c.id)

    return select_page


def _first_of_each(part: str, seek: Seek, conditions: Conditions) -> Select[Any]:
    """Return the first ids of each day or month in one *part* of the period."""
    column = tickets.c.service_month if part == "months" else tickets.c.service_date
    starts = _starts(part, column)
    same_start = select(tickets.c.id).where(NOT_REMOVED, column == starts.c.start, *conditions)
    limit = seek.limit + OFFSET if seek.start is Start.OFFSET else seek.limit
    ordered = seek.order(seek.after_key(same_start, tickets.c.id), tickets.c.id)
    first = ordered.limit(limit).lateral(f"first_of_{part}")
    return select(first.c.id).select_from(starts.join(first, true()))


def _starts(part: str, column: Column[Any]) -> CTE:
    """Return the days or months in one *part* with a ticket, by one index probe for each."""
    first, last = (bindparam(f"{part}_{end}", type_=Date) for end in ("first", "last"))
    earliest = select(func.min(column).label("start"))
    starts = earliest.where(NOT_REMOVED, column >= first, column <= last).cte(part, recursive=True)
    later = tickets.alias("later")
    same_column = later.c[column.name]
    following = select(func.min(same_column)).where(
        later.c.removed_at.is_(None), same_column > starts.c.start, same_column <= last
    )
    return starts.union_all(select(following.scalar_subquery()).where(starts.c.start.is_not(None)))
