"""Folding: rows that writers have inserted into counters become one row for each counter.

On PostgreSQL writers only insert changes. An update of a counter would make them wait for each
other, and be slower with each earlier one while a transaction with an old snapshot is open. A fold
deletes the changes that it sees and adds their sums in one statement, so that every snapshot has
each change once. On SQLite, which has one writer at a time, triggers fold each change at once.
"""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Insert, text

from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.postgres.advisory_locks import LOCK, TRY_LOCK
from mechanic_adapters.sql.engine.transaction import Transaction

NO_TIMEOUT: Final = text("SET LOCAL statement_timeout = 0")

_LOCK_OF_FOLDS: Final = {"number": 0x6D656368666F6C64}
"""The advisory lock: "mechfold" in ASCII."""


def fold(transaction: Transaction, folds: Iterable[Insert]) -> None:
    """Run *folds*, unless another transaction does."""
    row = transaction.first(TRY_LOCK, _LOCK_OF_FOLDS)
    if row and row[0]:
        transaction.run(NO_TIMEOUT)
        with transaction.without_deadline():
            for statement in folds:
                transaction.run(statement)


def exclude_folds(executor: Executor) -> None:
    """Wait for a running fold, and let none run until the transaction ends."""
    if executor.database.is_postgres:
        executor.first(LOCK, _LOCK_OF_FOLDS)
