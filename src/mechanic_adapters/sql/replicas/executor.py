"""Execution of reads on a replica, which the primary takes over when the replica fails."""

from typing import Final, final

from sqlalchemy import ClauseElement, select

from mechanic_adapters.sql.engine.compiled_statements import Params
from mechanic_adapters.sql.engine.database import Database
from mechanic_adapters.sql.engine.executor import Executor, Result
from mechanic_adapters.sql.replicas.replica import LOG_POSITION, Replica
from mechanic_core.errors import LostRace, Unavailable

_TIMED_OUT: Final = "57014"

_LOG_POSITION: Final = select(LOG_POSITION)


@final
class ReplicaExecutor(Executor):
    """Reads from *replica*; from the first statement on that fails there, from *primary*.

    What was read before is older than what is read then, as always between two statements.
    """

    def __init__(self, replica: Replica, primary: Database) -> None:
        """Take no connection yet."""
        super().__init__(replica.database)
        self._replica, self._primary = replica, primary

    def has(self, position: int) -> bool:
        """Return whether the replica has replayed the log up to *position*."""
        rows = self.all(_LOG_POSITION)
        return self.database is not self._primary and bool(rows[0][0] >= position)

    def _run(self, statement: ClauseElement, params: Params) -> Result:
        if self.database is self._primary:
            return super()._run(statement, params)
        try:
            return self._execute(statement, params)
        except (Unavailable, self.database.driver_error) as error:
            if getattr(error, "sqlstate", None) == _TIMED_OUT:  # it would take as long again
                raise self.database.meaning(error) from error
            self._turn_to_primary(error)
        return super()._run(statement, params)

    def _turn_to_primary(self, error: Exception) -> None:
        """Go on with the primary; pass the replica by, unless only this statement conflicted."""
        is_broken = self._discard_broken(error)
        self.release()
        if is_broken or not isinstance(self.database.meaning(error), LostRace):
            self._replica.note_failure()
        self.database, self._pool = self._primary, self._primary.readers
