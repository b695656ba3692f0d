"""The settings of the database."""

from typing import Annotated

from mechanic_shop.settings.parsers import DATABASE_URL
from mechanic_shop.settings.variables import Variable

DatabaseUrl = Annotated[
    str,
    Variable(
        "The database. `postgres://` is accepted too; a relative SQLite path starts at the working "
        "directory. `?schema=NAME` puts all in a schema of PostgreSQL, which `db upgrade` creates",
        DATABASE_URL,
        default="`sqlite:///mechanic_shop.db` in development; required in production",
    ),
]


def default_url(*, is_production: bool) -> str:
    """Return the database of a shop that names none; empty in production, where it must."""
    return "" if is_production else "sqlite:///mechanic_shop.db"
