"""Copy a whole shop into an empty database, also one of the other system.

Tables are those of the metadata. What a restore leaves out, a copy leaves out too: sessions and
events; it begins a new epoch.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from attrs import frozen
from sqlalchemy import URL, Connection, Engine, Table, func, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from mechanic_adapters.sql.engine.engines import (
    database_url,
    postgres_engine,
    sqlite_read_engine,
    sqlite_write_engine,
)
from mechanic_adapters.sql.migrations import runner
from mechanic_adapters.sql.schema.accounts import epochs
from mechanic_adapters.sql.schema.events import event_positions
from mechanic_adapters.sql.schema.metadata import METADATA
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.errors import Refused
from mechanic_shop.backups import epoch
from mechanic_shop.backups.backup import BackupRefused
from mechanic_shop.backups.copy_ends import CopyEnd, end_of, generated_columns
from mechanic_shop.observability.agreement import CHECKED, disagreements
from mechanic_shop.settings.database_url import describe_failure

_ROWS_AT_ONCE: Final = 1000


@frozen
class Copied:
    """How many rows of how many tables were copied."""

    rows: int
    tables: int


def copy_shop(source: str, target: str) -> Copied:
    """Copy the shop at the URL *source* to *target*, completely or not at all, and check it there.

    Both have the newest schema. Raises `BackupRefused`, also if the target has data.
    """
    with _reading(source) as old, _writing(target) as new:
        copied = _copy(old, new)
    _check(target)
    return copied


def _copy(old: Connection, new: Connection) -> Copied:
    """Copy all rows in the transactions of both connections. Raises `BackupRefused`."""
    before, after = end_of(old), end_of(new)
    before.begin()
    after.begin()
    after.disable_triggers()  # from here on nobody else writes
    if found := _surplus(_count(new)):
        raise BackupRefused(f"the database of --to has data already, in {', '.join(found)}")
    for table in reversed(METADATA.sorted_tables):
        new.execute(table.delete())  # what the migrations have written
    copied = [table for table in METADATA.sorted_tables if table.name not in epoch.EMPTIED]
    for table in copied:
        _copy_rows(table, old, new)
    rows = _count(old)
    if {**rows, **dict.fromkeys(epoch.EMPTIED, 0)} != _count(new):
        raise BackupRefused("the number of rows differs in the copy")
    new.execute(update(epochs).values(value=epoch.new_value()))
    last = event_positions.c.last
    new.execute(update(event_positions).values(last=last + epoch.SKIPPED_POSITIONS))
    _raise_numbers(before, after)
    after.enable_triggers()
    return Copied(sum(rows[table.name] for table in copied), len(copied))


def _copy_rows(table: Table, old: Connection, new: Connection) -> None:
    ordered = select(table).order_by(*table.primary_key.columns)
    result = old.execution_options(yield_per=_ROWS_AT_ONCE).execute(ordered)
    for rows in result.mappings().partitions():
        new.execute(insert(table), [dict(row) for row in rows])


def _raise_numbers(before: CopyEnd, after: CopyEnd) -> None:
    """Let each generated number be above every one that either database has given."""
    for table, column in generated_columns():
        if last := max(before.last(table, column), after.last(table, column)):
            after.go_on_after(table, column, last)


def _count(connection: Connection) -> Mapping[str, int]:
    """Return the number of rows in each table."""
    return {
        table.name: connection.scalar(select(func.count()).select_from(table)) or 0
        for table in METADATA.sorted_tables
    }


def _surplus(counts: Mapping[str, int]) -> list[str]:
    """Return the tables with more rows than a new database has in them."""
    with TemporaryDirectory(prefix="mechanic-shop-") as folder:
        url = f"sqlite:///{Path(folder) / 'new.db'}"
        runner.upgrade(url)
        with _reading(url) as connection:
            new = _count(connection)
    return [table for table, number in counts.items() if number > new[table]]


def _check(url: str) -> None:
    """Raise `BackupRefused` if something at *url* is not what it must be."""
    with closing(SqlStore.open(url)) as store:
        wrong = sum(1 for _ in disagreements(store))
    if wrong:
        raise BackupRefused(
            f"all was copied, and {wrong} {CHECKED} are wrong, as they were: "
            "see mechanic-shop check"
        )


@contextmanager
def _reading(url: str) -> Iterator[Connection]:
    """Yield a connection that sees one state of the database."""
    place = database_url(url)
    isolation = "AUTOCOMMIT" if place.get_backend_name() == "sqlite" else "REPEATABLE READ"
    with _translate_errors(url), _connected(place, read_only=True) as connection:
        yield connection.execution_options(isolation_level=isolation, postgresql_readonly=True)


@contextmanager
def _writing(url: str) -> Iterator[Connection]:
    """Yield a connection whose changes are committed at the end of the block."""
    place = database_url(url)
    with _translate_errors(url), _connected(place, read_only=False) as connection:
        if place.get_backend_name() == "postgresql":
            connection.execution_options(isolation_level="READ COMMITTED")
        yield connection
        connection.commit()


@contextmanager
def _connected(place: URL, *, read_only: bool) -> Iterator[Connection]:
    engine = _engine(place, read_only=read_only)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _engine(place: URL, *, read_only: bool) -> Engine:
    if place.get_backend_name() == "postgresql":
        return postgres_engine(place, prepares=False)
    return sqlite_read_engine(place) if read_only else sqlite_write_engine(place)


@contextmanager
def _translate_errors(url: str) -> Iterator[None]:
    """Raise `BackupRefused` for an error of the database at *url* in this block."""
    try:
        yield
    except Refused:
        raise
    except (SQLAlchemyError, ValueError) as error:
        cause = getattr(error, "orig", None) or error
        state = getattr(cause, "sqlstate", None)  # without one there is no connection
        first, *_ = str(cause).splitlines()  # others quote the row
        raise BackupRefused(first if state else describe_failure(url, cause)) from error
