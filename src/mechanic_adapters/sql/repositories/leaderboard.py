"""The leaderboard in SQL, from the counters of worked tickets."""

import functools
from collections.abc import Sequence
from datetime import date
from typing import Any, final

from attrs import frozen
from sqlalchemy import (
    BigInteger,
    Date,
    FromClause,
    Select,
    bindparam,
    cast,
    func,
    select,
    union_all,
)

from mechanic_adapters.sql.counters.calendar import START_OF_TIME, terms_of
from mechanic_adapters.sql.counters.worked_tickets import WorkedTickets
from mechanic_adapters.sql.engine.compiled_statements import NO_PREPARE, Row
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.schema.counters import Span, worked_ticket_changes, worked_tickets
from mechanic_adapters.sql.schema.mechanics import mechanics
from mechanic_core.mechanics.leaderboard import Standing
from mechanic_core.mechanics.mechanic import MechanicId
from mechanic_core.mechanics.ports import Standings
from mechanic_core.profile.calendar import ALL_TIME, Period

_COUNTER, _CHANGE = worked_tickets.c, worked_ticket_changes.c


def _top(sums: FromClause) -> Select[Any]:
    """Return the first mechanics by *sums*; a mechanic without a row there has worked none."""
    worked = func.coalesce(sums.c.tickets, 0).label("worked")
    return (
        select(mechanics.c.id, mechanics.c.name, worked)
        .select_from(mechanics.outerjoin(sums, sums.c.mechanic_id == mechanics.c.id))
        .order_by(worked.desc(), mechanics.c.name, mechanics.c.id)
        .limit(bindparam("size", type_=BigInteger))
    )


def _by_sum_of(*terms: Select[Any]) -> Select[Any]:
    """Return the leaderboard by the sum of *terms*."""
    counts = union_all(*terms).subquery("terms").c
    tickets = cast(func.sum(counts.tickets), BigInteger).label("tickets")
    return _top(select(counts.mechanic_id, tickets).group_by(counts.mechanic_id).subquery("sums"))


_CHANGES = select(_CHANGE.mechanic_id, _CHANGE.tickets)
_EVER = _by_sum_of(
    select(_COUNTER.mechanic_id, _COUNTER.tickets).where(
        _COUNTER.span == Span.EVER, _COUNTER.start == START_OF_TIME
    ),
    _CHANGES,
)


@functools.cache
def _in_period(signed_spans: tuple[tuple[int, Span], ...]) -> Select[Any]:
    """Return the leaderboard by the sum of terms with these signs and spans."""
    terms = (_term(index, *one) for index, one in enumerate(signed_spans))
    since, until = (bindparam(name, type_=Date) for name in ("since", "until"))
    changes = _CHANGES.where(_CHANGE.day >= since, _CHANGE.day <= until)
    return _by_sum_of(*terms, changes).execution_options(**{NO_PREPARE: True})


def _term(index: int, sign: int, span: Span) -> Select[Any]:
    first, last = (bindparam(f"{end}_{index}", type_=Date) for end in ("first", "last"))
    tickets = _COUNTER.tickets if sign > 0 else -_COUNTER.tickets
    return select(_COUNTER.mechanic_id, tickets.label("tickets")).where(
        _COUNTER.span == span, _COUNTER.start >= first, _COUNTER.start <= last
    )


@final
@frozen
class SqlStandings(Standings):
    """Mechanics by the number of tickets worked."""

    _executor: Executor
    _worked_tickets: WorkedTickets

    def top(self, limit: int, period: Period) -> tuple[Standing, ...]:
        self._worked_tickets.flush()
        if period == ALL_TIME:
            return _ranked(self._executor.all(_EVER, {"size": limit}))
        terms = terms_of(period)
        bounds = {"since": period.since or date.min, "until": period.until or date.max}
        bounds |= {f"first_{index}": term.first for index, term in enumerate(terms)}
        bounds |= {f"last_{index}": term.last for index, term in enumerate(terms)}
        statement = _in_period(tuple((term.sign, term.span) for term in terms))
        return _ranked(self._executor.all(statement, {"size": limit, **bounds}))


def _ranked(rows: Sequence[Row]) -> tuple[Standing, ...]:
    """Return the rows with their ranks; equal counts share a rank."""
    counts = [worked for _, _, worked in rows]
    return tuple(
        Standing(rank=counts.index(worked) + 1, id=MechanicId(key), name=name, tickets=worked)
        for key, name, worked in rows
    )
