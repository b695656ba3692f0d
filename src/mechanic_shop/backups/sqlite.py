"""Backups of SQLite with its online backup API, which lets other connections write."""

import secrets
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from mechanic_adapters.sql.engine.sqlite.file import create_file
from mechanic_adapters.sql.migrations.version import VERSION_TABLES, is_newer, is_ours, newest
from mechanic_shop.backups import epoch

_WAIT_S: Final = 60.0
"""How long a backup or restore waits for locks of other processes."""

_LOCKED: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


def write(file: Path, target: Path) -> None:
    """Copy the database in *file* to *target*. Raises `ValueError`."""
    with _open(file, "ro") as source:
        _require_schema(file, source)
        with _open(target, "rw") as copy:
            _copy(source, copy, file)
            copy.execute("PRAGMA journal_mode=DELETE")  # a single file, without a WAL


def read(source: Path, file: Path, *, replace: bool) -> None:
    """Copy the backup in *source* into the database in *file*. Raises `ValueError`.

    It is written in one transaction: other connections see the old or the new state. The new one
    has no sessions, no events and a new epoch, and none of its next ids was ever used by the old
    one.
    """
    with _open(source, "ro") as backup:
        found = _require_schema(source, backup)
        if is_newer(found):
            raise ValueError(f"{source} has schema {found}; this version supports up to {newest()}")
        if backup.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            raise ValueError(f"{source} is damaged")
        create_file(file)
        with _open(file, "rw") as target:
            if _tables(target) and not replace:
                raise ValueError(f"{file} already exists: use --force to replace its data")
            with _temporary_copy(backup, file) as copy:
                _begin_epoch(copy, _last_ids(target))
                _skip_positions(copy, _last_position(target))
                _copy(copy, target, file)


def _last_ids(connection: sqlite3.Connection) -> dict[str, int]:
    """Return the last id of each table that never gives one again."""
    if "sqlite_sequence" not in _tables(connection):
        return {}
    return dict(connection.execute("SELECT name, seq FROM sqlite_sequence"))


def _begin_epoch(connection: sqlite3.Connection, used: Mapping[str, int]) -> None:
    """Delete sessions and events, write a new epoch, and go on above the ids that were *used*."""
    tables = _tables(connection)
    for table in epoch.EMPTIED:
        if table in tables:
            connection.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
    if epoch.TABLE in tables:  # else the migration that creates it begins an epoch
        connection.execute(f"UPDATE {epoch.TABLE} SET value = ?", (epoch.new_value(),))  # noqa: S608 - as above
    ids = _last_ids(connection)
    above = {table: max(last, ids.get(table, 0)) for table, last in used.items()}
    connection.execute("DELETE FROM sqlite_sequence")
    connection.executemany("INSERT INTO sqlite_sequence VALUES (?, ?)", (ids | above).items())
    connection.commit()


def _last_position(connection: sqlite3.Connection) -> int:
    """Return the position of the last event."""
    if epoch.POSITION_TABLE not in _tables(connection):
        return 0
    (last,) = connection.execute("SELECT last FROM event_positions").fetchone()
    return int(last)


def _skip_positions(connection: sqlite3.Connection, used: int) -> None:
    """Let positions go on far above those of both databases."""
    if epoch.POSITION_TABLE in _tables(connection):
        values = (used, epoch.SKIPPED_POSITIONS)
        connection.execute("UPDATE event_positions SET last = max(last, ?) + ?", values)
        connection.commit()


@contextmanager
def _temporary_copy(source: sqlite3.Connection, file: Path) -> Iterator[sqlite3.Connection]:
    """Yield a copy of *source* in a file beside *file*, which is deleted in the end."""
    place = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    create_file(place)
    try:
        with _open(place, "rw") as copy:
            copy.execute("PRAGMA synchronous=OFF")
            _copy(source, copy, place)
            copy.execute("PRAGMA journal_mode=DELETE")
            yield copy
    finally:
        place.unlink(missing_ok=True)


@contextmanager
def _open(file: Path, mode: str) -> Iterator[sqlite3.Connection]:
    """Open *file*; raise `ValueError` for any SQLite error."""
    uri = f"file:{quote(str(file))}?mode={mode}"
    try:
        with closing(sqlite3.connect(uri, timeout=_WAIT_S, uri=True)) as connection:
            yield connection
    except sqlite3.Error as error:
        raise ValueError(f"{file}: {error}") from error


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, file: Path) -> None:
    """Copy all pages; raise `ValueError` if *file* stays locked by others for too long.

    Python's `backup` retries a locked database without end, so the progress callback stops it.
    """
    deadline = time.monotonic() + _WAIT_S

    def check_deadline(status: int, *_: int) -> None:
        if status in _LOCKED and time.monotonic() > deadline:
            raise ValueError(f"{file} has been locked by another process for {_WAIT_S:g} seconds")

    for connection in (source, target):
        connection.execute("PRAGMA busy_timeout=0")  # or SQLite would wait within each step
    source.backup(target, progress=check_deadline)


def _require_schema(file: Path, connection: sqlite3.Connection) -> str:
    """Return the version of the schema; raise `ValueError` if there is none."""
    tables = _tables(connection)
    for table in VERSION_TABLES:
        if table not in tables:
            continue
        found = connection.execute(f"SELECT version_num FROM {table}").fetchall()  # noqa: S608 - our own names
        if len(found) == 1 and is_ours(found[0][0]):
            return str(found[0][0])
    raise ValueError(f"{file} does not contain a shop")


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
