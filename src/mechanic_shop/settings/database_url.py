"""`DATABASE_URL`: the file or server that it names, and errors in the operator's words."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from mechanic_adapters.sql.engine.engines import database_url
from mechanic_adapters.sql.engine.outages import cause_of
from mechanic_core.errors import LostRace, Unavailable
from mechanic_shop.settings.variables import WrongSettings

_REASONS: Final = {
    "disk full": "has a full disk",
    "login refused": "refuses this user, this machine, or a connection without TLS",
    "missing rights": "refuses: the user lacks rights on the database, its schema or its tables",
    "no such database": "is missing: the server has no database of that name",
    "read only": "is read only",
    "slots full": "has no free connection",
    "TLS refused": "cannot be reached with this sslmode: TLS, or its absence, is refused",
    "wrong password": "refuses the password",
}
"""What a database does, by the reason of an outage."""


def sqlite_file(url: str) -> Path | None:
    """Return the file of an SQLite database; None for any other database."""
    if not url.startswith("sqlite:"):  # a password may contain what `urlsplit` refuses
        return None
    return Path(unquote(urlsplit(url).path[1:]))


@contextmanager
def translate_errors(url: str) -> Iterator[None]:
    """Translate errors of the database at *url* within this block into one clear sentence.

    Raises `WrongSettings` if there can be no database at *url*, and `Unavailable`.
    """
    require_folder(url)
    try:
        yield
    except LostRace:
        raise
    except (Unavailable, sqlite3.Error) as error:
        cause = error.__cause__ or error
        driver_error = getattr(cause, "orig", cause)
        # Opening and closing the file to look at it would drop SQLite's locks on it.
        if getattr(driver_error, "sqlite_errorname", "") == "SQLITE_NOTADB":
            text = f"DATABASE_URL: {sqlite_file(url)} is not an SQLite database"
            raise WrongSettings(text) from None
        raise Unavailable(describe_failure(url, driver_error)) from error


def require_folder(url: str) -> None:
    """Raise `WrongSettings` for no URL, and an SQLite file without a folder, or itself one."""
    if not url:
        raise WrongSettings("DATABASE_URL is required in production")
    file = sqlite_file(url)
    try:
        problem = _problem_with(file) if file else None
    except (OSError, ValueError) as error:
        problem = str(error)
    if problem:
        raise WrongSettings(f"DATABASE_URL: {problem}")


def _problem_with(file: Path) -> str | None:
    if not file.parent.is_dir():
        return f"the folder {file.parent} does not exist"
    return f"{file} is a folder" if file.is_dir() else None


def describe_failure(url: str, error: BaseException) -> str:
    """Return a sentence about a driver's *error*, without user name or password."""
    if file := sqlite_file(url):
        return f"DATABASE_URL: {file}: {error}"
    place = database_url(url)
    host = place.host or place.query.get("host") or "localhost"
    cause = cause_of(error)
    # PostgreSQL marks a refused connection as FATAL, in a sentence that names the user.
    is_refused = "FATAL: " in str(error)
    reason = _REASONS.get(cause.reason) or (
        "refuses the connection" if is_refused else "does not answer"
    )
    code = f" ({cause.code})" if cause.code else ""
    return f"DATABASE_URL: the database at {host}:{place.port or 5432} {reason}{code}"
