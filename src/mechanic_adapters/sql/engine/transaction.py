"""A transaction: statements that are committed or rolled back together."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import final

from mechanic_adapters.sql.engine.database import Database
from mechanic_adapters.sql.engine.executor import STATEMENT_COUNT, Executor
from mechanic_adapters.sql.engine.sqlite_locking import BEGIN
from mechanic_core.errors import LostRace, Unavailable


@final
class Transaction(Executor):
    """A transaction from its first statement to its commit.

    After a failed statement, or a race lost in a block that joined it, it is rollback-only:
    every further statement, and the commit, raise the same error. So a use case inside another's
    transaction is never retried on the leftovers of its lost try.
    """

    def __init__(self, database: Database) -> None:
        """Begin. Raises `LostRace` and `Unavailable`."""
        super().__init__(database)
        self.written: set[str] = set()
        self._pool = database.writers
        self._connection = self._pool.take()
        if database.is_postgres:  # psycopg begins with the first statement
            return
        try:
            self._control(BEGIN)
        except BaseException:  # or the connection would be missing from the pool
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
    def join(self) -> Iterator[None]:
        """Let a block take part; if it loses a race, the transaction becomes rollback-only."""
        self._raise_if_rollback_only()
        try:
            yield
        except Unavailable as lost:
            self._rollback_only = lost
            raise

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

    def rollback(self) -> None:
        """Roll back, unless the connection is gone."""
        if self._connection is None:
            return
        self._count("ROLLBACK")
        try:
            self._connection.driver.rollback()
        except self.database.driver_error:
            self._pool.discard(self._connection)
            self._connection = None

    def _control(self, sql: str) -> None:
        self._raise_if_rollback_only()
        self._count(sql)
        try:
            if self._connection is not None:
                self._connection.cursor.execute(sql)
        except self.database.driver_error as error:
            self._recover(error)
        self._has_run = True

    def _count(self, sql: str) -> None:
        STATEMENT_COUNT.total += 1
        if self.database.on_statement is not None:
            self.database.on_statement(sql)

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

    def _raise_if_rollback_only(self) -> None:
        if self._rollback_only is not None:
            raise self._rollback_only
