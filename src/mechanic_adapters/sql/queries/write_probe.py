"""A write that is never committed: it fails where the writes of requests would."""

from typing import Final

from sqlalchemy import func, select, text

from mechanic_adapters.sql.engine.outages import READ_ONLY, Cause
from mechanic_adapters.sql.engine.transaction import Transaction

_LITTLE_MEMORY: Final = text("SET LOCAL work_mem = '64kB'")
_SPILL: Final = select(
    func.current_setting("transaction_read_only"),
    select(func.count())
    .select_from(func.generate_series(1, 8192).table_valued("number"))
    .scalar_subquery(),
)
"""Writes 112 KiB to a temporary file beside the tables: unlike a row it leaves nothing to vacuum."""

_SMALL_CACHE, _USUAL_CACHE = text("PRAGMA cache_size=8"), text("PRAGMA cache_size=-2000")
_INSERT: Final = text(
    "INSERT INTO stored_answers (key, fingerprint, content, at)"
    " VALUES ('', '', zeroblob(65536), '')"
)
"""Does not fit into a small cache, so that SQLite writes to the disk before the commit."""


def probe_write(transaction: Transaction) -> Cause | None:
    """Use the disk in *transaction*, to be rolled back; return why no write would succeed.

    Raises `Unavailable` for any other reason than a read-only server, which lets the probe pass.
    """
    if transaction.database.is_postgres:
        transaction.run(_LITTLE_MEMORY)
        row = transaction.first(_SPILL)
        return READ_ONLY if row and row[0] == "on" else None
    transaction.run(_SMALL_CACHE)
    transaction.run(_INSERT)
    transaction.run(_USUAL_CACHE)
    return None
