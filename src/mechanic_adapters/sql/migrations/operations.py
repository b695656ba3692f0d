"""What migrations do in transactions of their own, so that nobody waits for them.

On PostgreSQL each function here commits what the migration has done so far. A migration that calls
one can be interrupted there, and must then be able to begin again. On SQLite, which has one writer
at a time, everything is one transaction.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from alembic import context, op

from mechanic_adapters.sql.migrations.lock_retries import LockRetries, limit_transaction

T = TypeVar("T")

_BATCH: Final = 500
"""How many rows are changed in one transaction."""


def is_postgres() -> bool:
    """Return whether the migration runs on PostgreSQL."""
    return op.get_context().dialect.name == "postgresql"


def separately(step: Callable[[], T]) -> T:
    """Return what *step* returns, run in a transaction of its own; tried again for its locks."""
    if not is_postgres():
        return step()
    with op.get_context().autocommit_block():
        driver: Any = op.get_bind().connection.driver_connection

        def attempt() -> T:
            with driver.transaction():
                limit_transaction(op.get_bind())
                return step()

        return _retries().run(attempt)


def repeatedly(batch: Callable[[], int]) -> None:
    """Run *batch* in transactions of its own until it returns 0."""
    while separately(batch):
        pass


def in_batches(table: str, key: str, first: int | str, *statements: str) -> None:
    """Run *statements* for all rows of *table*, some hundred at a time.

    Args:
        table: The table whose rows are counted off.
        key: Its primary key.
        first: A value below all keys.
        statements: SQL that is limited to ``key > :after AND key <= :upto``.
    """
    upto: Any = first
    while upto is not None:
        upto = separately(partial(_run_batch, table, key, upto, statements))


def create_index(
    name: str,
    table: str,
    columns: Sequence[str],
    where: str | None = None,
    *,
    unique: bool = False,
) -> None:
    """Create an index, on PostgreSQL while others write.

    An invalid one that an interrupted try has left is dropped first; a valid one is good.
    """
    text = f"{name} ON {table} ({', '.join(columns)})" + (f" WHERE {where}" if where else "")
    kind = "UNIQUE INDEX" if unique else "INDEX"
    if not is_postgres():
        op.execute(f"CREATE {kind} {text}")
        return
    with op.get_context().autocommit_block():
        _retries().run(partial(_create_concurrently, name, kind, text))


def drop_index(name: str) -> None:
    """Drop an index if it exists, on PostgreSQL while others read and write."""
    if not is_postgres():
        op.execute(f"DROP INDEX IF EXISTS {name}")
        return
    with op.get_context().autocommit_block():
        statement = f"DROP INDEX CONCURRENTLY IF EXISTS {name}"
        _retries().run(lambda: op.get_bind().exec_driver_sql(statement))


def _create_concurrently(name: str, kind: str, text: str) -> None:
    bind = op.get_bind()
    is_valid = sa.text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)")
    found = bind.scalar(is_valid, {"name": name})
    if found is False:
        bind.exec_driver_sql(f"DROP INDEX CONCURRENTLY {name}")
    if not found:
        bind.exec_driver_sql(f"CREATE {kind} CONCURRENTLY {text}")


def _run_batch(table: str, key: str, after: Any, statements: Sequence[str]) -> Any:
    """Run *statements* for the rows above *after*; return the last key, None if there are none."""
    bind = op.get_bind()
    keys = f"SELECT {key} AS key FROM {table} WHERE {key} > :after ORDER BY {key} LIMIT {_BATCH}"  # noqa: S608 - our own names
    upto = bind.scalar(sa.text(f"SELECT max(key) FROM ({keys}) AS batch"), {"after": after})  # noqa: S608 - as above
    if upto is not None:
        for statement in statements:
            bind.execute(sa.text(statement), {"after": after, "upto": upto})
    return upto


def _retries() -> LockRetries:
    retries: LockRetries = context.config.attributes["retries"]
    return retries
