"""A transaction on one connection, which blocks may join."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import final

from sqlalchemy import ClauseElement

from mechanic_adapters.sql.engine.compiled_statements import Params
from mechanic_adapters.sql.engine.database import Database
from mechanic_adapters.sql.engine.executor import NO_PARAMS, STATEMENT_COUNT, Executor
from mechanic_adapters.sql.engine.sqlite_locking import BEGIN
from mechanic_core.access import Actor
from mechanic_core.errors import LostRace, Unavailable


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
