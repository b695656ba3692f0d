"""Records that have the digest of their members, for the check of a database."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeVar

from sqlalchemy import ColumnElement, Integer, literal_column

from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.record_text import UNREADABLE
from mechanic_core.estimates.decision import Decision
from mechanic_core.estimates.estimate import Estimate
from mechanic_core.invoices.credit_note import CreditNote
from mechanic_core.invoices.invoice import Invoice

R = TypeVar("R", Estimate, Decision, Invoice, CreditNote)

BATCH: Final = 200
"""How many records, or tickets, are read at a time."""

LIMIT: Final[ColumnElement[int]] = literal_column(str(BATCH), Integer)


def unchanged_records(
    executor: Executor, ids: Sequence[int], read: Callable[[Executor, Sequence[int]], Iterable[R]]
) -> Mapping[int, R]:
    """Return by id those records of *ids* that have the digest of their members.

    One that cannot be read spoils the answer for all: then each is read by itself.
    """
    try:
        return {one.id: one for one in read(executor, ids) if one.has_own_digest}
    except UNREADABLE:
        if len(ids) == 1:
            return {}
    return {
        record_id: one
        for each in ids
        for record_id, one in unchanged_records(executor, [each], read).items()
    }
