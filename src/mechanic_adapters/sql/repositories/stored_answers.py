"""StoredAnswers in SQL."""

import hashlib
from datetime import datetime
from typing import Final, final

from attrs import frozen
from sqlalchemy import (
    BigInteger,
    Column,
    LargeBinary,
    SmallInteger,
    Table,
    bindparam,
    func,
    or_,
    select,
)
from sqlalchemy import delete as delete_from
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT suits SQLite too

from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.rows import columns_of, maker, values_of
from mechanic_adapters.sql.engine.sql_functions import holds
from mechanic_adapters.sql.queries.prefix_search import begins, bounds
from mechanic_adapters.sql.schema.column_types import MOMENT
from mechanic_adapters.sql.schema.columns import key, moment, text
from mechanic_adapters.sql.schema.tables import METADATA
from mechanic_core.customers.customer import CustomerId
from mechanic_core.idempotency import FirstStillRunning, StoredAnswer, StoredAnswers, Traces

receipts = Table(
    "receipts",
    METADATA,
    key("key", primary_key=True),
    text("fingerprint"),
    Column("status", SmallInteger, nullable=False),
    text("headers"),
    Column("body", LargeBinary),
    moment("at", index=True),
)


_NOUN: Final = "receipts"
_make_receipt = maker(StoredAnswer)
_SINCE = bindparam("since", type_=MOMENT)
_CLAIM = select(func.pg_try_advisory_xact_lock(bindparam("claim", type_=BigInteger)))
_FIND = select(*columns_of(receipts, StoredAnswer)).where(
    receipts.c.key == bindparam("the_key", type_=receipts.c.key.type), receipts.c.at >= _SINCE
)
_given = insert(receipts).values({c.name: bindparam(c.name, type_=c.type) for c in receipts.c})
_KEEP = _given.on_conflict_do_update(
    index_elements=[receipts.c.key],
    set_={c.name: _given.excluded[c.name] for c in receipts.c if c.name != "key"},
)
_FORGET = delete_from(receipts).where(
    or_(
        begins(receipts.c.key),
        holds(receipts.c.headers, "place"),
        holds(receipts.c.body, "member"),
    )
)
_SWEEP = delete_from(receipts).where(receipts.c.at < _SINCE)


@final
@frozen
class SqlStoredAnswers(StoredAnswers):
    """Every receipt that is still good."""

    _executor: Executor

    def claim(self, key: str, since: datetime) -> StoredAnswer | None:
        """Return the receipt; on PostgreSQL whoever comes second is refused while the first runs.

        On SQLite they have waited for the first already: one transaction writes at a time.
        """
        if self._executor.database.is_postgres:
            row = self._executor.first(_CLAIM, {"claim": _number_of(key)})
            if not (row and row[0]):
                raise FirstStillRunning
        found = self._executor.first(_FIND, {"the_key": key, "since": since})
        return _make_receipt(found) if found else None

    def keep(self, receipt: StoredAnswer) -> None:
        """Keep the receipt."""
        self._executor.write(_NOUN, _KEEP, values_of(receipt))

    def forget(self, customer_id: CustomerId) -> None:
        """Drop those that tell of the customer: one look through what a day leaves behind.

        An index would have to be kept by every request, for what is asked once in a while.
        """
        traces = Traces.of(customer_id)
        found = {"place": traces.place, "member": traces.member}
        self._executor.write(_NOUN, _FORGET, bounds(traces.sender) | found)

    def sweep(self, before: datetime) -> int:
        """Drop the old ones."""
        return self._executor.write(_NOUN, _SWEEP, {"since": before})


def _number_of(key: str) -> int:
    """Return the number of an advisory lock: 64 bits of the key's digest."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], signed=True)
