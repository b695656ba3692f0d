"""Counters of worked tickets: the changes of each ticket, and their sums by day, month and year.

`FOLD` adds the changes to the sums, and `miscounts` checks both against the tickets.
"""

from datetime import date
from typing import Any, Final, final

from attrs import field, frozen
from sqlalchemy import (
    BigInteger,
    CompoundSelect,
    Date,
    FromClause,
    Insert,
    Select,
    cast,
    delete,
    func,
    literal,
    select,
    text,
    union_all,
)
from sqlalchemy.dialects.postgresql import insert

from mechanic_adapters.sql.counters.calendar import START_OF_TIME
from mechanic_adapters.sql.counters.folding import NO_TIMEOUT, exclude_folds
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.row_mapping import json_text, record_maker
from mechanic_adapters.sql.engine.sql_functions import (
    first_of_month,
    first_of_year,
    rows_from_json,
)
from mechanic_adapters.sql.schema.counters import Span, worked_ticket_changes, worked_tickets
from mechanic_adapters.sql.schema.tickets import ticket_mechanics, tickets
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.tickets.workflow import UNWORKED_STATUSES

_NOUN: Final = "tickets"
_COUNTER = worked_tickets.c
_COLUMNS = (_COUNTER.mechanic_id, _COUNTER.span, _COUNTER.start, _COUNTER.tickets)
_CHANGE = worked_ticket_changes.c
_CHANGES = (_CHANGE.mechanic_id, _CHANGE.day, _CHANGE.tickets)

IS_WORKED = (
    tickets.c.removed_at.is_(None),
    *(tickets.c.status != status for status in sorted(UNWORKED_STATUSES)),
)
"""The conditions that a ticket counts as worked."""

_INSERT = insert(worked_ticket_changes).from_select(_CHANGES, rows_from_json(_CHANGES))


def _by_spans(daily: FromClause) -> CompoundSelect[tuple[int, Span, date, int]]:
    """Return the sums of tickets by mechanic and day for every span."""

    def summed(span: Span, start: Any) -> Select[Any]:
        spans = select(
            daily.c.mechanic_id,
            literal(span, _COUNTER.span.type).label("span"),
            start.label("start"),
            cast(func.sum(daily.c.tickets), BigInteger).label("tickets"),
        )
        return spans.group_by(daily.c.mechanic_id, *([] if span is Span.EVER else [start]))

    return union_all(
        summed(Span.EVER, literal(START_OF_TIME, Date)),
        summed(Span.YEAR, first_of_year(daily.c.day)),
        summed(Span.MONTH, first_of_month(daily.c.day)),
        summed(Span.DAY, daily.c.day),
    )


def _fold() -> Insert:
    """Return the statement that adds the changes to the sums.

    The previous release updates counters in this order too: they can't deadlock.
    """
    gone = delete(worked_ticket_changes).returning(*_CHANGES).cte("gone")
    sums = _by_spans(gone).subquery("sums")
    changed = select(sums).where(sums.c.tickets != 0)
    ordered = changed.order_by(sums.c.mechanic_id, sums.c.span, sums.c.start)
    adding = insert(worked_tickets).from_select(_COLUMNS, ordered)
    return adding.on_conflict_do_update(
        index_elements=[_COUNTER.span, _COUNTER.start, _COUNTER.mechanic_id],
        set_={"tickets": _COUNTER.tickets + adding.excluded.tickets},
    )


FOLD: Final = _fold()
"""The statement that folds the changes, on PostgreSQL."""


@final
@frozen
class Miscount:
    """A counter that is not the number of tickets worked."""

    mechanic_id: int
    span: Span
    start: date
    stored: int
    counted: int


@final
@frozen(eq=False)
class WorkedTickets:
    """The changes of one transaction, written by `flush` before its commit."""

    _executor: Executor
    changes: dict[tuple[int, date], int] = field(factory=dict, init=False)
    """By how much the tickets of a mechanic on a day change."""

    def change(self, before: Ticket | None, after: Ticket) -> None:
        """Note that a ticket counts for other mechanics, or on another day, than before."""
        for ticket, sign in ((before, -1), (after, 1)):
            if ticket and not ticket.removed_at and ticket.status not in UNWORKED_STATUSES:
                for mechanic in ticket.mechanics:
                    key = mechanic.id, ticket.service_date
                    self.changes[key] = self.changes.get(key, 0) + sign

    def flush(self) -> None:
        """Write the changes."""
        rows = [(*key, change) for key, change in self.changes.items() if change]
        self.changes.clear()
        if rows:
            self._executor.write(_NOUN, _INSERT, {"rows": json_text(rows)})


def _counted() -> CompoundSelect[tuple[int, Span, date, int]]:
    """Return every counter as counted from the tickets."""
    day = tickets.c.service_date.label("day")
    daily = (
        select(ticket_mechanics.c.mechanic_id, day, func.count().label("tickets"))
        .join_from(ticket_mechanics, tickets)
        .where(*IS_WORKED)
        .group_by(ticket_mechanics.c.mechanic_id, tickets.c.service_date)
        .cte("daily")
    )
    return _by_spans(daily)


def _miscounted() -> Select[Any]:
    """Return every counter whose stored value is not the one counted from the tickets."""
    none = literal(0, BigInteger)
    changes = _by_spans(worked_ticket_changes).subquery("changes")
    *which, worked = _counted().subquery("counted").c
    both = union_all(
        select(*_COLUMNS[:3], _COUNTER.tickets.label("stored"), none.label("counted")),
        select(*changes.c, none),
        select(*which, none, worked),
    ).subquery("comparison")
    counter = (both.c.mechanic_id, both.c.span, both.c.start)
    stored, counts = (cast(func.sum(c), BigInteger) for c in (both.c.stored, both.c.counted))
    sums = select(*counter, stored, counts).group_by(*counter)
    return sums.having(stored != counts).order_by(*counter)


_MISCOUNTS = _miscounted()
_LOCK = text("LOCK TABLE worked_ticket_changes, mechanic_tallies IN SHARE ROW EXCLUSIVE MODE")
_DELETE, _DELETE_CHANGES = delete(worked_tickets), delete(worked_ticket_changes)
_recounted = _counted().subquery("recounted")
_RECOUNT = insert(worked_tickets).from_select(
    _COLUMNS,
    select(_recounted).order_by(_recounted.c.span, _recounted.c.start),  # stored as they are read
)


def miscounts(executor: Executor) -> tuple[Miscount, ...]:
    """Return every counter that disagrees with the tickets."""
    return tuple(map(record_maker(Miscount), executor.all_without_timeout(_MISCOUNTS)))


def recount(executor: Executor) -> None:
    """Count all worked tickets again, while commits that change a ticket wait."""
    if executor.database.is_postgres:
        executor.write(_NOUN, NO_TIMEOUT)
        exclude_folds(executor)  # a prepared fold locks the tables in the other order
        executor.write(_NOUN, _LOCK)
    with executor.without_deadline():
        executor.write(_NOUN, _DELETE)
        executor.write(_NOUN, _DELETE_CHANGES)
        executor.write(_NOUN, _RECOUNT)
