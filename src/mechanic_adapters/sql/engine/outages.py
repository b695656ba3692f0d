"""Outages of a database: why it takes no reads or no writes, and since when."""

import time
from collections.abc import Callable
from enum import StrEnum
from queue import Empty
from threading import Lock
from typing import Final, TypeAlias, final

from attrs import define, field, frozen

from mechanic_adapters.sql.engine.driver_errors import reason_of
from mechanic_adapters.sql.engine.postgres.connection_failures import refusal_in
from mechanic_adapters.sql.engine.postgres.session_settings import SessionUnfit
from mechanic_core.errors import LostRace, Unavailable

QUIET_S: Final = 1.0
"""An outage is over when something succeeds that long after the last failure."""


@final
@frozen
class Cause:
    """Why a database takes no reads or writes: in words, and its SQLSTATE or SQLite's name."""

    reason: str
    code: str = ""

    def __str__(self) -> str:
        """Return the reason, with the code if there is one."""
        return f"{self.reason} ({self.code})" if self.code else self.reason


_MOMENTARY: Final = frozenset({"missing rights", "statement timed out", "transaction timed out"})
"""Reasons why one statement fails, while others may succeed."""

BUSY: Final = Cause("every connection of this process is in use")
READ_ONLY: Final = Cause("read only", "25006")
UNFIT: Final = Cause("sessions have wrong settings")


def cause_of(error: BaseException) -> Cause:
    """Return the cause that a driver's *error*, or SQLAlchemy's about it, stands for."""
    if isinstance(error, Empty):
        return BUSY
    if isinstance(error, SessionUnfit):
        return UNFIT
    error = getattr(error, "orig", None) or error
    code = getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None)
    if not code:
        refusal = refusal_in(str(error))
        if refusal.is_tls:
            return Cause("TLS refused")
        code = refusal.code
    return Cause(reason_of(code), code)


@final
class Use(StrEnum):
    """What a database is used for."""

    READING = "reading"
    WRITING = "writing"
    ADMISSION = "admission"
    """Any use of the records, before a check has let them be used."""


@final
class Phase(StrEnum):
    """How far an outage has come."""

    BEGUN = "begun"
    MOMENTARY = "momentary"
    """It was one statement's."""
    OVER = "over"


@final
@frozen
class Outage:
    """An outage, and how many seconds it has lasted."""

    cause: Cause
    phase: Phase = Phase.BEGUN
    seconds: float = 0.0


OutageListener: TypeAlias = Callable[[Outage], None]


def ignore_outage(_: Outage) -> None:
    """Do nothing."""


@final
@define
class _State:
    """What is known about one use."""

    cause: Cause | None = None
    since: float = 0.0
    failed_at: float = -QUIET_S

    def fails_by(self, cause: Cause) -> bool:
        """Return whether the use fails by a cause of this kind; codes of one kind may differ."""
        return self.cause is not None and self.cause.reason == cause.reason


@final
@define(eq=False)
class Outages:
    """The present outages of one database.

    The listener hears of an outage once when it begins or its cause changes, and once when it is
    over, however many uses fail, and although some may succeed meanwhile. What fails one statement
    alone, it hears of each time.
    """

    _clock: Callable[[], float] = time.monotonic

    is_any: bool = field(init=False, default=False)
    """Whether there is an outage: of a success it need not be told otherwise."""

    _listener: OutageListener = field(init=False, default=ignore_outage)
    _states: dict[Use, _State] = field(init=False, factory=lambda: {use: _State() for use in Use})
    _lock: Lock = field(init=False, factory=Lock)

    def listen(self, listener: OutageListener) -> None:
        """Call *listener* with each change from now on, and with the present outages."""
        with self._lock:
            self._listener = listener
            causes = {state.cause for state in self._states.values() if state.cause}
        for cause in causes:
            listener(Outage(cause))

    def failed(self, use: Use, error: BaseException) -> None:
        """Note what made a use fail, unless *error* is no outage, as a lost race is none."""
        # There is none if the outage is of something else.
        driver_error = error if isinstance(error, SessionUnfit) else error.__cause__
        is_outage = isinstance(error, Unavailable) and not isinstance(error, LostRace)
        if is_outage and driver_error is not None:
            cause = cause_of(driver_error)
            if cause.reason in _MOMENTARY:
                self._listener(Outage(cause, Phase.MOMENTARY))
            else:
                self.begin(use, cause)

    def begin(self, use: Use, cause: Cause) -> None:
        """Note that a use failed because of *cause*."""
        with self._lock:
            state = self._states[use]
            state.failed_at = self._clock()
            if state.fails_by(cause):
                return
            is_new = not any(other.fails_by(cause) for other in self._states.values())
            if state.cause is None:
                state.since = state.failed_at
            state.cause = cause
            self.is_any = True
        if is_new:
            self._listener(Outage(cause))

    def succeeded(self, use: Use) -> None:
        """Note that a use succeeded: what the other one fails by, if it is the same, is over too."""
        state = self._states[use]
        if state.cause is not None:
            self._end(state, QUIET_S)

    def end(self, use: Use) -> None:
        """Note that a use will not fail again by what it failed by, however lately."""
        self._end(self._states[use], 0)

    def has_just_failed(self, use: Use) -> bool:
        """Return whether a use failed within the last second."""
        return self._clock() - self._states[use].failed_at < QUIET_S

    def cause(self, use: Use) -> Cause | None:
        """Return by what a use fails at present; None if it does not."""
        return self._states[use].cause

    def _end(self, state: _State, quiet_s: float) -> None:
        with self._lock:
            now, cause = self._clock(), state.cause
            if cause is None:
                return
            ending = [one for one in self._states.values() if one.fails_by(cause)]
            if any(now - one.failed_at < quiet_s for one in ending):
                return
            seconds = max(now - one.since for one in ending)
            for one in ending:
                one.cause = None
            self.is_any = any(one.cause for one in self._states.values())
        self._listener(Outage(cause, Phase.OVER, seconds))
