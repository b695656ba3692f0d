"""Receipts in memory."""

from datetime import datetime
from typing import final

from attrs import frozen

from mechanic_adapters.memory.tables import Tables
from mechanic_core.receipts import Receipt, Receipts


@final
@frozen
class MemoryReceipts(Receipts):
    """Every receipt that is still good."""

    _tables: Tables

    def claim(self, key: str, since: datetime) -> Receipt | None:
        """Return the receipt; transactions are serial, so whoever asks has waited."""
        kept = self._tables.receipts.get(key)
        return kept if kept and kept.at >= since else None

    def keep(self, receipt: Receipt) -> None:
        """Keep the receipt."""
        self._tables.receipts.put(receipt.key, receipt)

    def sweep(self, before: datetime) -> int:
        """Drop the old ones."""
        old = [kept.key for kept in self._tables.receipts.all() if kept.at < before]
        for key in old:
            self._tables.receipts.drop(key)
        return len(old)
