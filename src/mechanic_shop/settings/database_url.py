"""`DATABASE_URL`: the file or server that it names, and errors in the operator's words."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from mechanic_adapters.sql.engine.engines import database_url, schema_name
from mechanic_adapters.sql.engine.postgres.connection_failures import connection_failure
from mechanic_adapters.sql.engine.postgres.server_places import places
from mechanic_adapters.sql.engine.postgres.session_settings import SessionUnfit
from mechanic_core.errors import LostRace, OutcomeUnknown, Unavailable
from mechanic_shop.settings.variables import WrongSettings


class DatabaseUnusable(Unavailable):
    """The database cannot be used; the detail says where and why."""


class DatabaseAway(DatabaseUnusable):
    """The database does not answer now, and may do so later."""


def sqlite_file(url: str) -> Path | None:
    """Return the file of an SQLite database; None for any other database."""
    if not url.startswith("sqlite:"):  # a password may contain what `urlsplit` refuses
        return None
    return Path(unquote(urlsplit(url).path[1:]))


def name_of_place(url: str) -> str:
    """Return what *url* names: a file, or a database and its servers, without a password."""
    if file := sqlite_file(url):
        return str(file)
    place = database_url(url)
    schema = f"schema {schema} of " if (schema := schema_name(place)) else ""
    return f"{schema}the database {place.database} at {', '.join(places(place))}"


def is_same_place(one: str, other: str) -> bool:
    """Return whether both URLs name the same database, by the same host where it is a server."""
    first, second = sqlite_file(one), sqlite_file(other)
    if first and second:
        return first.resolve() == second.resolve()
    return not (first or second) and name_of_place(one) == name_of_place(other)


@contextmanager
def translate_errors(url: str) -> Iterator[None]:
    """Translate errors of the database at *url* within this block into one clear sentence.

    Raises `WrongSettings` if there can be no database at *url*, `DatabaseAway` if it may answer
    later, and `DatabaseUnusable`.
    """
    require_folder(url)
    try:
        yield
    except (LostRace, OutcomeUnknown, DatabaseUnusable):  # these say it themselves
        raise
    except SessionUnfit as unfit:
        raise WrongSettings(f"DATABASE_URL: {unfit.reason}") from unfit
    except (Unavailable, sqlite3.Error) as error:
        cause = error.__cause__ or error
        driver_error = getattr(cause, "orig", cause)
        # Opening and closing the file to look at it would drop SQLite's locks on it.
        if getattr(driver_error, "sqlite_errorname", "") == "SQLITE_NOTADB":
            text = f"DATABASE_URL: {sqlite_file(url)} is not an SQLite database"
            raise WrongSettings(text) from None
        text = describe_failure(url, driver_error)
        if sqlite_file(url) or connection_failure(database_url(url), driver_error).is_lasting:
            raise DatabaseUnusable(text) from error
        raise DatabaseAway(text) from error


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
    return f"DATABASE_URL: {connection_failure(database_url(url), error).sentence}"
