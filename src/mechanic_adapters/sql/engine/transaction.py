"""A transaction on one connection, from its first statement to its commit."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import final

from sqlalchemy import ClauseElement

from mechanic_adapters.sql.engine.compiled_statements import Params
from mechanic_adapters.sql.engine.connection_pool import Connection
from mechanic_adapters.sql.engine.database import Database
from mechanic_adapters.sql.engine.executor import NO_PARAMS, Executor
from mechanic_adapters.sql.engine.postgres.durability import COMMIT_SYNCHRONOUSLY
from mechanic_adapters.sql.engine.sqlite.locking import BEGIN
from mechanic_core.access import Actor
from mechanic_core.errors import LostRace, OutcomeUnknown, Unavailable


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
        if self._connection.session.is_read_only:  # the server may let it write by now
            self._connection = self._pool.renew(self._connection)
        if database.is_postgres:  # psycopg begins with the first statement
            self._connection.driver.autocommit = False
        try:
            if not database.is_postgres:
                self._control(BEGIN)
            elif self._connection.session.is_lazy:
                self._control(COMMIT_SYNCHRONOUSLY)
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
        """Commit. Raises `OutcomeUnknown` when no answer came."""
        self._raise_if_rollback_only()
        if self._connection is None:
            return
        self._count("COMMIT")
        try:
            self._connection.driver.commit()
        except self.database.driver_error as error:
            meaning = self.database.meaning(error)
            raise (OutcomeUnknown() if self._discard_broken(error) else meaning) from error

    def release(self) -> None:
        """Give the connection back to the pool; the transaction is over."""
        self.is_over = True
        if self._connection is not None and self.database.is_postgres:
            self._end_of_transaction(self._connection)
        if self._connection is not None:
            self._pool.release(self._connection)
            self._connection = None

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

    def _end_of_transaction(self, connection: Connection) -> None:
        """Let *connection* run each statement for itself again."""
        try:
            connection.driver.autocommit = True
        except self.database.driver_error:
            self._discard()

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
        self.has_run = True

    def _recover(self, error: Exception) -> None:
        """Make the transaction rollback-only.

        A connection that was dead from the start raises `LostRace`, so that the use case is
        retried; one that was lost later, or did not answer in time, raises `Unavailable`.
        """
        failure = self.database.meaning(error)
        if self._discard_broken(error):
            is_over = self.has_run or self.database.gave_up(error)
            failure = Unavailable() if is_over else LostRace()
        self._rollback_only = failure
        raise failure from error
