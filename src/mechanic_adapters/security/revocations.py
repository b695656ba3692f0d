"""Revocation of access tokens whose session has ended, without a query per request.

A session that this process sees for the first time is looked up in the store. From then on the
list of revoked sessions is enough: it is read at most every two seconds, by the request that comes
then. A session revoked by this process is refused from the next request on, one revoked by another
process within five seconds; if the list cannot be refreshed for longer, requests with tokens are
refused as `Unavailable`.

No wall clock is involved: revocations are numbered by the store. A new epoch of the store, as after
the restore of a backup, makes the process forget every session that it knows.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Lock
from typing import Final, final

from attrs import define, field

from mechanic_core.access import Actor, SessionId
from mechanic_core.accounts.account import TokenRefused
from mechanic_core.accounts.ports import RevokedSessions
from mechanic_core.errors import Unavailable
from mechanic_core.unit_of_work import ReadOnly, Work

REFRESH_S: Final = 2.0
"""Age in seconds at which a request refreshes the list."""

MAX_AGE_S: Final = 5.0
"""Age in seconds up to which the list is used while it cannot be refreshed."""

RETRY_S: Final = 0.5
"""Seconds between two attempts while the store is unavailable."""

FIRST_READ: Final = 1000
"""How many earlier revocations the first reading includes: one with a smaller number than the
latest may be committed after it."""

MAX_SESSIONS: Final = 50_000
"""How many sessions a process remembers."""

SESSIONS: Final = "sessions"

_END: Final = 2**62

_log = logging.getLogger(__name__)


def ignore_epoch() -> None:
    """Do nothing when a new epoch begins."""


@final
@define(eq=False)
class RevocationList:
    """The sessions that this process knows: active ones, and those lately revoked.

    Subscribe `invalidate` to the store. *clock* returns seconds and never goes back.
    *on_new_epoch* is called before the first answer that rests on a new epoch of the store, and
    so before the very first one.
    """

    _read_only: ReadOnly
    _token_life: timedelta
    _clock: Callable[[], float] = time.monotonic
    _on_new_epoch: Callable[[], object] = ignore_epoch
    _max_sessions: int = MAX_SESSIONS

    _known: dict[SessionId, Actor] = field(init=False, factory=dict)
    """The holder of each active session that was looked up."""
    _revoked: frozenset[SessionId] = field(init=False, default=frozenset())
    _epoch: str | None = field(init=False, default=None)
    _positions: tuple[int, int] = field(init=False, default=(_END, _END))
    """After which number to read, and the position that replaces it: at least the life of a token
    old, so that no revocation is missed whose transaction was open for shorter than that."""
    _advanced_at: float = field(init=False, default=0.0)
    _refreshed_at: float = field(init=False, default=float("-inf"))
    _retry_at: float = field(init=False, default=float("-inf"))
    _latest_commit: object = field(init=False, factory=object)
    _known_commit: object = field(init=False, default=None)
    _refreshing: Lock = field(init=False, factory=Lock)
    _remembering: Lock = field(init=False, factory=Lock)

    def invalidate(self, nouns: frozenset[str]) -> None:
        """Refresh the list with the next request, if a commit wrote sessions."""
        if SESSIONS in nouns:
            self._latest_commit = object()  # unique, whichever thread assigns last

    def require_active(self, actor: Actor) -> None:
        """Raise `TokenRefused` unless the session of *actor* is stored and not revoked.

        Raises `Unavailable` when the list is too old, or the session cannot be looked up.
        """
        age = self._clock() - self._refreshed_at
        if age > REFRESH_S or self._latest_commit is not self._known_commit:
            self._refresh_if_needed(age)
        session, known = actor.session, self._known
        if session is not None and session not in self._revoked:
            holder = known.get(session)
            if holder is actor or holder == actor or self._look_up(actor, session, known):
                return
        _log.info("token refused", extra={"check": "session"})
        raise TokenRefused

    def refresh_if_due(self) -> None:
        """Refresh the list if it is two seconds old, unless another thread does.

        For requests that authenticate nobody but use what was made of the store's data.
        """
        if self._clock() - self._refreshed_at <= REFRESH_S:
            return
        if self._refreshing.acquire(blocking=False):
            try:
                self._refresh(urgent=False)
            finally:
                self._refreshing.release()

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
            with self._view(at) as work:
                revoked = work.revocations.revoked_after(self._positions[0])
                if revoked.epoch != self._epoch:
                    self._begin_epoch(revoked, at)
                    revoked = work.revocations.revoked_after(self._positions[0])
        except Unavailable:
            if urgent:
                raise
            return
        self._revoked, self._refreshed_at, self._known_commit = revoked.ids, at, commit
        self._forget(revoked.ids)
        if at - self._advanced_at >= self._token_life.total_seconds():
            self._positions, self._advanced_at = (self._positions[1], revoked.position), at

    def _begin_epoch(self, revoked: RevokedSessions, at: float) -> None:
        """Forget everything; a thread that looks a session up meanwhile writes to the old dict."""
        self._known = {}
        first = max(0, revoked.position - FIRST_READ)
        self._positions, self._advanced_at = (first, first), at
        self._on_new_epoch()
        self._epoch = revoked.epoch

    def _forget(self, ids: frozenset[SessionId]) -> None:
        with self._remembering:
            for session in ids & self._known.keys():
                del self._known[session]

    def _look_up(self, actor: Actor, session: SessionId, known: dict[SessionId, Actor]) -> bool:
        """Return whether the session of *actor* is active; if so, remember it in *known*."""
        with self._view(self._clock()) as work:
            is_active = work.revocations.is_active(actor)
        if is_active:
            with self._remembering:
                known[session] = actor
                if len(known) > self._max_sessions:
                    del known[next(iter(known))]
        return is_active

    @contextmanager
    def _view(self, at: float) -> Iterator[Work]:
        """Open a view of the store; during an outage try it twice a second only."""
        if at < self._retry_at:
            raise Unavailable
        try:
            with self._read_only() as work:
                yield work
        except Unavailable:
            self._retry_at = self._clock() + RETRY_S
            raise
