"""Outages of a database: why it takes no reads or no writes, and since when."""

import re
import time
from collections.abc import Callable
from enum import StrEnum
from queue import Empty
from threading import Lock
from typing import Final, TypeAlias, final

from attrs import define, field, frozen

from mechanic_core.errors import LostRace, Unavailable

QUIET_S: Final = 1.0
"""An outage is over when something succeeds that long after the last failure."""

_BY_CODE: Final = (
    ("25006|SQLITE_READONLY", "read only"),
    ("25P0[34]", "transaction timed out"),
    ("28P01", "wrong password"),
    ("28", "login refused"),
    ("3D000", "no such database"),
    ("42501", "missing rights"),
    ("53100|SQLITE_FULL", "disk full"),
    ("53300", "slots full"),
    ("53|SQLITE_NOMEM", "out of resources"),
    ("55P03|SQLITE_(BUSY|LOCKED)", "locked"),
    ("57014", "statement timed out"),
    ("58|SQLITE_IOERR", "input/output error"),
    ("SQLITE_CANTOPEN", "file cannot be opened"),
    ("SQLITE_(NOTADB|CORRUPT)", "file damaged"),
)
"""Reasons by how an SQLSTATE, or SQLite's name of an error, begins; the first one counts."""

_BY_TEXT: Final = (
    ("password authentication failed", "28P01"),
    (
        "no pg_hba.conf entry|pg_hba.conf rejects|role .* does not exist|not permitted to log",
        "28000",
    ),
    ("FATAL: +database .* (does not exist|is not currently accepting)", "3D000"),
    ("FATAL: +permission denied", "42501"),
    ("too many (clients|connections)|remaining connection slots", "53300"),
    ("database system is|not yet accepting connections", "57P03"),
)
"""SQLSTATEs of refused connections by what the server says: libpq tells no code for them."""

_TLS: Final = re.compile(r"SSL|TLS|certificate|encryption", re.IGNORECASE)


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

AWAY: Final = Cause("database away")
BUSY: Final = Cause("every connection of this process is in use")
READ_ONLY: Final = Cause("read only", "25006")


def cause_of(error: BaseException) -> Cause:
    """Return the cause that a driver's *error*, or SQLAlchemy's about it, stands for."""
    if isinstance(error, Empty):
        return BUSY
    error = getattr(error, "orig", None) or error
    text = str(error)
    code = getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None) or ""
    if not code:
        code = next((code for said, code in _BY_TEXT if re.search(said, text)), "")
        if not code and _TLS.search(text.partition("failed: ")[2]):
            return Cause("TLS refused")
    reason = next((reason for begins, reason in _BY_CODE if re.match(begins, code)), AWAY.reason)
    return Cause(reason, code)


@final
class Use(StrEnum):
    """What a database is used for."""

    READING = "reading"
    WRITING = "writing"


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
        driver_error = error.__cause__  # None if the outage is of something else
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
            self._end(state)

    def has_just_failed(self, use: Use) -> bool:
        """Return whether a use failed within the last second."""
        return self._clock() - self._states[use].failed_at < QUIET_S

    def cause(self, use: Use) -> Cause | None:
        """Return by what a use fails at present; None if it does not."""
        return self._states[use].cause

    def _end(self, state: _State) -> None:
        with self._lock:
            now, cause = self._clock(), state.cause
            if cause is None:
                return
            ending = [one for one in self._states.values() if one.fails_by(cause)]
            if any(now - one.failed_at < QUIET_S for one in ending):
                return
            seconds = max(now - one.since for one in ending)
            for one in ending:
                one.cause = None
            self.is_any = any(one.cause for one in self._states.values())
        self._listener(Outage(cause, Phase.OVER, seconds))
