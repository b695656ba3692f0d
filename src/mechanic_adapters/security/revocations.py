"""Sessions that have ended stop their access tokens too, without a statement per request.

The sessions ended lately, for as long as a token may outlive its session, are read from the
store every two seconds at most, by whichever request comes then. A session that was ended in
this process is known to the next request; one that was ended in another process is known
within five seconds, or requests with tokens are refused as `Unavailable`.
"""

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from threading import Lock
from typing import Final, Protocol, final

from attrs import define, field

from mechanic_core.access import Actor, SessionId
from mechanic_core.accounts.account import TokenRefused
from mechanic_core.errors import Unavailable
from mechanic_core.unit_of_work import ReadOnly
from mechanic_core.values import Clock

DUE_S: Final = 2.0
"""How old what we know may be before a request goes to ask."""

STALE_S: Final = 5.0
"""How old it may be before nobody is let in on the strength of it."""

RETRY_S: Final = 0.5
"""How long a store that did not answer is left alone."""

MARGIN: Final = timedelta(seconds=60)
"""What a token may outlive its session by, beyond its life: clocks differ, commits take time."""

SESSIONS: Final = "sessions"

_log = logging.getLogger(__name__)


class TokenReader(Protocol):
    """Tells who a token speaks for."""

    def read(self, token: str) -> Actor:
        """Return who *token* speaks for, or raise `TokenRefused`."""
        ...


@final
@define(eq=False)
class Revocations:
    """The sessions ended lately, as this process knows them.

    Subscribe `touched` to the store. *ticks* is a clock in seconds that never goes back.
    """

    _read_only: ReadOnly
    _now: Clock
    _token_life: timedelta
    _ticks: Callable[[], float] = time.monotonic

    _ended: frozenset[SessionId] = field(init=False, default=frozenset())
    _asked_at: float = field(init=False, default=float("-inf"))
    _retry_at: float = field(init=False, default=float("-inf"))
    _told: object = field(init=False, factory=object)
    _heard: object = field(init=False, default=None)
    _asking: Lock = field(init=False, factory=Lock)

    def touched(self, nouns: frozenset[str]) -> None:
        """Ask again before the next request, if the commit was about sessions."""
        if SESSIONS in nouns:
            self._told = object()  # like no other, whichever thread comes last

    def admit(self, actor: Actor) -> None:
        """Refuse whoever's session has ended.

        Raises `TokenRefused`, and `Unavailable` when that cannot be told.
        """
        age = self._ticks() - self._asked_at
        if age > DUE_S or self._told is not self._heard:
            self._ask_if_needed(age)
        if actor.session in self._ended:
            _log.info("token refused", extra={"check": "revoked"})
            raise TokenRefused

    def _ask_if_needed(self, age: float) -> None:
        urgent = age > STALE_S or self._told is not self._heard
        if not self._asking.acquire(blocking=urgent):
            return  # somebody is asking, and what we know is good enough meanwhile
        try:
            if self._ticks() - self._asked_at > DUE_S or self._told is not self._heard:
                self._ask(urgent=urgent)
        finally:
            self._asking.release()

    def _ask(self, *, urgent: bool) -> None:
        at, told = self._ticks(), self._told
        try:
            ended = self._ended_lately(at)
        except Unavailable:
            if urgent:
                raise
        else:
            self._ended, self._asked_at, self._heard = ended, at, told

    def _ended_lately(self, at: float) -> frozenset[SessionId]:
        if at < self._retry_at:
            raise Unavailable
        try:
            with self._read_only() as work:
                return work.revocations.revoked_since(self._now() - self._token_life - MARGIN)
        except Unavailable:
            self._retry_at = self._ticks() + RETRY_S
            raise


def authenticator(tokens: TokenReader, revocations: Revocations) -> Callable[[str], Actor]:
    """Return what tells from a token who is asking: both must let it pass."""

    def authenticate(token: str) -> Actor:
        actor = tokens.read(token)
        revocations.admit(actor)
        return actor

    return authenticate
