"""SQLite's write-ahead log, with which nobody who reads waits for somebody who writes."""

import sqlite3
import time
from typing import Final

_PAUSE_S: Final = 0.01


def write_ahead(connection: sqlite3.Connection, patience: float) -> None:
    """Switch the file to the log, where it has none yet; the file remembers it.

    Two that switch at once would each wait for the other: SQLite tells one of them "locked" at
    once, whatever its timeout. That one asks again, for *patience* seconds.

    Raises `sqlite3.OperationalError`.
    """
    until = time.monotonic() + patience
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(_PAUSE_S)
        else:
            return
