"""Stored answers in memory."""

from collections.abc import Callable
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
        self._delete(lambda answer: customer_id in answer.about)

    def reassign(self, former: CustomerId, owner: CustomerId) -> None:
        table = self._tables[STORED_ANSWERS]
        for answer in [one for one in table.all() if former in one.about]:
            table.put(answer.key, evolve(answer, about=answer.about | {owner}))

    def sweep(self, before: datetime, limit: int) -> int:
        return self._delete(lambda answer: answer.at < before, limit)

    def _delete(self, matches: Callable[[StoredAnswer], bool], limit: int | None = None) -> int:
        answers = filter(matches, self._tables[STORED_ANSWERS].all())
        keys = [answer.key for answer in sorted(answers, key=lambda answer: answer.at)[:limit]]
        for key in keys:
            self._tables[STORED_ANSWERS].delete(key)
        return len(keys)
