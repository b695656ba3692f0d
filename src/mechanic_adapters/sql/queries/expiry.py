"""Deletion of rows that have expired, a few at a time."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Delete, bindparam, delete, select

from mechanic_adapters.sql.engine.column_types import MOMENT


def delete_oldest(key: Column[Any], at: Column[datetime] | Column[datetime | None]) -> Delete:
    """Return the deletion of the rows whose moment *at* is before the parameter *before*.

    It deletes the oldest of them, as many as the parameter *limit*. On PostgreSQL it skips rows
    that other transactions have locked: they sweep too.
    """
    table: Any = key.table
    expired = (
        select(key.label("key"))
        .where(at < bindparam("before", type_=MOMENT))
        .order_by(at)
        .limit(bindparam("limit", type_=BigInteger))
        .with_for_update(skip_locked=True)
        .cte("expired", nesting=True)  # sqlite3 counts no rows of a statement that begins WITH
    )
    return delete(table).where(key.in_(select(expired.c.key)))
