"""Folding: rows that writers have inserted into counters become one row for each counter.

On PostgreSQL writers only insert changes. An update of a counter would make them wait for each
other, and be slower with each earlier one while a transaction with an old snapshot is open. A fold
deletes the changes that it sees and adds their sums in one statement, so that every snapshot has
each change once. On SQLite, which has one writer at a time, triggers fold each change at once.
"""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import BigInteger, Insert, func, literal, select, text

from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.transaction import Transaction

NO_TIMEOUT: Final = text("SET LOCAL statement_timeout = 0")

_KEY: Final = literal(0x6D656368666F6C64, BigInteger)
"""The key of PostgreSQL's advisory lock: "mechfold" in ASCII."""

_TRY_LOCK: Final = select(func.pg_try_advisory_xact_lock(_KEY))
_LOCK: Final = select(func.pg_advisory_xact_lock(_KEY))


def fold(transaction: Transaction, folds: Iterable[Insert]) -> None:
    """Run *folds*, unless another transaction does."""
    row = transaction.first(_TRY_LOCK)
    if row and row[0]:
        transaction.run(NO_TIMEOUT)
        with transaction.without_deadline():
            for statement in folds:
                transaction.run(statement)


def exclude_folds(executor: Executor) -> None:
    """Wait for a running fold, and let none run until the transaction ends."""
    if executor.database.is_postgres:
        executor.first(_LOCK)
