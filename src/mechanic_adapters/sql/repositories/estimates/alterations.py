"""Estimates and decisions that are not as they were written."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, TypeVar, final

from attrs import frozen
from sqlalchemy import BigInteger, ColumnElement, bindparam, literal_column, select, tuple_

from mechanic_adapters.sql.engine.compiled_statements import Row
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.record_text import UNREADABLE
from mechanic_adapters.sql.engine.row_mapping import RECORD_ID
from mechanic_adapters.sql.repositories.estimates.decisions import read_decisions
from mechanic_adapters.sql.repositories.estimates.estimates import read_estimates
from mechanic_adapters.sql.schema.estimates import decisions, estimates
from mechanic_core.estimates.decision import Decision
from mechanic_core.estimates.estimate import Estimate

R = TypeVar("R", Estimate, Decision)

BATCH: Final = 200
"""How many are read at a time."""

_LIMIT: Final[ColumnElement[int]] = literal_column(str(BATCH))
_NEXT_ESTIMATES = (
    select(estimates.c.id, estimates.c.ticket_id, estimates.c.number)
    .where(estimates.c.id > RECORD_ID)
    .order_by(estimates.c.id)
    .limit(_LIMIT)
)
_key = tuple_(decisions.c.ticket_id, decisions.c.id)
_NEXT_DECISIONS = (
    select(decisions.c.id, decisions.c.ticket_id, decisions.c.digest)
    .where(_key > tuple_(bindparam("ticket_id", type_=BigInteger), RECORD_ID))
    .order_by(decisions.c.ticket_id, decisions.c.id)
    .limit(_LIMIT)
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


def altered_records(executor: Executor) -> Iterator[AlteredRecord]:
    """Yield every estimate and decision that was altered, reading a batch at a time."""
    yield from _altered_estimates(executor)
    yield from _altered_decisions(executor)


def _altered_estimates(executor: Executor) -> Iterator[AlteredRecord]:
    after = 0
    while rows := executor.all(_NEXT_ESTIMATES, {"record_id": after}):
        unchanged = _unchanged(executor, rows, read_estimates)
        for estimate_id, ticket_id, number in rows:
            if estimate_id not in unchanged:
                yield AlteredRecord(ticket_id, f"estimate {number}", is_changed=True)
        after = rows[-1][0]


def _altered_decisions(executor: Executor) -> Iterator[AlteredRecord]:
    """Yield decisions whose digest is wrong, or that name another than that of the one before."""
    key: dict[str, Any] = {"ticket_id": 0, "record_id": 0}
    digest: str | None = None
    while rows := executor.all(_NEXT_DECISIONS, key):
        unchanged = _unchanged(executor, rows, read_decisions)
        for decision_id, ticket_id, stored in rows:
            previous = digest if ticket_id == key["ticket_id"] else None
            is_changed = decision_id not in unchanged
            if is_changed or unchanged[decision_id].previous != previous:
                yield AlteredRecord(ticket_id, f"decision {decision_id}", is_changed)
            key, digest = {"ticket_id": ticket_id, "record_id": decision_id}, stored


def _unchanged(
    executor: Executor, rows: Sequence[Row], read: Callable[[Executor, Sequence[int]], Iterable[R]]
) -> dict[int, R]:
    """Return by id those records of *rows* that have the digest of their members.

    One that cannot be read spoils the answer for all: then each is read by itself.
    """
    try:
        found = list(read(executor, [row[0] for row in rows]))
        return {one.id: one for one in found if one.digested().digest == one.digest}
    except UNREADABLE:
        if len(rows) == 1:
            return {}
    return {
        record_id: one
        for row in rows
        for record_id, one in _unchanged(executor, [row], read).items()
    }
