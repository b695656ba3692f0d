"""Stored answers in memory."""

from datetime import datetime
from typing import Final, final

from attrs import evolve, frozen

from mechanic_adapters.memory.tables import TableName, Tables
from mechanic_core.customers.customer import CustomerId
from mechanic_core.idempotency import StoredAnswer, StoredAnswers

STORED_ANSWERS: Final = TableName[str, StoredAnswer]("stored_answers", "stored_answers")


@final
@frozen
class MemoryStoredAnswers(StoredAnswers):
    """All stored answers. Transactions are serial, so a claim never conflicts."""

    _tables: Tables

    def claim(self, key: str, since: datetime) -> StoredAnswer | None:
        stored = self._tables[STORED_ANSWERS].get(key)
        if stored is None or stored.at >= since:
            return stored
        self._tables[STORED_ANSWERS].delete(key)
        return None

    def add(self, answer: StoredAnswer) -> None:
        self._tables[STORED_ANSWERS].put(answer.key, answer)

    def forget(self, customer_id: CustomerId) -> None:
        table = self._tables[STORED_ANSWERS]
        for answer in [one for one in table.all() if customer_id in one.about]:
            table.put(answer.key, answer.erase())

    def reassign(self, former: CustomerId, owner: CustomerId) -> None:
        table = self._tables[STORED_ANSWERS]
        for answer in [one for one in table.all() if former in one.about]:
            table.put(answer.key, evolve(answer, about=answer.about | {owner}))

    def sweep(self, before: datetime, limit: int) -> int:
        table = self._tables[STORED_ANSWERS]
        old = sorted((one for one in table.all() if one.at < before), key=lambda one: one.at)
        swept = old[:limit]
        for answer in swept:
            table.delete(answer.key)
        return len(swept)
