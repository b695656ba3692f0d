"""Execution of statements on one connection: single reads, and transactions."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final, TypeAlias, final

from sqlalchemy import ClauseElement, text

from mechanic_adapters.sql.engine.compiled_statements import Convert, Params, Row
from mechanic_adapters.sql.engine.connection_pool import Connection
from mechanic_adapters.sql.engine.database import Database
from mechanic_adapters.sql.engine.sqlite_locking import BEGIN
from mechanic_adapters.sql.engine.statement_count import STATEMENT_COUNT
from mechanic_core.access import SYSTEM, Actor
from mechanic_core.errors import LostRace, Unavailable
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
        self._has_run = False

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
        with self._read_transaction():
            self._run(_NO_TIMEOUT, NO_PARAMS)
            rows = self.all(statement)
            self._run(_DEFAULT_TIMEOUT, NO_PARAMS)
        return rows

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
        if self._connection is not None:
            self._pool.release(self._connection)
            self._connection = None

    @contextmanager
    def _read_transaction(self) -> Iterator[None]:
        """Begin a transaction for a setting that must end with the block."""
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
        if self._connection is None:
            self._connection = self._pool.take()
        compiled = self.database.statements[statement]
        values = {**compiled.constants, **params}
        for name, convert in compiled.bind_converters:
            values[name] = convert(values[name])
        self._count(compiled.sql)
        cursor = self._connection.cursor
        cursor.execute(compiled.sql, values, **compiled.options)
        rows = cursor.fetchall() if compiled.returns_rows else ()
        self._has_run = True
        if compiled.result_converters:
            rows = _converted(rows, compiled.result_converters)
        return cursor.rowcount, rows

    def _count(self, sql: str) -> None:
        STATEMENT_COUNT.total += 1
        if self.database.on_statement is not None:
            self.database.on_statement(sql)

    def _raise_if_rollback_only(self) -> None:
        if self._rollback_only is not None:
            raise self._rollback_only

    def _recover(self, error: Exception) -> None:
        """Return if the statement may run again, on a new connection; else raise."""
        if not self._discard_broken(error):
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


@final
class Transaction(Executor):
    """A transaction from its first statement to its commit.

    After a failed statement, or a race lost in a block that joined it, it is rollback-only:
    every further statement, and the commit, raise the same error. So a use case inside another's
    transaction is never retried on the leftovers of its lost try.
    """

    def __init__(self, database: Database, actor: Actor) -> None:
        """Begin. Raises `LostRace` and `Unavailable`."""
        super().__init__(database)
        self.actor = actor
        self.is_over = False
        """Whether the connection was given back: a copied context may still hold the transaction."""
        self.written: set[str] = set()
        self._pool = database.writers
        self._connection = self._pool.take()
        if database.is_postgres:  # psycopg begins with the first statement
            return
        try:
            self._control(BEGIN)
        except BaseException:  # or the connection would be missing from the pool
            self.rollback()
            self.release()
            raise

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Roll back to a savepoint what the block has written, if the block raises."""
        self._control("SAVEPOINT attempt")
        try:
            yield
        except Exception:
            if not isinstance(self._rollback_only, Unavailable):
                self._rollback_only = None
                self._control("ROLLBACK TO SAVEPOINT attempt")
            raise
        self._control("RELEASE SAVEPOINT attempt")

    @contextmanager
    def join(self, actor: Actor | None) -> Iterator[None]:
        """Let a block take part, in which *actor* makes the changes, if one is given.

        If it loses a race, the transaction becomes rollback-only.
        """
        self._raise_if_rollback_only()
        outer = self.actor
        self.actor = actor or outer
        try:
            yield
        except Unavailable as lost:
            self._rollback_only = lost
            raise
        finally:
            self.actor = outer

    def run(self, statement: ClauseElement, params: Params = NO_PARAMS) -> int:
        """Write rows that listeners hear of by other means; return how many were affected."""
        return self._run(statement, params)[0]

    def commit(self) -> None:
        """Commit. Raises `Unavailable` when no answer came: the outcome is unknown then."""
        self._raise_if_rollback_only()
        if self._connection is None:
            return
        self._count("COMMIT")
        try:
            self._connection.driver.commit()
        except self.database.driver_error as error:
            meaning = self.database.meaning(error)
            raise (Unavailable() if self._discard_broken(error) else meaning) from error

    def release(self) -> None:
        """Give the connection back to the pool; the transaction is over."""
        self.is_over = True
        super().release()

    def rollback(self) -> None:
        """Roll back, unless the connection is gone; if that fails, close the connection."""
        if self._connection is None:
            return
        try:
            self._count("ROLLBACK")
            self._connection.driver.rollback()
        except self.database.driver_error:
            self._discard()
        except BaseException:
            self._discard()
            raise

    @contextmanager
    def _read_transaction(self) -> Iterator[None]:
        """Do nothing: this transaction ends what was set for it."""
        yield

    def _control(self, sql: str) -> None:
        self._raise_if_rollback_only()
        self._count(sql)
        try:
            if self._connection is not None:
                self._connection.cursor.execute(sql)
        except self.database.driver_error as error:
            self._recover(error)
        self._has_run = True

    def _recover(self, error: Exception) -> None:
        """Make the transaction rollback-only.

        A connection that was dead from the start raises `LostRace`, so that the use case is
        retried; later the outcome of what ran is unknown, and it raises `Unavailable`.
        """
        failure = self.database.meaning(error)
        if self._discard_broken(error):
            failure = Unavailable() if self._has_run else LostRace()
        self._rollback_only = failure
        raise failure from error


def _converted(rows: Sequence[Row], converters: Sequence[tuple[int, Convert]]) -> list[Row]:
    """Return *rows* with the values in some columns converted."""
    converted: list[Any] = [list(row) for row in rows]
    for position, convert in converters:
        for row in converted:
            row[position] = convert(row[position])
    return converted
