"""Pieces of the list of the tickets of a period, where the database can join sideways.

Tickets come by id, and a period may lie anywhere: to walk all of them for the first one in it,
or to sort all that are in it, takes as long as the shop is old. So each day and each month of the
period gives its first few by its own index, and the first of these are the piece.
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

from mechanic_adapters.sql.counters.calendar import PIECES
from mechanic_adapters.sql.queries.keyset_pagination import START, Cut, Way
from mechanic_adapters.sql.schema.tickets import tickets

Conditions = Sequence[ColumnElement[bool]]

PRESENT = tickets.c.removed_at.is_(None)


def by_stretches(
    header: Sequence[Column[Any]], conditions: Conditions
) -> Callable[[Cut], Select[Any]]:
    """Return how a list of tickets that keep *conditions* is cut."""

    def made(cut: Cut) -> Select[Any]:
        found = union_all(*(_first_of(piece, cut, conditions) for piece in PIECES))
        ids = found.subquery("found").c
        chosen = cut.made(select(ids.id), ids.id).subquery("chosen")
        return select(*header).join_from(chosen, tickets, tickets.c.id == chosen.c.id)

    return made


def _first_of(piece: str, cut: Cut, conditions: Conditions) -> Select[Any]:
    """Return the first ids of each day or month in one *piece* of the period."""
    column = tickets.c.service_month if piece == "months" else tickets.c.service_date
    starts = _starts(piece, column)
    own = select(tickets.c.id).where(PRESENT, column == starts.c.start, *conditions)
    most = cut.limit + START if cut.way is Way.OFFSET else cut.limit
    behind = cut.ordered(cut.behind(own, tickets.c.id), tickets.c.id)
    first = behind.limit(most).lateral(f"first_of_{piece}")
    return select(first.c.id).select_from(starts.join(first, true()))


def _starts(piece: str, column: Column[Any]) -> CTE:
    """Return every day or month in one *piece* on which there is a ticket, one probe for each."""
    first, last = (bindparam(f"{piece}_{end}", type_=Date) for end in ("first", "last"))
    earliest = select(func.min(column).label("start"))
    starts = earliest.where(PRESENT, column >= first, column <= last).cte(piece, recursive=True)
    later = tickets.alias("later")
    same = later.c[column.name]
    onward = select(func.min(same)).where(
        later.c.removed_at.is_(None), same > starts.c.start, same <= last
    )
    return starts.union_all(select(onward.scalar_subquery()).where(starts.c.start.is_not(None)))
