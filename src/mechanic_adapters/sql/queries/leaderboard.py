"""The leaderboard in SQL, from kept tallies."""

import functools
from collections.abc import Sequence
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

from mechanic_adapters.sql.counters.calendar import BEGINNING
from mechanic_adapters.sql.counters.period_terms import terms_of
from mechanic_adapters.sql.counters.worked_tickets import WorkedTickets
from mechanic_adapters.sql.engine.compiled_statements import ANEW, Row
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.schema.counters import Span, worked_tickets
from mechanic_adapters.sql.schema.mechanics import mechanics
from mechanic_core.mechanics.leaderboard import ALL_TIME, Period, Standing
from mechanic_core.mechanics.mechanic import MechanicId
from mechanic_core.mechanics.ports import Standings

_TALLY = worked_tickets.c


def _top(tallies: FromClause) -> Select[Any]:
    """Return the first mechanics by *tallies*; whoever is not among them has none."""
    worked = func.coalesce(tallies.c.tickets, 0).label("worked")
    return (
        select(mechanics.c.id, mechanics.c.name, worked)
        .select_from(mechanics.outerjoin(tallies, tallies.c.mechanic_id == mechanics.c.id))
        .order_by(worked.desc(), mechanics.c.name, mechanics.c.id)
        .limit(bindparam("size", type_=BigInteger))
    )


_EVER = _top(
    select(_TALLY.mechanic_id, _TALLY.tickets)
    .where(_TALLY.span == Span.EVER, _TALLY.start == BEGINNING)
    .subquery("ever")
)


@functools.cache
def _within(kinds: tuple[tuple[int, Span], ...]) -> Select[Any]:
    """Return the statement that adds up terms of these signs and spans."""
    tallies = union_all(*(_term(place, *kind) for place, kind in enumerate(kinds))).subquery(
        "terms"
    )
    tickets = cast(func.sum(tallies.c.tickets), BigInteger).label("tickets")
    summed = select(tallies.c.mechanic_id, tickets).group_by(tallies.c.mechanic_id)
    return _top(summed.subquery("within")).execution_options(**{ANEW: True})


def _term(place: int, sign: int, span: Span) -> Select[Any]:
    first, last = (bindparam(f"{end}_{place}", type_=Date) for end in ("first", "last"))
    tickets = _TALLY.tickets if sign > 0 else -_TALLY.tickets
    return select(_TALLY.mechanic_id, tickets.label("tickets")).where(
        _TALLY.span == span, _TALLY.start >= first, _TALLY.start <= last
    )


@final
@frozen
class SqlStandings(Standings):
    """How many tickets each mechanic has worked."""

    _executor: Executor
    _tallies: WorkedTickets

    def top(self, limit: int, period: Period) -> tuple[Standing, ...]:
        """Return the first *limit* of all mechanics by tickets worked in *period*."""
        self._tallies.write()
        if period == ALL_TIME:
            return _ranked(self._executor.all(_EVER, {"size": limit}))
        terms = terms_of(period)
        bounds = {f"first_{place}": term.first for place, term in enumerate(terms)}
        bounds |= {f"last_{place}": term.last for place, term in enumerate(terms)}
        statement = _within(tuple((term.sign, term.span) for term in terms))
        return _ranked(self._executor.all(statement, {"size": limit, **bounds}))


def _ranked(rows: Sequence[Row]) -> tuple[Standing, ...]:
    """Return the rows with their ranks; equal counts share one."""
    counts = [worked for _, _, worked in rows]
    return tuple(
        Standing(rank=counts.index(worked) + 1, id=MechanicId(one), name=name, tickets=worked)
        for one, name, worked in rows
    )
