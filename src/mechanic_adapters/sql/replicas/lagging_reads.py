"""Reads from a replica: behind the primary by seconds, but never behind the reader's own writes.

A transaction notes on the row of its session when it writes, at most once a second. Before each
read from the replica the row is read on the primary: it tells of writes through other processes.
"""

import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from enum import StrEnum
from functools import partial
from threading import Lock
from typing import Final, final

from attrs import define, field
from sqlalchemy import Interval, bindparam, func, literal, select, update

from mechanic_adapters.sql.engine.column_types import KEY
from mechanic_adapters.sql.engine.database import Database
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.transaction import Transaction
from mechanic_adapters.sql.replicas.executor import ReplicaExecutor
from mechanic_adapters.sql.replicas.replica import (
    LOG_POSITION,
    MAX_BEHIND_S,
    Replica,
    ReplicaState,
    end_of_log,
)
from mechanic_adapters.sql.schema.accounts import sessions
from mechanic_core.access import Actor, SessionId

NOTE_PERIOD_S: Final = 1.0
"""How often a process notes that a session writes."""

COMMIT_S: Final = 1.0
"""How long a COMMIT may take from this process to the server, after the note."""

MAX_SESSIONS: Final = 10_000
"""How many sessions a process remembers to have written."""

_SESSION: Final = bindparam("session", type_=KEY)
_WINDOW: Final = literal(
    timedelta(seconds=MAX_BEHIND_S + NOTE_PERIOD_S + COMMIT_S), type_=Interval()
)
_NOTE: Final = (
    update(sessions).values(wrote_at=func.clock_timestamp()).where(sessions.c.id == _SESSION)
)
_POSITION_IF_QUIET: Final = select(LOG_POSITION).where(
    sessions.c.id == _SESSION,
    func.greatest(sessions.c.started_at, sessions.c.wrote_at) < func.clock_timestamp() - _WINDOW,
)
"""A new session counts as one that wrote: its person may have written without it."""


class ReadOutcome(StrEnum):
    """Where a read that may lag went, and why not to the replica."""

    REPLICA = "replica"
    OWN_WRITE = "own-write"
    BEHIND = "behind"
    AWAY = "away"


def ignore_outcome(_: str) -> None:
    """Count nothing."""


@final
@define(eq=False)
class LaggingReads:
    """Chooses between *database*, the primary, and its *replica*.

    *on_read* is called with the outcome of each read.
    """

    _database: Database
    replica: Replica
    on_read: Callable[[str], object] = ignore_outcome
    _clock: Callable[[], float] = time.monotonic

    _noted: dict[SessionId, float] = field(init=False, factory=dict)
    """When this process noted last that a session writes."""
    _lock: Lock = field(init=False, factory=Lock)

    def executor(self, reader: Actor) -> Executor:
        """Return what reads for *reader*. Raises `Unavailable`."""
        executor = ReplicaExecutor(self.replica, self._database)
        outcome = self._outcome(reader, executor)
        self.on_read(outcome)
        if outcome is ReadOutcome.REPLICA:
            return executor
        executor.release()
        return Executor(self._database)

    def note(
        self, transaction: Transaction, writers: Iterable[SessionId | None]
    ) -> Callable[[], None]:
        """Note that sessions write in *transaction*; return its commit hook."""
        at = self._clock()
        due = sorted(
            session
            for session in writers
            if session is not None and self._age(session, at) >= NOTE_PERIOD_S
        )
        for session in due:
            transaction.run(_NOTE, {"session": session})
        return partial(self._remember, due, at)

    def _outcome(self, reader: Actor, executor: ReplicaExecutor) -> ReadOutcome:
        """Return where a read of *reader* may go, which *executor* would do on the replica.

        Managers read events, and the lists from which a mirror starts must not be older than the
        position that it goes on from: for them the replica must have everything.
        """
        session = reader.session
        if session is None or self._age(session, self._clock()) < MAX_BEHIND_S:
            return ReadOutcome.OWN_WRITE
        if not self.replica.is_usable():
            return self._passed_by()
        position = self._position_if_quiet(session)
        if position is None:
            return ReadOutcome.OWN_WRITE
        if not self.replica.is_usable():
            return self._passed_by()
        if reader.is_manager and not executor.has(position):
            return ReadOutcome.BEHIND
        return ReadOutcome.REPLICA

    def _passed_by(self) -> ReadOutcome:
        is_behind = self.replica.state is ReplicaState.BEHIND
        return ReadOutcome.BEHIND if is_behind else ReadOutcome.AWAY

    def _position_if_quiet(self, session: SessionId) -> int | None:
        """Return the primary's log position, unless the session wrote lately or is gone."""
        executor = Executor(self._database)
        try:
            row = executor.first(_POSITION_IF_QUIET, {"session": session})
        finally:
            executor.release()
        return end_of_log(row[0]) if row else None

    def _age(self, session: SessionId, at: float) -> float:
        return at - self._noted.get(session, float("-inf"))

    def _remember(self, written: list[SessionId], at: float) -> None:
        with self._lock:
            for session in written:
                self._noted.pop(session, None)
                self._noted[session] = at
            while len(self._noted) > MAX_SESSIONS:
                del self._noted[next(iter(self._noted))]
