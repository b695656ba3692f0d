"""Estimates and decisions that are not as they were written."""

from collections.abc import Iterator
from typing import Any, final

from attrs import frozen
from sqlalchemy import BigInteger, bindparam, select, tuple_

from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.row_mapping import RECORD_ID
from mechanic_adapters.sql.queries.unchanged_records import LIMIT, unchanged_records
from mechanic_adapters.sql.repositories.estimates.decisions import read_decisions
from mechanic_adapters.sql.repositories.estimates.estimates import read_estimates
from mechanic_adapters.sql.schema.estimates import decisions, estimates

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


@final
@frozen
class AlteredRecord:
    """An estimate or a decision of a ticket that is not as it was written."""

    ticket_id: int
    record: str
    """Its kind, and the estimate's number or the decision's id."""

    is_changed: bool
    """Whether its digest is not that of its members; else the decision before is missing."""

    def __str__(self) -> str:
        """Return the line that names it."""
        fault = "was changed since it was written" if self.is_changed else "lacks the one before it"
        return f"ticket {self.ticket_id}: {self.record} {fault}"


def altered_records(executor: Executor) -> Iterator[AlteredRecord]:
    """Yield every estimate and decision that was altered, reading a batch at a time."""
    yield from _altered_estimates(executor)
    yield from _altered_decisions(executor)


def _altered_estimates(executor: Executor) -> Iterator[AlteredRecord]:
    after = 0
    while rows := executor.all(_NEXT_ESTIMATES, {"record_id": after}):
        unchanged = unchanged_records(executor, [row[0] for row in rows], read_estimates)
        for estimate_id, ticket_id, number in rows:
            if estimate_id not in unchanged:
                yield AlteredRecord(ticket_id, f"estimate {number}", is_changed=True)
        after = rows[-1][0]


def _altered_decisions(executor: Executor) -> Iterator[AlteredRecord]:
    """Yield decisions whose digest is wrong, or that name another than that of the one before."""
    key: dict[str, Any] = {"ticket_id": 0, "record_id": 0}
    digest: str | None = None
    while rows := executor.all(_NEXT_DECISIONS, key):
        unchanged = unchanged_records(executor, [row[0] for row in rows], read_decisions)
        for decision_id, ticket_id, stored in rows:
            previous = digest if ticket_id == key["ticket_id"] else None
            is_changed = decision_id not in unchanged
            if is_changed or unchanged[decision_id].previous != previous:
                yield AlteredRecord(ticket_id, f"decision {decision_id}", is_changed)
            key, digest = {"ticket_id": ticket_id, "record_id": decision_id}, stored
