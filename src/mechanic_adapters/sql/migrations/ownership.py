"""Which version of the shop's schema a database has, also one that a former release stored.

Former releases stored it in `alembic_version`, which may as well be a host application's. It is the
shop's if the tables of the first migration stand beside it.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Column, Connection, MetaData, String, Table, inspect, select

from mechanic_adapters.sql.migrations import version
from mechanic_adapters.sql.schema.metadata import METADATA
from mechanic_core.errors import Refused

_FORMER: Final = Table(version.FORMER_TABLE, MetaData(), Column("version_num", String(32)))

_FIRST_TABLES: Final = (
    *("customers", "vehicles", "mechanics"),
    *("accounts", "sessions", "refresh_tokens"),
)
"""The tables of migration 0001."""


class SchemaUnknown(Refused):
    """The version of the database's schema is none of the shop's."""


class NamesTaken(Refused):
    """The database has tables of another application with the names of the shop's."""


def found_version(connection: Connection) -> str | None:
    """Return the version of the schema, or None if there is none. Raises `SchemaUnknown`."""
    tables = inspect(connection)
    if tables.has_table(version.VERSION_TABLE):
        return _only_version(connection.scalars(version.SCHEMA_VERSION).all())
    if _has_former(connection):
        return _only_version(connection.scalars(select(_FORMER.c.version_num)).all())
    return None


def is_former(connection: Connection) -> bool:
    """Return whether the version is stored where former releases stored it."""
    return not inspect(connection).has_table(version.VERSION_TABLE) and _has_former(connection)


def hide_former(connection: Connection) -> None:
    """Replace the version in `alembic_version` by the name of the table that has it now.

    Former releases take that for a newer version: they start, and refuse to migrate.
    """
    change = _FORMER.update().values(version_num=version.VERSION_TABLE)
    connection.execute(change.where(_FORMER.c.version_num.in_(version.known())))


def forget_former(connection: Connection) -> None:
    """Delete what `hide_former` wrote, for a database whose tables are dropped."""
    if inspect(connection).has_table(_FORMER.name):
        is_hidden = _FORMER.c.version_num == version.VERSION_TABLE
        connection.execute(_FORMER.delete().where(is_hidden))


def require_free_names(connection: Connection) -> None:
    """Raise `NamesTaken` if a table of the shop's names exists before its first migration."""
    if taken := sorted(METADATA.tables.keys() & {*inspect(connection).get_table_names()}):
        raise NamesTaken(
            f"the database has tables of another application: {', '.join(taken)}; give the shop "
            "a database of its own, or on PostgreSQL a schema (postgresql://…?schema=shop)"
        )


def _has_former(connection: Connection) -> bool:
    tables = inspect(connection)
    return all(tables.has_table(name) for name in (_FORMER.name, *_FIRST_TABLES))


def _only_version(found: Sequence[str]) -> str | None:
    if not found:
        return None
    if len(found) > 1 or not version.is_ours(found[0]):
        raise SchemaUnknown(
            f"the database's schema has the version {', '.join(sorted(found))}, which is none of "
            "the shop's: is it another application's?"
        )
    return found[0]
