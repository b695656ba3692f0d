"""Access tokens: signed JWTs (RFC 9068), verified by the rules of RFC 8725."""

import hashlib
import json
import logging
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Final, final

from attrs import field, frozen
from attrs.validators import ge, le
from cachetools import LRUCache
from jwt import PyJWS
from jwt.exceptions import PyJWTError

from mechanic_adapters.security.claims import TYPE, InvalidToken, TokenRules, VerifiedToken
from mechanic_adapters.security.revocations import RevocationList
from mechanic_adapters.security.signing_keys import KeyRing, VerifyingKey
from mechanic_core.access import Actor
from mechanic_core.accounts.account import TokenRefused
from mechanic_core.accounts.ports import AccessTokens
from mechanic_core.values import Clock

MAX_CHARACTERS: Final = 8 * 1024
LEEWAY: Final = timedelta(seconds=10)
"""How far the clock of another machine may be ahead when it issues a token."""

MAX_LEEWAY: Final = timedelta(seconds=60)

_log = logging.getLogger(__name__)


@final
@frozen(kw_only=True, eq=False)
class JwtTokens(AccessTokens):
    """Issues and verifies signed tokens; revocation is `RevocationList`'s.

    Verified tokens are cached by their SHA-256 until they expire, at most *cache_size* of them.
    """

    _keys: KeyRing
    _now: Clock
    _life: timedelta
    _issuer: str = "mechanic-shop"
    _audience: str = "mechanic-shop"
    _leeway: timedelta = field(default=LEEWAY, validator=[ge(timedelta()), le(MAX_LEEWAY)])
    _cache_size: int = 10_000

    _rules: TokenRules = field(init=False)
    _jws: PyJWS = field(init=False)
    _keys_by_id: Mapping[str, VerifyingKey] = field(init=False)
    _verified: LRUCache[bytes, VerifiedToken] = field(init=False)
    _lock: Lock = field(init=False, factory=Lock)

    @_rules.default
    def _create_rules(self) -> TokenRules:
        return TokenRules(
            algorithm=self._keys.algorithm,
            issuer=self._issuer,
            audience=self._audience,
            life=self.life,
            leeway=int(self._leeway.total_seconds()),
        )

    @_jws.default
    def _create_jws(self) -> PyJWS:
        return PyJWS(algorithms=[self._keys.algorithm])

    @_keys_by_id.default
    def _index_keys(self) -> Mapping[str, VerifyingKey]:
        return {key.id: key for key in self._keys.verifying}

    @_verified.default
    def _create_cache(self) -> LRUCache[bytes, VerifiedToken]:
        return LRUCache(self._cache_size)

    @property
    def life(self) -> int:
        return int(self._life.total_seconds())

    def issue(self, actor: Actor, at: datetime) -> str:
        """Return a token for *actor*, valid from *at* on.

        Raises `ValueError` for an actor without a role or a session.
        """
        if actor.role is None or not actor.session:
            raise ValueError("the actor of a token needs a role and a session")
        issued = int(at.timestamp())
        claims = {
            "iss": self._rules.issuer,
            "aud": self._rules.audience,
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
            self._rules.algorithm,
            headers={"typ": TYPE, "kid": key.verifying.id},
        )

    def verify(self, token: str) -> Actor:
        """Return the actor of *token*. Raises `TokenRefused`; the failed check is only logged."""
        try:
            return self._verify(token, self._now().timestamp())
        except InvalidToken as invalid:
            _log.info("token refused", extra={"check": invalid.check})
            raise TokenRefused from None

    def public_keys(self) -> Mapping[str, Any]:
        """Return the JWK set (RFC 7517) of all accepted keys; empty for secrets."""
        return {"keys": [jwk for key in self._keys.verifying if (jwk := key.jwk)]}

    def _verify(self, token: str, at: float) -> Actor:
        if len(token) > MAX_CHARACTERS or not token.isascii():
            raise InvalidToken("size or form")
        digest = hashlib.sha256(token.encode()).digest()
        with self._lock:
            verified = self._verified.get(digest)
        if verified is None:
            verified = self._verify_signature(token, at)
            with self._lock:
                self._verified[digest] = verified
        if at >= verified.expires:
            raise InvalidToken("exp")
        return verified.actor

    def _verify_signature(self, token: str, at: float) -> VerifiedToken:
        key = self._keys_by_id.get(self._rules.key_id(token))
        if key is None:
            raise InvalidToken("kid")
        try:
            signed = self._jws.decode_complete(token, key.material, [key.algorithm])
        except PyJWTError:
            raise InvalidToken("signature") from None
        return self._rules.verify_claims(signed["payload"], at)


def authenticator(tokens: JwtTokens, revocations: RevocationList) -> Callable[[str], Actor]:
    """Return the function that authenticates a request by its access token.

    It returns the actor, or raises `TokenRefused` or `Unavailable`.
    """

    def authenticate(token: str) -> Actor:
        actor = tokens.verify(token)
        revocations.require_active(actor)
        return actor

    return authenticate
