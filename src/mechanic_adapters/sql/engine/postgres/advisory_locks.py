"""Advisory locks of PostgreSQL: locks of names instead of rows.

They end with their transaction. One of a session would stay behind in it, and a pooler in
transaction mode gives the session to others.
"""

import hashlib
from typing import Final

from sqlalchemy import BigInteger, bindparam, func, select

_NUMBER: Final = bindparam("number", type_=BigInteger)

LOCK: Final = select(func.pg_advisory_xact_lock(_NUMBER))
"""Waits for the lock of the parameter *number*."""

TRY_LOCK: Final = select(func.pg_try_advisory_xact_lock(_NUMBER))
"""Selects whether the lock of the parameter *number* was free, and takes it then."""


def lock_number(name: str) -> int:
    """Return the number of the lock of *name*: 64 bits of a digest."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
