"""WorkedTickets of tickets worked: kept with each change of a ticket, held against the tickets."""

from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any, Final, TypeAlias, final

from attrs import frozen
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
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT suits SQLite too

from mechanic_adapters.sql.counters.calendar import BEGINNING, spans_of
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.rows import maker, rows_text
from mechanic_adapters.sql.engine.sql_functions import first_of_year, sent_rows
from mechanic_adapters.sql.schema.counters import Span, worked_tickets
from mechanic_adapters.sql.schema.tickets import ticket_mechanics, tickets
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.tickets.workflow import UNWORKED_STATUSES

Save: TypeAlias = Callable[[str | None], None]
"""Writes a ticket down, and with it the changes of tallies, if there are any."""

_NOUN: Final = "tickets"
_TALLY = worked_tickets.c
_COLUMNS = (_TALLY.mechanic_id, _TALLY.span, _TALLY.start, _TALLY.tickets)

COUNTS = (
    tickets.c.removed_at.is_(None),
    *(tickets.c.status != status for status in sorted(UNWORKED_STATUSES)),
)
"""What must be true of a ticket that the leaderboard counts."""

_INSERT = insert(worked_tickets).from_select(_COLUMNS, sent_rows(_COLUMNS, "tallies").where(true()))
CHANGE = _INSERT.on_conflict_do_update(
    index_elements=[_TALLY.span, _TALLY.start, _TALLY.mechanic_id],
    set_={"tickets": _TALLY.tickets + _INSERT.excluded.tickets},
)
"""Changes tallies by what *tallies* lists, a JSON text."""


@final
@frozen
class Miscount:
    """A tally that is not the number of tickets that it stands for."""

    mechanic_id: int
    span: Span
    start: date
    kept: int
    counted: int


@final
class WorkedTickets:
    """The changes of one transaction, written at its end in the order of the mechanics.

    So two transactions never wait for each other, and the rows that all share are locked for
    no longer than a commit takes.
    """

    def __init__(self, executor: Executor) -> None:
        """Start with no change."""
        self._executor = executor
        self._changes: Counter[tuple[int, Span, date]] = Counter()
        self._waiting: Save | None = None

    def change(self, before: Ticket | None, after: Ticket) -> None:
        """Note that a ticket counts for others, or elsewhere, than before."""
        if before is not None:
            self._changes.subtract(_tallied(before))
        self._changes.update(_tallied(after))

    def take_along(self, save: Save) -> None:
        """Have *save* run before the next statement, or with the tallies when they are written."""
        self._executor.put_off(_NOUN, self._set_off)
        self._waiting = save

    def write(self) -> None:
        """Write the changes down."""
        rows = sorted((*key, more) for key, more in self._changes.items() if more)
        self._changes.clear()
        tallies = rows_text(rows) if rows else None
        if self._waiting is not None:
            self._set_off(tallies)
        elif tallies:
            self._executor.write(_NOUN, CHANGE, {"tallies": tallies})

    def _set_off(self, tallies: str | None = None) -> None:
        save, self._waiting = self._waiting, None
        if save is not None:
            save(tallies)


def _tallied(ticket: Ticket) -> list[tuple[int, Span, date]]:
    """Return every tally that the ticket is part of."""
    if ticket.removed_at or ticket.status in UNWORKED_STATUSES:
        return []
    spans = spans_of(ticket.service_date)
    return [(mechanic.id, *span) for mechanic in ticket.mechanics for span in spans]


def _counted() -> CompoundSelect[tuple[int, Span, date, int]]:
    """Return every tally as the tickets have it."""
    daily = (
        select(
            ticket_mechanics.c.mechanic_id,
            tickets.c.service_date,
            tickets.c.service_month,
            func.count().label("worked"),
        )
        .join_from(ticket_mechanics, tickets)
        .where(*COUNTS)
        .group_by(ticket_mechanics.c.mechanic_id, tickets.c.service_date, tickets.c.service_month)
        .cte("daily")
    )

    def summed(span: Span, start: Any) -> Select[Any]:
        found = select(
            daily.c.mechanic_id,
            literal(span, _TALLY.span.type).label("span"),
            start.label("start"),
            cast(func.sum(daily.c.worked), BigInteger).label("worked"),
        )
        return found.group_by(daily.c.mechanic_id, *([] if span is Span.EVER else [start]))

    return union_all(
        summed(Span.EVER, literal(BEGINNING, Date)),
        summed(Span.YEAR, first_of_year(daily.c.service_month)),
        summed(Span.MONTH, daily.c.service_month),
        summed(Span.DAY, daily.c.service_date),
    )


def _miscounted() -> Select[Any]:
    """Return every tally that is kept otherwise than it is counted."""
    counted = _counted().subquery("counted")
    mechanic_id, span, start, worked = counted.c
    both = union_all(
        select(
            _TALLY.mechanic_id,
            _TALLY.span,
            _TALLY.start,
            _TALLY.tickets.label("kept"),
            literal(0, BigInteger).label("counted"),
        ),
        select(mechanic_id, span, start, literal(0, BigInteger), worked),
    ).subquery("both_ways")
    which = (both.c.mechanic_id, both.c.span, both.c.start)
    kept, found = (cast(func.sum(c), BigInteger) for c in (both.c.kept, both.c.counted))
    return select(*which, kept, found).group_by(*which).having(kept != found).order_by(*which)


_MISCOUNTS = _miscounted()
_BE_PATIENT = text("SET LOCAL statement_timeout = 0")
_LOCK = text("LOCK TABLE mechanic_tallies IN SHARE ROW EXCLUSIVE MODE")
_EMPTY = delete(worked_tickets)
_anew = _counted().subquery("anew")
_RECOUNT = insert(worked_tickets).from_select(
    _COLUMNS,
    select(_anew).order_by(_anew.c.span, _anew.c.start),  # side by side, as they are read
)


def miscounts(executor: Executor) -> tuple[Miscount, ...]:
    """Return every tally that disagrees with the tickets."""
    return tuple(map(maker(Miscount), executor.patiently(_MISCOUNTS)))


def recount(executor: Executor, *, is_postgres: bool) -> None:
    """Count all tallies anew; whoever changes a ticket meanwhile waits at the end."""
    if is_postgres:
        executor.write(_NOUN, _BE_PATIENT, {})
        executor.write(_NOUN, _LOCK, {})
    executor.write(_NOUN, _EMPTY, {})
    executor.write(_NOUN, _RECOUNT, {})
