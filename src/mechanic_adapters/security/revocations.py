"""Revocation of access tokens whose session has ended, without a query per request.

The sessions revoked within the life of a token are read from the store at most every two seconds,
by the request that comes then. A session revoked by this process is refused from the next request
on, one revoked by another process within five seconds; if the list cannot be refreshed for longer,
requests with tokens are refused as `Unavailable`.
"""

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from threading import Lock
from typing import Final, final

from attrs import define, field

from mechanic_core.access import Actor, SessionId
from mechanic_core.accounts.account import TokenRefused
from mechanic_core.errors import Unavailable
from mechanic_core.unit_of_work import ReadOnly
from mechanic_core.values import Clock

REFRESH_S: Final = 2.0
"""Age in seconds at which a request refreshes the list."""

MAX_AGE_S: Final = 5.0
"""Age in seconds up to which the list is used while it cannot be refreshed."""

RETRY_S: Final = 0.5
"""Seconds between two attempts while the store is unavailable."""

MARGIN: Final = timedelta(seconds=60)
"""Sessions are listed for this much longer than the life of a token: clocks differ."""

SESSIONS: Final = "sessions"

_log = logging.getLogger(__name__)


@final
@define(eq=False)
class RevocationList:
    """The lately revoked sessions, as known to this process.

    Subscribe `invalidate` to the store. *clock* returns seconds and never goes back.
    """

    _read_only: ReadOnly
    _now: Clock
    _token_life: timedelta
    _clock: Callable[[], float] = time.monotonic

    _revoked: frozenset[SessionId] = field(init=False, default=frozenset())
    _refreshed_at: float = field(init=False, default=float("-inf"))
    _retry_at: float = field(init=False, default=float("-inf"))
    _latest_commit: object = field(init=False, factory=object)
    _known_commit: object = field(init=False, default=None)
    _refreshing: Lock = field(init=False, factory=Lock)

    def invalidate(self, nouns: frozenset[str]) -> None:
        """Refresh the list with the next request, if a commit wrote sessions."""
        if SESSIONS in nouns:
            self._latest_commit = object()  # unique, whichever thread assigns last

    def require_active(self, actor: Actor) -> None:
        """Raise `TokenRefused` if the session of *actor* is revoked.

        Raises `Unavailable` when the list is too old.
        """
        age = self._clock() - self._refreshed_at
        if age > REFRESH_S or self._latest_commit is not self._known_commit:
            self._refresh_if_needed(age)
        if actor.session in self._revoked:
            _log.info("token refused", extra={"check": "revoked"})
            raise TokenRefused

    def _refresh_if_needed(self, age: float) -> None:
        urgent = age > MAX_AGE_S or self._latest_commit is not self._known_commit
        if not self._refreshing.acquire(blocking=urgent):
            return  # another thread refreshes the list, and it is new enough meanwhile
        try:
            is_due = self._clock() - self._refreshed_at > REFRESH_S
            if is_due or self._latest_commit is not self._known_commit:
                self._refresh(urgent=urgent)
        finally:
            self._refreshing.release()

    def _refresh(self, *, urgent: bool) -> None:
        at, commit = self._clock(), self._latest_commit
        try:
            revoked = self._read(at)
        except Unavailable:
            if urgent:
                raise
        else:
            self._revoked, self._refreshed_at, self._known_commit = revoked, at, commit

    def _read(self, at: float) -> frozenset[SessionId]:
        if at < self._retry_at:
            raise Unavailable
        try:
            with self._read_only() as work:
                return work.revocations.revoked_since(self._now() - self._token_life - MARGIN)
        except Unavailable:
            self._retry_at = self._clock() + RETRY_S
            raise
