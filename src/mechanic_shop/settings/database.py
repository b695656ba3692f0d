"""The settings of the database and of the connections to it."""

from typing import Annotated

from mechanic_shop.settings.parsers import DATABASE_URL
from mechanic_shop.settings.variables import Variable

DatabaseUrl = Annotated[
    str,
    Variable(
        "The database. `postgres://` is accepted too; a relative SQLite path starts at the working "
        "directory. `?schema=NAME` puts all in a schema of PostgreSQL, which `db upgrade` creates; "
        "`?host=/FOLDER` is a socket; `sslmode`, `sslrootcert` and libpq's other parameters work",
        DATABASE_URL,
    ),
]
