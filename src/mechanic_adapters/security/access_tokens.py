"""Access tokens as signed JWTs (RFC 9068), read by the rules of RFC 8725."""

import hashlib
import json
import logging
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Final, final

from attrs import field, frozen
from attrs.validators import ge, le
from cachetools import LRUCache
from jwt import PyJWS
from jwt.exceptions import PyJWTError

from mechanic_adapters.security.claims import (
    MOST_CHARACTERS,
    TYPE,
    Expected,
    Proven,
    UnfitToken,
    must,
)
from mechanic_adapters.security.signing_keys import KeyRing, VerifyingKey
from mechanic_core.access import Actor
from mechanic_core.accounts.account import TokenRefused
from mechanic_core.accounts.ports import AccessTokens
from mechanic_core.values import Clock

LEEWAY: Final = timedelta(seconds=10)
"""How far another machine's clock may be ahead when it issues a token."""

MOST_LEEWAY: Final = timedelta(seconds=60)

_log = logging.getLogger(__name__)


@final
@frozen(kw_only=True, eq=False)
class JwtTokens(AccessTokens):
    """Signs access tokens, and reads them back.

    A token that was proven once is remembered by its SHA-256, up to *remembered* of them, and
    not beyond its end. Whether its session goes on is not looked at here: see `Revocations`.
    """

    _keys: KeyRing
    _now: Clock
    _life: timedelta
    _issuer: str = "mechanic-shop"
    _audience: str = "mechanic-shop"
    _leeway: timedelta = field(default=LEEWAY, validator=[ge(timedelta()), le(MOST_LEEWAY)])
    _remembered: int = 10_000

    _expected: Expected = field(init=False)
    _jws: PyJWS = field(init=False)
    _accepted: Mapping[str, VerifyingKey] = field(init=False)
    _proven: LRUCache[bytes, Proven] = field(init=False)
    _lock: Lock = field(init=False, factory=Lock)

    @_expected.default
    def _expect(self) -> Expected:
        return Expected(
            algorithm=self._keys.algorithm,
            issuer=self._issuer,
            audience=self._audience,
            life=self.life,
            leeway=int(self._leeway.total_seconds()),
        )

    @_jws.default
    def _only_our_algorithm(self) -> PyJWS:
        return PyJWS(algorithms=[self._keys.algorithm])

    @_accepted.default
    def _by_id(self) -> Mapping[str, VerifyingKey]:
        return {key.id: key for key in self._keys.verifying}

    @_proven.default
    def _nothing_proven(self) -> LRUCache[bytes, Proven]:
        return LRUCache(self._remembered)

    @property
    def life(self) -> int:
        """How long a token is good for, in seconds."""
        return int(self._life.total_seconds())

    def issue(self, actor: Actor, at: datetime) -> str:
        """Return a token that speaks for *actor*, who must have a role and a session."""
        if actor.role is None or not actor.session:
            raise ValueError("a token speaks for somebody who has logged in")
        issued = int(at.timestamp())
        claims = {
            "iss": self._expected.issuer,
            "aud": self._expected.audience,
            "sub": str(actor.id),
            "role": actor.role.value,
            "sid": actor.session,
            "iat": issued,
            "nbf": issued,
            "exp": issued + self.life,
            "jti": secrets.token_urlsafe(12),
        }
        key = self._keys.current
        return self._jws.encode(
            json.dumps(claims, separators=(",", ":")).encode(),
            key.material,
            self._keys.algorithm,
            headers={"typ": TYPE, "kid": key.verifying.id},
        )

    def read(self, token: str) -> Actor:
        """Return who *token* speaks for. Raises `TokenRefused`; why is only logged."""
        at = self._now().timestamp()
        try:
            must(len(token) <= MOST_CHARACTERS and token.isascii(), "size or form")
            digest = hashlib.sha256(token.encode()).digest()
            known = self._known(digest)
            if known is None:
                known = self._prove(token, at)
                with self._lock:
                    self._proven[digest] = known
            must(at < known.expires, "exp")
        except UnfitToken as unfit:
            _log.info("token refused", extra={"check": unfit.check})
            raise TokenRefused from None
        return known.actor

    def public_keys(self) -> Mapping[str, Any]:
        """Return the JWK set (RFC 7517) of all accepted keys; empty where they are secrets."""
        published = (key.published for key in self._keys.verifying)
        return {"keys": [key for key in published if key]}

    def _known(self, digest: bytes) -> Proven | None:
        with self._lock:
            try:
                return self._proven[digest]
            except KeyError:
                return None

    def _prove(self, token: str, at: float) -> Proven:
        key = self._accepted.get(self._expected.key_id(token))
        if key is None:
            raise UnfitToken("kid")
        try:
            signed = self._jws.decode_complete(token, key.material, [key.algorithm])
        except PyJWTError:
            raise UnfitToken("signature") from None
        return self._expected.proven(signed["payload"], at)
