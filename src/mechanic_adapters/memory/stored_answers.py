"""StoredAnswers in memory."""

from collections.abc import Callable
from datetime import datetime
from typing import final

from attrs import frozen

from mechanic_adapters.memory.tables import Tables
from mechanic_core.customers.customer import CustomerId
from mechanic_core.idempotency import StoredAnswer, StoredAnswers, Traces


@final
@frozen
class MemoryStoredAnswers(StoredAnswers):
    """Every receipt that is still good."""

    _tables: Tables

    def claim(self, key: str, since: datetime) -> StoredAnswer | None:
        """Return the receipt; transactions are serial, so whoever asks has waited."""
        kept = self._tables.stored_answers.get(key)
        return kept if kept and kept.at >= since else None

    def keep(self, receipt: StoredAnswer) -> None:
        """Keep the receipt."""
        self._tables.stored_answers.put(receipt.key, receipt)

    def forget(self, customer_id: CustomerId) -> None:
        """Drop those that tell of the customer."""
        self._drop(Traces.of(customer_id).are_in)

    def sweep(self, before: datetime) -> int:
        """Drop the old ones."""
        return self._drop(lambda kept: kept.at < before)

    def _drop(self, unwanted: Callable[[StoredAnswer], bool]) -> int:
        keys = [kept.key for kept in self._tables.stored_answers.all() if unwanted(kept)]
        for key in keys:
            self._tables.stored_answers.drop(key)
        return len(keys)
