"""Waiting for locks without blocking others: short tries, again and again."""

import time
from collections.abc import Callable
from typing import Final, TypeVar, final

from attrs import frozen
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from mechanic_adapters.sql.engine.driver_errors import DriverErrors
from mechanic_adapters.sql.engine.postgres.durability import COMMIT_SYNCHRONOUSLY
from mechanic_core.errors import LostRace

T = TypeVar("T")

LOCK_TIMEOUT_S: Final = 1.0
"""How long a migration waits for a lock: statements that queue behind it wait as long."""

PATIENCE_S: Final = 300.0
"""How long a migration is tried again, since the last step that succeeded."""

_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 8.0


class SchemaLocked(LostRace):
    """Transactions of other programs hold locks that a migration needs."""


def limit_transaction(connection: Connection) -> None:
    """Limit how long statements of this transaction wait for locks, and make its commit last.

    Nothing is set for the session: a pooler would leave it to others.
    """
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_S:g}s'")
    connection.exec_driver_sql(COMMIT_SYNCHRONOUSLY)


def ignore(_: str) -> None:
    """Report nothing."""


def no_progress() -> None:
    """Return always the same, for a step that is tried as a whole."""


@final
@frozen
class LockRetries:
    """Tries a step again while locks that it needs are held by others.

    Attributes:
        patience_s: The seconds after which a step is given up.
        report: Called with a sentence before each pause.
    """

    patience_s: float = PATIENCE_S
    report: Callable[[str], object] = ignore

    def run(self, step: Callable[[], T], progress: Callable[[], object] = no_progress) -> T:
        """Return what *step* returns; it must have no effect when it raises.

        The patience begins anew whenever *progress* returns something else. Raises `SchemaLocked`.
        """
        started, reached, pause = time.monotonic(), progress(), _FIRST_PAUSE_S
        while True:
            try:
                return step()
            except DBAPIError as error:
                if not _is_lost_race(error):
                    raise
                if (found := progress()) != reached:
                    started, reached, pause = time.monotonic(), found, _FIRST_PAUSE_S
                if time.monotonic() + pause > started + self.patience_s:
                    raise SchemaLocked(
                        f"the migration was given up after {self.patience_s:g} s: other "
                        "transactions hold locks that it needs (see pg_stat_activity); what was "
                        "done is kept, run mechanic-shop db upgrade again"
                    ) from error
            self.report(f"other transactions hold a lock: trying again in {pause:g} s")
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)


PATIENT: Final = LockRetries()
"""Tries for some minutes, and reports nothing."""


def _is_lost_race(error: DBAPIError) -> bool:
    cause = error.orig
    return isinstance(cause, Exception) and isinstance(DriverErrors({}).refusal(cause), LostRace)
