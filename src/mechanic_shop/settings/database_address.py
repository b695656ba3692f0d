"""Reaching the database that `DATABASE_URL` names, and what to say where that fails."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mechanic_adapters.sql.engine.engines import located
from mechanic_core.errors import LostRace, Unavailable
from mechanic_shop.settings.secret_file import sqlite_file
from mechanic_shop.settings.variables import WrongSettings


@contextmanager
def reached(url: str) -> Iterator[None]:
    """Have it told, where the database at *url* fails in this block, which one and how.

    Raises `WrongSettings` where none can be there, and `Unavailable`.
    """
    must_have_room(url)
    try:
        yield
    except LostRace:
        raise
    except (Unavailable, sqlite3.Error) as error:
        cause = error.__cause__ or error
        driver = getattr(cause, "orig", cause)
        # SQLite is asked, not the file: to close that would end the locks of all connections.
        if getattr(driver, "sqlite_errorname", "") == "SQLITE_NOTADB":
            raise WrongSettings(f"DATABASE_URL: {sqlite_file(url)} is no SQLite database") from None
        raise Unavailable(failure(url, driver)) from error


def must_have_room(url: str) -> None:
    """Raise `WrongSettings` where *url* is a file of SQLite's in a place where none can be."""
    file = sqlite_file(url)
    try:
        wrong = _wrong_with(file) if file else None
    except (OSError, ValueError) as error:
        wrong = str(error)
    if wrong:
        raise WrongSettings(f"DATABASE_URL: {wrong}")


def _wrong_with(file: Path) -> str | None:
    if not file.parent.is_dir():
        return f"there is no folder {file.parent}"
    return f"{file} is a folder" if file.is_dir() else None


def failure(url: str, error: BaseException) -> str:
    """Return what to say of the database after an *error* of its driver: no user, no password."""
    if file := sqlite_file(url):
        return f"DATABASE_URL: {file}: {error}"
    place = located(url)
    host = place.host or place.query.get("host") or "localhost"
    # The server's own word for a refusal; the sentence after it names the user.
    does = "does not let the shop in" if "FATAL: " in str(error) else "does not answer"
    return f"DATABASE_URL: the database at {host}:{place.port or 5432} {does}"
