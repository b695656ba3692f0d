"""Backups of SQLite, by its online backup: a copy page by page that writers may interrupt."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from mechanic_adapters.sql.migrations.version import newest

_WAIT_S: Final = 60.0
"""How long a backup or a restore waits for others."""

_LOCKED: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


def write(file: Path, target: Path) -> None:
    """Copy the database in *file* to *target*. Raises `ValueError`."""
    with _opened(file, "ro") as source:
        _must_be_a_shop(file, source)
        with _opened(target, "rw") as copy:
            _copy(source, copy, file)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, with no journal beside it


def read(source: Path, file: Path, *, replace: bool) -> None:
    """Copy the backup in *source* into the database in *file*. Raises `ValueError`.

    It is written in one transaction: whoever has the database open sees it before or after.
    """
    with _opened(source, "ro") as backup:
        found = _must_be_a_shop(source, backup)
        if found > newest():
            raise ValueError(f"{source} has schema {found}, and this version knows {newest()} only")
        if backup.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            raise ValueError(f"{source} is damaged")
        with _opened(file, "rwc") as target:
            if _tables_of(target) and not replace:
                raise ValueError(f"{file} is there already: --force replaces what it holds")
            _copy(backup, target, file)


@contextmanager
def _opened(file: Path, mode: str) -> Iterator[sqlite3.Connection]:
    """Open *file*. Raises `ValueError` for whatever SQLite has to complain of."""
    where = f"file:{quote(str(file))}?mode={mode}"
    try:
        with closing(sqlite3.connect(where, timeout=_WAIT_S, uri=True)) as connection:
            yield connection
    except sqlite3.Error as error:
        raise ValueError(f"{file}: {error}") from error


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, file: Path) -> None:
    """Copy every page at once; raise `ValueError` where others lock the shop's *file* too long.

    Python asks again for as long as it is told to wait, were it for ever.
    """
    until = time.monotonic() + _WAIT_S

    def must_not_wait_for_ever(status: int, *_: int) -> None:
        if status in _LOCKED and time.monotonic() > until:
            raise ValueError(f"{file} is locked by others, and has been for {_WAIT_S:g} seconds")

    for connection in (source, target):
        connection.execute("PRAGMA busy_timeout=0")  # else SQLite waits within each step
    source.backup(target, progress=must_not_wait_for_ever)


def _must_be_a_shop(file: Path, connection: sqlite3.Connection) -> str:
    """Return the version of the schema. Raises `ValueError` where there is none."""
    row = None
    if "alembic_version" in _tables_of(connection):
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if row is None:
        raise ValueError(f"{file} holds no shop")
    return str(row[0])


def _tables_of(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
