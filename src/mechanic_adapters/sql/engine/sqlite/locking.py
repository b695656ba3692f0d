"""SQLite's locks: write-ahead logging, so that readers never wait, and one writer at a time."""

import sqlite3
import time
from typing import Final

BEGIN: Final = "BEGIN IMMEDIATE"
"""Takes the write lock at once: a transaction that first reads could not get it later."""

_PAUSE_S: Final = 0.01


def enable_wal(connection: sqlite3.Connection, timeout: float) -> None:
    """Switch the file to write-ahead logging (WAL), unless it is; the file remembers it.

    While two connections switch at once, SQLite answers "locked" without waiting, whatever its
    busy timeout. So retry for *timeout* seconds.

    Raises `sqlite3.OperationalError`.
    """
    until = time.monotonic() + timeout
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(_PAUSE_S)
        else:
            return
