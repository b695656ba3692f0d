"""The leaderboard in SQL, from kept tallies."""

from collections.abc import Sequence
from typing import Any, final

from attrs import frozen
from sqlalchemy import (
    BigInteger,
    Date,
    FromClause,
    Select,
    and_,
    bindparam,
    cast,
    func,
    or_,
    select,
)

from mechanic_adapters.sql.executors import Executor
from mechanic_adapters.sql.plans import ANEW, Row
from mechanic_adapters.sql.spans import BEGINNING, PIECES, Span, bounds_of
from mechanic_adapters.sql.tables import mechanic_tallies, mechanics
from mechanic_adapters.sql.tallies import Tallies
from mechanic_core.mechanics.mechanic import MechanicId
from mechanic_core.mechanics.ports import Standings
from mechanic_core.mechanics.standing import ALWAYS, Period, Standing

_TALLY = mechanic_tallies.c


def _within(piece: str) -> Any:
    """Return whether a tally lies in one *piece* of the period."""
    span = Span.MONTH if piece == "months" else Span.DAY
    first, last = (bindparam(f"{piece}_{end}", type_=Date) for end in ("first", "last"))
    return and_(_TALLY.span == span, _TALLY.start >= first, _TALLY.start <= last)


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
_WITHIN = _top(
    select(_TALLY.mechanic_id, cast(func.sum(_TALLY.tickets), BigInteger).label("tickets"))
    .where(or_(*(_within(piece) for piece in PIECES)))
    .group_by(_TALLY.mechanic_id)
    .subquery("within")
).execution_options(**{ANEW: True})


@final
@frozen
class SqlStandings(Standings):
    """How many tickets each mechanic has worked."""

    _executor: Executor
    _tallies: Tallies

    def top(self, limit: int, period: Period) -> tuple[Standing, ...]:
        """Return the first *limit* of all mechanics by tickets worked in *period*."""
        self._tallies.write()
        if period == ALWAYS:
            return _ranked(self._executor.all(_EVER, {"size": limit}))
        return _ranked(self._executor.all(_WITHIN, {"size": limit, **bounds_of(period)}))


def _ranked(rows: Sequence[Row]) -> tuple[Standing, ...]:
    """Return the rows with their ranks; equal counts share one."""
    counts = [worked for _, _, worked in rows]
    return tuple(
        Standing(rank=counts.index(worked) + 1, id=MechanicId(one), name=name, tickets=worked)
        for one, name, worked in rows
    )
