"""A replica of the database: read from while it is known to have what the primary had lately.

No clock of a server is compared, and an idle primary makes nobody look late: a regular probe notes
how far the primary has written its log, and later whether the replica has replayed so far.
"""

import logging
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Final, final

from attrs import define, field, frozen
from sqlalchemy import BigInteger, Boolean, Text, literal_column, select

from mechanic_adapters.sql.engine.column_types import MOMENT
from mechanic_adapters.sql.engine.database import Database
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_core.errors import Refused

MAX_BEHIND_S: Final = 5.0
"""How old the data of a replica may be."""

LOG_POSITION: Final = literal_column(
    "CAST(pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() "
    "ELSE pg_current_wal_insert_lsn() END, '0/0') AS BIGINT)",
    BigInteger,
)
"""How far a server has replayed its log or, as the primary, written it, in bytes.

The insertion counts: it comes before a commit is visible, and before it is acknowledged. To be
read by `end_of_log`.
"""

_PAGE: Final = 8192
_LONG_HEADER: Final = 40

PATIENCE_S: Final = 0.25
"""How long a probe waits for the replica before reads pass it by."""

MAX_POSITIONS: Final = 64
"""How many positions are remembered: at two a second more than a usable replica lags behind."""

_TIMELINE: Final = literal_column(
    "CASE WHEN pg_is_in_recovery() "
    "THEN (SELECT upper(lpad(to_hex(timeline_id), 8, '0')) FROM pg_control_checkpoint()) "
    "ELSE left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) END",
    Text,
)
_STATUS: Final = select(
    LOG_POSITION,
    _TIMELINE,
    literal_column("(SELECT system_identifier FROM pg_control_system())", BigInteger),
    literal_column("current_database() || '.' || coalesce(current_schema(), '')", Text),
    literal_column("pg_is_in_recovery()", Boolean),
    literal_column("pg_postmaster_start_time()", MOMENT),
)

_log: Final = logging.getLogger(__name__)


class ReplicaState(StrEnum):
    """Whether a replica is read from, and if not, why."""

    UP = "up"
    BEHIND = "behind"
    DOWN = "down"
    OTHER = "other"
    """It belongs to another database, or follows a former primary."""


def end_of_log(position: int) -> int:
    """Return the end of the last record before *position*.

    At the end of a page a primary names the place behind the next page's header, which a replica
    reaches with the next record only: an idle one would be behind for ever.
    """
    header = position % _PAGE
    return position - header if header <= _LONG_HEADER else position


@final
@frozen
class ServerStatus:
    """How far a server is in its log, and which server it is."""

    lsn: int
    timeline: str
    cluster: int
    schema: str
    in_recovery: bool
    started_at: datetime

    @classmethod
    def of(cls, executor: Executor) -> "ServerStatus":
        """Return the status of the server that *executor* reads from."""
        ((position, *others),) = executor.all(_STATUS)
        return cls(end_of_log(position), *others)

    def is_replayed_at(self, replica: "ServerStatus") -> bool:
        """Return whether *replica*, of the same history, has everything up to this position."""
        return replica.lsn >= self.lsn

    def is_followed_by(self, replica: "ServerStatus") -> bool:
        """Return whether *replica* is a standby of this primary, or is the primary itself.

        A standby that follows a former primary is on an older timeline. One that was promoted is
        in no recovery: it is of use only where the address of the primary leads to it too.
        """
        same_history = (self.timeline, self.cluster, self.schema) == (
            replica.timeline,
            replica.cluster,
            replica.schema,
        )
        is_primary = not replica.in_recovery and self.started_at == replica.started_at
        return not self.in_recovery and same_history and (replica.in_recovery or is_primary)


def ignore_age(_: float) -> None:
    """Do nothing after a probe."""


@final
@define(eq=False)
class Replica:
    """A replica of *primary*; `probe` must be called regularly, by one thread at a time.

    *on_probe* is called after each with `seconds_behind`. *clock* returns seconds and never goes
    back.
    """

    database: Database
    _primary: Database
    on_probe: Callable[[float], object] = ignore_age
    _clock: Callable[[], float] = time.monotonic

    _complete_until: float = field(init=False, default=float("-inf"))
    """The reading of the clock up to which the replica has all commits."""
    _positions: deque[tuple[float, ServerStatus]] = field(
        init=False, factory=partial(deque, maxlen=MAX_POSITIONS)
    )
    """What the replica had not replayed yet of the primary's log, and when that was read."""
    _asked_at: float = field(init=False, default=float("inf"))
    """When the probe asked the replica that has not answered yet."""
    _failure: ReplicaState | None = field(init=False, default=None)
    _logged: ReplicaState | None = field(init=False, default=ReplicaState.UP)
    _replayed: int = field(init=False, default=0)
    """How far it had replayed the log at the last probe; after a crash it begins further back."""

    @property
    def seconds_behind(self) -> float:
        """How old the data of the replica may be at most; infinite while it is not known."""
        return self._clock() - self._complete_until

    @property
    def state(self) -> ReplicaState:
        """Whether it may be read from."""
        if self._failure is not None:
            return self._failure
        if self._clock() - self._asked_at > PATIENCE_S:
            return ReplicaState.DOWN
        return ReplicaState.UP if self.seconds_behind <= MAX_BEHIND_S else ReplicaState.BEHIND

    def is_usable(self) -> bool:
        """Return whether it may be read from now."""
        return self.state is ReplicaState.UP

    def probe(self) -> None:
        """Compare the replica's position with those of the primary until now.

        While the primary does not answer nothing new is known, and the replica falls behind.
        """
        at = self._clock()
        position = self._ask(self._primary)
        self._asked_at = self._clock()
        replayed = self._ask(self.database)
        self._asked_at = float("inf")
        if replayed is None:
            self.note_failure()
        elif position is not None:
            self._forget_former_primary(position)
            self._positions.append((at, position))
            if position.is_followed_by(replayed):
                self._advance(replayed)
            else:
                self._positions.clear()
                self._fail(ReplicaState.OTHER)
        self._log_change()
        self.on_probe(self.seconds_behind)

    def note_failure(self) -> None:
        """Pass the replica by until a probe has found it well again."""
        self._fail(ReplicaState.DOWN)

    def close(self) -> None:
        """Close every idle connection."""
        self.database.close()

    def _ask(self, database: Database) -> ServerStatus | None:
        executor = Executor(database)
        try:
            return ServerStatus.of(executor)
        except Refused:
            return None
        except database.driver_error as error:
            _log.info("log position not read", extra={"error": type(error).__name__})
            return None
        finally:
            executor.release()

    def _forget_former_primary(self, status: ServerStatus) -> None:
        """Forget positions in a log that the present primary does not go on with."""
        if self._positions and self._positions[-1][1].timeline != status.timeline:
            self._positions.clear()

    def _advance(self, replayed: ServerStatus) -> None:
        if replayed.lsn < self._replayed:
            self._complete_until = float("-inf")
        self._replayed = replayed.lsn
        while self._positions and self._positions[0][1].is_replayed_at(replayed):
            self._complete_until = self._positions.popleft()[0]
        self._failure = None

    def _fail(self, state: ReplicaState) -> None:
        self._failure, self._complete_until = state, float("-inf")

    def _log_change(self) -> None:
        """Log once when reads begin to pass the replica by, and once when they go there again."""
        state, self._logged = self.state, self._logged
        if state is not self._logged:
            self._logged = state
            _log.warning(
                "the replica is %s", state.value, extra={"store": "replica", "state": state.value}
            )
