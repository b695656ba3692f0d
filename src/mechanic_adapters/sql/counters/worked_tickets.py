"""Counters of worked tickets: written with each change of a ticket, checked by `miscounts`."""

from datetime import date
from typing import Any, Final, final

from attrs import field, frozen
from sqlalchemy import (
    BigInteger,
    CompoundSelect,
    Date,
    Select,
    cast,
    delete,
    func,
    literal,
    select,
    text,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT works on SQLite too

from mechanic_adapters.sql.counters.calendar import START_OF_TIME, spans_of
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.row_mapping import json_text, record_maker
from mechanic_adapters.sql.engine.sql_functions import first_of_year, rows_from_json
from mechanic_adapters.sql.schema.counters import Span, worked_tickets
from mechanic_adapters.sql.schema.tickets import ticket_mechanics, tickets
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.tickets.workflow import UNWORKED_STATUSES

_NOUN: Final = "tickets"
_COUNTER = worked_tickets.c
_COLUMNS = (_COUNTER.mechanic_id, _COUNTER.span, _COUNTER.start, _COUNTER.tickets)

IS_WORKED = (
    tickets.c.removed_at.is_(None),
    *(tickets.c.status != status for status in sorted(UNWORKED_STATUSES)),
)
"""The conditions that a ticket counts as worked."""

_INSERT = insert(worked_tickets).from_select(_COLUMNS, rows_from_json(_COLUMNS).where(true()))
_ADD = _INSERT.on_conflict_do_update(
    index_elements=[_COUNTER.span, _COUNTER.start, _COUNTER.mechanic_id],
    set_={"tickets": _COUNTER.tickets + _INSERT.excluded.tickets},
)


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
    """The changes of one transaction to the counters, written by `flush` before its commit.

    Written late and in the order of the mechanics: two transactions never deadlock, and rows that
    many of them change are locked for no longer than a commit takes.
    """

    _executor: Executor
    changes: dict[tuple[int, Span, date], int] = field(factory=dict, init=False)
    """By how much the counter of a mechanic and span changes."""

    def change(self, before: Ticket | None, after: Ticket) -> None:
        """Note that a ticket counts for other mechanics, or on another day, than before."""
        for ticket, sign in ((before, -1), (after, 1)):
            if ticket and not ticket.removed_at and ticket.status not in UNWORKED_STATUSES:
                spans = spans_of(ticket.service_date)
                for mechanic in ticket.mechanics:
                    for key in ((mechanic.id, *span) for span in spans):
                        self.changes[key] = self.changes.get(key, 0) + sign

    def flush(self) -> None:
        """Write the changes."""
        rows = sorted((*key, change) for key, change in self.changes.items() if change)
        self.changes.clear()
        if rows:
            self._executor.write(_NOUN, _ADD, {"rows": json_text(rows)})


def _counted() -> CompoundSelect[tuple[int, Span, date, int]]:
    """Return every counter as counted from the tickets."""
    daily = (
        select(
            ticket_mechanics.c.mechanic_id,
            tickets.c.service_date,
            tickets.c.service_month,
            func.count().label("worked"),
        )
        .join_from(ticket_mechanics, tickets)
        .where(*IS_WORKED)
        .group_by(ticket_mechanics.c.mechanic_id, tickets.c.service_date, tickets.c.service_month)
        .cte("daily")
    )

    def summed(span: Span, start: Any) -> Select[Any]:
        spans = select(
            daily.c.mechanic_id,
            literal(span, _COUNTER.span.type).label("span"),
            start.label("start"),
            cast(func.sum(daily.c.worked), BigInteger).label("worked"),
        )
        return spans.group_by(daily.c.mechanic_id, *([] if span is Span.EVER else [start]))

    return union_all(
        summed(Span.EVER, literal(START_OF_TIME, Date)),
        summed(Span.YEAR, first_of_year(daily.c.service_month)),
        summed(Span.MONTH, daily.c.service_month),
        summed(Span.DAY, daily.c.service_date),
    )


def _miscounted() -> Select[Any]:
    """Return every counter whose stored value is not the one counted from the tickets."""
    counted = _counted().subquery("counted")
    mechanic_id, span, start, worked = counted.c
    both = union_all(
        select(
            _COUNTER.mechanic_id,
            _COUNTER.span,
            _COUNTER.start,
            _COUNTER.tickets.label("stored"),
            literal(0, BigInteger).label("counted"),
        ),
        select(mechanic_id, span, start, literal(0, BigInteger), worked),
    ).subquery("comparison")
    which = (both.c.mechanic_id, both.c.span, both.c.start)
    stored, counts = (cast(func.sum(c), BigInteger) for c in (both.c.stored, both.c.counted))
    return select(*which, stored, counts).group_by(*which).having(stored != counts).order_by(*which)


_MISCOUNTS = _miscounted()
_NO_TIMEOUT = text("SET LOCAL statement_timeout = 0")
_LOCK = text("LOCK TABLE mechanic_tallies IN SHARE ROW EXCLUSIVE MODE")
_DELETE = delete(worked_tickets)
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
        executor.write(_NOUN, _NO_TIMEOUT)
        executor.write(_NOUN, _LOCK)
    with executor.without_deadline():
        executor.write(_NOUN, _DELETE)
        executor.write(_NOUN, _RECOUNT)
