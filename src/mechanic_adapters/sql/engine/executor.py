"""Running statements to read, each for itself."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from sqlalchemy import ClauseElement, text

from mechanic_adapters.sql.engine.compiled_statements import CompiledStatement, Params, Row
from mechanic_adapters.sql.engine.connection_pool import Connection
from mechanic_adapters.sql.engine.database import Database

T = TypeVar("T")

NOTHING: Params = {}

_BE_PATIENT = text("SET statement_timeout = 0")
_BE_IMPATIENT = text("RESET statement_timeout")


class ReadOnlyError(RuntimeError):
    """Something was to be written outside a transaction: a mistake in the program."""


class Executor:
    """Runs statements on one connection; as it stands it only reads, each for itself."""

    def __init__(self, database: Database) -> None:
        """Take a connection of *database* when the first statement comes."""
        self.database = database
        self.seen: dict[tuple[str, int], Any] = {}
        """What was held in this transaction, by noun and id."""
        self._connection: Connection | None = None
        self._cursor: Any = None

    def all(self, statement: ClauseElement, params: Params = NOTHING) -> Sequence[Row]:
        """Return every row that *statement* finds."""
        return self._run(statement, params, CompiledStatement.rows)

    def first(self, statement: ClauseElement, params: Params = NOTHING) -> Row | None:
        """Return the first row that *statement* finds."""
        rows = self._run(statement, params, CompiledStatement.rows)
        return rows[0] if rows else None

    def patiently(self, statement: ClauseElement) -> Sequence[Row]:
        """Return every row that *statement* finds, however long it takes."""
        if not self.database.is_postgres:
            return self.all(statement)
        self._run(_BE_PATIENT, NOTHING, _count)
        try:
            return self.all(statement)
        finally:
            self._run(_BE_IMPATIENT, NOTHING, _count)

    def write(self, noun: str, statement: ClauseElement, params: Params) -> int:
        """Change rows of *noun* and return how many there were."""
        self._touch(noun)
        return self._run(statement, params, _count)

    def written(self, noun: str, statement: ClauseElement, params: Params) -> Sequence[Row]:
        """Change rows of *noun* and return what the statement tells of them."""
        self._touch(noun)
        return self._run(statement, params, CompiledStatement.rows)

    def put_off(self, noun: str, write: Callable[[], None]) -> None:  # noqa: ARG002 - nothing is
        """Have *write* run before the next statement, or at the end, as nobody waits for it."""
        self._touch(noun)

    def attempt(self) -> AbstractContextManager[None]:
        """Undo what the block has written when it is refused, and no more than that."""
        raise ReadOnlyError("nothing can be written outside begin()")

    def release(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _touch(self, noun: str) -> None:
        raise ReadOnlyError(f"{noun} can be written inside begin() only")

    def _run(
        self,
        statement: ClauseElement,
        params: Params,
        answer: Callable[[CompiledStatement, Any], T],
    ) -> T:
        """Run a statement; once more if the connection was found dead, as nothing depends on it."""
        try:
            return self._answer(statement, params, answer)
        except self.database.failure as error:
            if not self._lost(error):
                raise self.database.meaning(error) from error
        try:
            return self._answer(statement, params, answer)
        except self.database.failure as error:
            self._lost(error)
            raise self.database.meaning(error) from error

    def _answer(
        self,
        statement: ClauseElement,
        params: Params,
        answer: Callable[[CompiledStatement, Any], T],
    ) -> T:
        if self._connection is None:
            self._open(self.database.to_read())
        plan = self.database.plans[statement]
        if self.database.watchers:
            self.database.told(plan.sql)
        plan.run(self._cursor, params)
        return answer(plan, self._cursor)

    def _open(self, connection: Connection) -> None:
        self._connection, self._cursor = connection, connection.cursor()

    def _lost(self, error: Exception) -> bool:
        """Return whether *error* has cost us the connection."""
        if self._connection is None or not self.database.broke(self._connection, error):
            return False
        self._connection = None
        return True


def _count(_: CompiledStatement, cursor: Any) -> int:
    count: int = cursor.rowcount
    return count
