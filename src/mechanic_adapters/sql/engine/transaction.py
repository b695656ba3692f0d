"""Running statements that are kept or dropped together."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, final

from sqlalchemy import ClauseElement

from mechanic_adapters.sql.engine.compiled_statements import CompiledStatement, Params
from mechanic_adapters.sql.engine.database import Database
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_core.errors import LostRace, Unavailable

T = TypeVar("T")


@final
class Transaction(Executor):
    """A transaction from its first statement to its commit.

    Once a statement has failed, or a race was lost in a block that joined this one, it is
    doomed: whatever is tried next raises the same again, so that a use case inside another's
    transaction never runs again on what its lost try has left, and nothing half-done is kept.
    """

    def __init__(self, database: Database) -> None:
        """Open the transaction. Raises `LostRace` and `Unavailable`."""
        super().__init__(database)
        self.touched: set[str] = set()
        self._doom: Exception | None = None
        self._answered = False
        self._waiting: Callable[[], None] | None = None
        self._open(database.to_write())
        if database.is_postgres:  # whose driver begins with the first statement
            return
        try:
            self._control("BEGIN IMMEDIATE")
        except BaseException:  # whatever it is: what is not given back is lost to everybody
            self.release()
            raise

    def put_off(self, noun: str, write: Callable[[], None]) -> None:
        """Have *write* run before the next statement, or at the end; it may raise `LostRace`."""
        self._touch(noun)
        self._settle()
        self._waiting = write

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Undo what the block has written when it is refused, and no more than that."""
        self._control("SAVEPOINT attempt")
        try:
            yield
        except Exception:
            if not isinstance(self._doom, Unavailable):
                self._doom = None
                self._control("ROLLBACK TO SAVEPOINT attempt")
            raise
        self._control("RELEASE SAVEPOINT attempt")

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Let a block take part; if it loses a race, everything is lost."""
        self._must_be_sound()
        try:
            yield
        except Unavailable as lost:
            self._doom = lost
            raise

    def keep(self) -> None:
        """Commit. Raises `Unavailable` when no answer came: it may be kept or not."""
        self._settle()
        self._must_be_sound()
        if self._connection is None:
            return
        self._tell("COMMIT")
        try:
            self._connection.commit()
        except self.database.failure as error:
            meaning = self.database.meaning(error)
            raise (Unavailable() if self._lost(error) else meaning) from error

    def drop(self) -> None:
        """Roll back, if there is a connection left to do it on."""
        if self._connection is None:
            return
        self._tell("ROLLBACK")
        try:
            self._connection.rollback()
        except self.database.failure:
            self._connection.invalidate()
            self._connection = None

    def _touch(self, noun: str) -> None:
        self.touched.add(noun)

    def _settle(self) -> None:
        """Write what was put off."""
        write, self._waiting = self._waiting, None
        if write is not None:
            write()

    def _run(
        self,
        statement: ClauseElement,
        params: Params,
        answer: Callable[[CompiledStatement, Any], T],
    ) -> T:
        self._settle()
        self._must_be_sound()
        try:
            found = self._answer(statement, params, answer)
        except self.database.failure as error:
            self._doom = self._meaning(error)
            raise self._doom from error
        self._answered = True
        return found

    def _control(self, sql: str) -> None:
        self._settle()
        self._must_be_sound()
        self._tell(sql)
        try:
            self._cursor.execute(sql)
        except self.database.failure as error:
            self._doom = self._meaning(error)
            raise self._doom from error
        self._answered = True

    def _meaning(self, error: Exception) -> Exception:
        """Return what to raise; a connection that was dead from the start costs one more try."""
        if self._lost(error):
            return Unavailable() if self._answered else LostRace()
        return self.database.meaning(error)

    def _must_be_sound(self) -> None:
        if self._doom is not None:
            raise self._doom

    def _tell(self, sql: str) -> None:
        if self.database.watchers:
            self.database.told(sql)
