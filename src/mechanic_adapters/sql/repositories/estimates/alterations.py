"""Estimates and decisions that are not as they were written, or not there any more."""

from collections.abc import Iterator
from typing import Any, Final, final

from attrs import frozen
from sqlalchemy import BigInteger, bindparam, func, select, tuple_

from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.row_mapping import RECORD_ID
from mechanic_adapters.sql.queries.unchanged_records import LIMIT, unchanged_records
from mechanic_adapters.sql.repositories.estimates.decisions import read_decisions
from mechanic_adapters.sql.repositories.estimates.estimates import read_estimates
from mechanic_adapters.sql.schema.estimates import decisions, estimates
from mechanic_adapters.sql.schema.tickets import ticket_history, tickets
from mechanic_core.tickets.history import HistoryEvent

_NEXT_ESTIMATES = (
    select(estimates.c.id, estimates.c.ticket_id, estimates.c.number)
    .where(estimates.c.id > RECORD_ID)
    .order_by(estimates.c.id)
    .limit(LIMIT)
)
_key = tuple_(decisions.c.ticket_id, decisions.c.id)
_NEXT_DECISIONS = (
    select(decisions.c.id, decisions.c.ticket_id, decisions.c.digest)
    .where(_key > tuple_(bindparam("ticket_id", type_=BigInteger), RECORD_ID))
    .order_by(decisions.c.ticket_id, decisions.c.id)
    .limit(LIMIT)
)
_event = ticket_history.c.event
_is_decision = (_event == HistoryEvent.DECIDED) | (_event == HistoryEvent.LIMITED)
_NEXT_COUNTS = (
    select(
        tickets.c.id,
        select(func.count()).where(decisions.c.ticket_id == tickets.c.id).scalar_subquery(),
        select(func.count())
        .where(ticket_history.c.ticket_id == tickets.c.id, _is_decision)
        .scalar_subquery(),
    )
    .where(tickets.c.id > RECORD_ID)
    .order_by(tickets.c.id)
    .limit(LIMIT)
)

CHANGED: Final = "was changed since it was written"
AFTER_A_GAP: Final = "lacks the one before it"


@final
@frozen
class AlteredRecord:
    """An estimate or a decision of a ticket, or all its decisions, and what is wrong with them."""

    ticket_id: int
    record: str
    fault: str

    def __str__(self) -> str:
        """Return the line that names it."""
        return f"ticket {self.ticket_id}: {self.record} {self.fault}"


def altered_records(executor: Executor) -> Iterator[AlteredRecord]:
    """Yield every estimate and decision that was altered, reading a batch at a time."""
    yield from _altered_estimates(executor)
    yield from _altered_decisions(executor)
    yield from _missing_decisions(executor)


def _altered_estimates(executor: Executor) -> Iterator[AlteredRecord]:
    after = 0
    while rows := executor.all(_NEXT_ESTIMATES, {"record_id": after}):
        unchanged = unchanged_records(executor, [row[0] for row in rows], read_estimates)
        for estimate_id, ticket_id, number in rows:
            if estimate_id not in unchanged:
                yield AlteredRecord(ticket_id, f"estimate {number}", CHANGED)
        after = rows[-1][0]


def _altered_decisions(executor: Executor) -> Iterator[AlteredRecord]:
    """Yield decisions whose digest is wrong, or that name another than that of the one before."""
    key: dict[str, Any] = {"ticket_id": 0, "record_id": 0}
    digest: str | None = None
    while rows := executor.all(_NEXT_DECISIONS, key):
        unchanged = unchanged_records(executor, [row[0] for row in rows], read_decisions)
        for decision_id, ticket_id, stored in rows:
            previous = digest if ticket_id == key["ticket_id"] else None
            record = f"decision {decision_id}"
            if decision_id not in unchanged:
                yield AlteredRecord(ticket_id, record, CHANGED)
            elif unchanged[decision_id].previous != previous:
                yield AlteredRecord(ticket_id, record, AFTER_A_GAP)
            key, digest = {"ticket_id": ticket_id, "record_id": decision_id}, stored


def _missing_decisions(executor: Executor) -> Iterator[AlteredRecord]:
    """Yield tickets whose history has another number of decisions: a chain has no end of its own."""
    after = 0
    while rows := executor.all(_NEXT_COUNTS, {"record_id": after}):
        for ticket_id, stored, entered in rows:
            if stored != entered:
                fault = f"stored: {stored}, in its history: {entered}"
                yield AlteredRecord(ticket_id, "decisions", fault)
        after = rows[-1][0]
