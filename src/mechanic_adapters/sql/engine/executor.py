"""Execution of statements on one connection, each for itself."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final, TypeAlias

from sqlalchemy import ClauseElement, text

from mechanic_adapters.sql.engine.compiled_statements import Convert, Params, Row
from mechanic_adapters.sql.engine.connection_pool import Connection
from mechanic_adapters.sql.engine.database import Database
from mechanic_adapters.sql.engine.engines import DEADLINE_S
from mechanic_adapters.sql.engine.statement_count import STATEMENT_COUNT
from mechanic_core.access import SYSTEM
from mechanic_core.events.event import Event
from mechanic_core.unit_of_work import ReadOnlyError

Result: TypeAlias = tuple[int, Sequence[Row]]
"""The number of rows affected, and the rows returned."""

NO_PARAMS: Final[Params] = {}

_BEGIN_READING, _END_READING = text("BEGIN READ ONLY"), text("COMMIT")
_NO_TIMEOUT = text("SET LOCAL statement_timeout = 0")
_DEFAULT_TIMEOUT = text("SET LOCAL statement_timeout TO DEFAULT")


class Executor:
    """Runs statements on one connection, taken from the pool for the first of them.

    By itself it only reads, and each statement sees what is committed when it starts;
    `Transaction` writes too.
    """

    def __init__(self, database: Database) -> None:
        """Take no connection yet."""
        self.database = database
        self.locked: dict[tuple[str, int], Any] = {}
        """Records whose rows this transaction has locked, by table and id."""
        self.events: list[Event] = []
        """The events of this transaction so far."""
        self.stored_events = 0
        """How many of them, the first ones, are stored; the others are at its end."""
        self.actor = SYSTEM
        self.written: set[str] | None = None
        """The nouns that this transaction has written; None if it can't write."""
        self._pool = database.readers
        self._connection: Connection | None = None
        self._rollback_only: Exception | None = None
        """What every further statement raises, once the transaction can only be rolled back."""
        self.has_run = False

    def all(self, statement: ClauseElement, params: Params = NO_PARAMS) -> Sequence[Row]:
        """Return every row that *statement* selects."""
        return self._run(statement, params)[1]

    def first(self, statement: ClauseElement, params: Params = NO_PARAMS) -> Row | None:
        """Return the first row that *statement* selects, if any."""
        rows = self._run(statement, params)[1]
        return rows[0] if rows else None

    def all_without_timeout(self, statement: ClauseElement) -> Sequence[Row]:
        """Return every row that *statement* selects, however long it takes."""
        if not self.database.is_postgres:
            return self.all(statement)
        with self._read_transaction(), self.without_deadline():
            self._run(_NO_TIMEOUT, NO_PARAMS)
            rows = self.all(statement)
            self._run(_DEFAULT_TIMEOUT, NO_PARAMS)
        return rows

    @contextmanager
    def without_deadline(self) -> Iterator[None]:
        """Wait for the statements of this block, on the connection that it has, without end."""
        connection = self._connection if self.database.is_postgres else None
        if connection is not None:
            connection.driver.deadline_s = None
        try:
            yield
        finally:
            if connection is not None and connection is self._connection:
                connection.driver.deadline_s = DEADLINE_S

    def write(self, noun: str, statement: ClauseElement, params: Params = NO_PARAMS) -> int:
        """Write rows of *noun* and return how many were affected. Raises `ReadOnlyError`."""
        return self._write(noun, statement, params)[0]

    def write_returning(self, noun: str, statement: ClauseElement, params: Params) -> Sequence[Row]:
        """Write rows of *noun* and return what the statement returns. Raises `ReadOnlyError`."""
        return self._write(noun, statement, params)[1]

    @property
    def stores_events(self) -> bool:
        """Whether a statement may store the next event: all before it are stored."""
        return self.database.is_postgres and self.stored_events == len(self.events)

    def note_event(self, event: Event, *, is_stored: bool = False) -> None:
        """Note the next event of this transaction."""
        self.events.append(event)
        self.stored_events += is_stored

    def savepoint(self) -> AbstractContextManager[None]:
        """Raise `ReadOnlyError`: only a transaction has savepoints."""
        raise ReadOnlyError("a savepoint needs a transaction: use begin()")

    def release(self) -> None:
        """Give the connection back to the pool."""
        if self._connection is not None and self._connection.session.is_shared:
            self._end_reading(self._connection)
        if self._connection is not None:
            self._pool.release(self._connection)
            self._connection = None

    def _begin_reading(self, connection: Connection) -> None:
        """Begin the transaction of a view behind a pooler, where no session is read-only."""
        self._count(_BEGIN_READING.text)
        connection.cursor.execute(_BEGIN_READING.text)

    def _end_reading(self, connection: Connection) -> None:
        """End the transaction of a view behind a pooler, also a failed one."""
        self._count(_END_READING.text)
        try:
            connection.cursor.execute(_END_READING.text)
        except self.database.driver_error:
            self._discard()

    @contextmanager
    def _read_transaction(self) -> Iterator[None]:
        """Begin a transaction for a setting that must end with the block."""
        if self._connection is None:
            self._connect()
        if self._connection is not None and self._connection.session.is_shared:
            yield  # in the transaction of the view
            return
        self._run(_BEGIN_READING, NO_PARAMS)
        try:
            yield
            self._run(_END_READING, NO_PARAMS)
        except BaseException:
            self._discard()
            raise

    def _write(self, noun: str, statement: ClauseElement, params: Params) -> Result:
        if self.written is None:
            raise ReadOnlyError(f"writing {noun} needs a transaction: use begin()")
        self.written.add(noun)
        return self._run(statement, params)

    def _run(self, statement: ClauseElement, params: Params) -> Result:
        """Run a statement, and once more if `_recover` allows it."""
        self._raise_if_rollback_only()
        try:
            return self._execute(statement, params)
        except self.database.driver_error as error:
            self._recover(error)
        try:
            return self._execute(statement, params)
        except self.database.driver_error as error:
            self._discard_broken(error)
            raise self.database.meaning(error) from error

    def _execute(self, statement: ClauseElement, params: Params) -> Result:
        connection = self._connection or self._connect()
        compiled = self.database.statements[statement]
        values = {**compiled.constants, **params}
        for name, convert in compiled.bind_converters:
            values[name] = convert(values[name])
        self._count(compiled.sql)
        cursor = connection.cursor
        cursor.execute(compiled.sql, values, **compiled.options)
        rows = cursor.fetchall() if compiled.returns_rows else ()
        self.has_run = True
        if compiled.result_converters:
            rows = _converted(rows, compiled.result_converters)
        return cursor.rowcount, rows

    def _connect(self) -> Connection:
        """Take a connection from the pool."""
        connection = self._connection = self._pool.take()
        if connection.session.is_shared:
            self._begin_reading(connection)
        return connection

    def _count(self, sql: str) -> None:
        STATEMENT_COUNT.total += 1
        if self.database.on_statement is not None:
            self.database.on_statement(sql)

    def _raise_if_rollback_only(self) -> None:
        if self._rollback_only is not None:
            raise self._rollback_only

    def _recover(self, error: Exception) -> None:
        """Return if the statement may run again, on a new connection; else raise."""
        if not self._discard_broken(error) or self.database.gave_up(error):
            if self._connection is not None and self._connection.session.is_shared:
                self.release()  # a failed transaction takes no further statement
            raise self.database.meaning(error) from error

    def _discard_broken(self, error: Exception) -> bool:
        """Discard the connection if *error* broke it, and return whether it did."""
        if self._connection is None or not self.database.is_broken(self._connection, error):
            return False
        self._discard()
        return True

    def _discard(self) -> None:
        """Close the connection and give it back, if there is one."""
        if self._connection is not None:
            self._pool.discard(self._connection)
            self._connection = None


def _converted(rows: Sequence[Row], converters: Sequence[tuple[int, Convert]]) -> list[Row]:
    """Return *rows* with the values in some columns converted."""
    converted: list[Any] = [list(row) for row in rows]
    for position, convert in converters:
        for row in converted:
            row[position] = convert(row[position])
    return converted
