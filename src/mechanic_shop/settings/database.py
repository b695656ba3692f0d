"""The settings of the database and of the connections to it."""

from collections.abc import Iterator
from typing import Annotated

from mechanic_shop.settings.parsers import BOOLEAN, DATABASE_URL, whole_number
from mechanic_shop.settings.variables import Variable

DatabaseUrl = Annotated[
    str,
    Variable(
        "The database. `postgres://` is accepted too; a relative SQLite path starts at the working "
        "directory. `?schema=NAME` puts all in a schema of PostgreSQL, which `db upgrade` creates; "
        "`?host=/FOLDER` is a socket; `sslmode`, `sslrootcert` and libpq's other parameters work",
        DATABASE_URL,
        default="`sqlite:///mechanic_shop.db` in development; required in production",
    ),
]

ReplicaUrl = Annotated[
    str | None,
    Variable(
        "A standby of the PostgreSQL database, which lists and histories are read from while it is "
        "at most 5 seconds behind. Every process of the shop must have it, or none",
        DATABASE_URL,
    ),
]

DatabasePoolSize = Annotated[
    int,
    Variable(
        "How many connections to the database a process opens at most, those that read and those "
        "that write. A request waits 5 seconds for one, then it is 503. A server needs this number "
        "times all workers of all machines",
        whole_number(1, 1000),
    ),
]

PreparedStatements = Annotated[
    bool,
    Variable(
        "Whether PostgreSQL prepares statements, which saves time. `off` behind a pooler that loses "
        "them: PgBouncer in transaction mode before 1.21, or without `max_prepared_statements`",
        BOOLEAN,
    ),
]


def default_url(*, is_production: bool) -> str:
    """Return the database of a shop that names none; empty in production, where it must."""
    return "" if is_production else "sqlite:///mechanic_shop.db"


def replica_conflicts(database_url: str, replica_url: str | None) -> Iterator[str]:
    """Yield a sentence if there can be no replica."""
    urls = [database_url, replica_url] if replica_url else []
    if any(url.startswith("sqlite:") for url in urls):
        yield "DATABASE_REPLICA_URL must be empty unless both databases are PostgreSQL"
