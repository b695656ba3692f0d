"""The two ends of a copy: what each database system needs besides the rows."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, Protocol, final

from attrs import field, frozen
from sqlalchemy import Column, Connection, Table, func, select, text

from mechanic_adapters.sql.schema.metadata import METADATA

_QUOTED: Final = "format('%I.%I', schemaname, sequencename)"
_LAST: Final = text(
    f"SELECT last_value FROM pg_sequences"  # noqa: S608 - no values
    f" WHERE {_QUOTED}::regclass = pg_get_serial_sequence(:table, :column)::regclass"
)
_RAISE: Final = text("SELECT setval(pg_get_serial_sequence(:table, :column), :last)")
_UNLIMITED: Final = ("statement_timeout", "idle_in_transaction_session_timeout")


class CopyEnd(Protocol):
    """A database that is read or written by a copy, in one transaction."""

    def begin(self) -> None:
        """Begin the transaction."""
        ...

    def disable_triggers(self) -> None:
        """Let nothing write rows by itself until `enable_triggers`."""
        ...

    def enable_triggers(self) -> None:
        """Let triggers write again, and check references."""
        ...

    def last(self, table: Table, column: "Column[int]") -> int:
        """Return the last number that was given to a generated *column*, 0 if none was."""
        ...

    def go_on_after(self, table: Table, column: "Column[int]", last: int) -> None:
        """Let the next number of a generated *column* be above *last*."""
        ...


def end_of(connection: Connection) -> CopyEnd:
    """Return what the database system of *connection* needs."""
    if connection.dialect.name == "sqlite":
        return SqliteEnd(connection)
    return PostgresEnd(connection)


def generated_columns() -> Iterable[tuple[Table, "Column[int]"]]:
    """Yield each column whose numbers the database generates, and its table."""
    for table in METADATA.sorted_tables:
        for column in table.columns:
            if column.identity is not None:
                yield table, column


@final
@frozen
class PostgresEnd(CopyEnd):
    """A PostgreSQL database, whose tables belong to the user of the connection."""

    _connection: Connection

    def begin(self) -> None:
        """Begin the transaction, which may take long."""
        driver: Any = self._connection.connection.driver_connection
        driver.deadline_s = None
        for setting in _UNLIMITED:
            self._connection.exec_driver_sql(f"SET LOCAL {setting} = 0")

    def disable_triggers(self) -> None:
        """Disable those that users have created: references are checked."""
        self._alter("DISABLE")

    def enable_triggers(self) -> None:
        """Enable them again, and let the planner know the rows."""
        self._alter("ENABLE")
        for table in METADATA.sorted_tables:
            self._connection.exec_driver_sql(f'ANALYZE "{table.name}"')

    def last(self, table: Table, column: "Column[int]") -> int:
        """Return the last value of the column's sequence."""
        names = {"table": f'"{table.name}"', "column": column.name}
        return self._connection.scalar(_LAST, names) or 0

    def go_on_after(self, table: Table, column: "Column[int]", last: int) -> None:
        """Set the column's sequence."""
        names = {"table": f'"{table.name}"', "column": column.name}
        self._connection.execute(_RAISE, {**names, "last": last})

    def _alter(self, action: str) -> None:
        for table in METADATA.sorted_tables:
            self._connection.exec_driver_sql(f'ALTER TABLE "{table.name}" {action} TRIGGER USER')


@final
@frozen
class SqliteEnd(CopyEnd):
    """A SQLite file."""

    _connection: Connection
    _triggers: list[str] = field(factory=list, init=False)

    def begin(self) -> None:
        """Begin the transaction; SQLite refuses to change `foreign_keys` within it."""
        self._connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        self._connection.exec_driver_sql("BEGIN")

    def disable_triggers(self) -> None:
        """Drop them; a rollback brings them back too."""
        found = self._rows("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
        self._triggers[:] = [sql for _, sql in found]
        for name, _ in found:
            self._connection.exec_driver_sql(f'DROP TRIGGER "{name}"')

    def enable_triggers(self) -> None:
        """Create them again; raise `ValueError` for a reference to a row that is not there."""
        for sql in self._triggers:
            self._connection.exec_driver_sql(sql)
        if dangling := self._rows("PRAGMA foreign_key_check"):
            raise ValueError(
                f"{dangling[0][0]} refers to a row of {dangling[0][2]} that is missing"
            )

    def last(self, table: Table, column: "Column[int]") -> int:
        """Return the last number that SQLite has stored, or else the greatest."""
        if not table.dialect_options["sqlite"]["autoincrement"]:
            return self._connection.scalar(select(func.max(column))) or 0
        stored = text("SELECT seq FROM sqlite_sequence WHERE name = :table")
        return self._connection.scalar(stored, {"table": table.name}) or 0

    def go_on_after(self, table: Table, column: "Column[int]", last: int) -> None:  # noqa: ARG002 - one per table
        """Store the last number, where SQLite stores one."""
        if table.dialect_options["sqlite"]["autoincrement"]:
            values = {"table": table.name, "last": last}
            for sql in (
                "DELETE FROM sqlite_sequence WHERE name = :table",
                "INSERT INTO sqlite_sequence VALUES (:table, :last)",
            ):
                self._connection.execute(text(sql), values)

    def _rows(self, sql: str) -> Sequence[tuple[str, ...]]:
        return [tuple(row) for row in self._connection.exec_driver_sql(sql)]
