"""Access tokens with any header, claims and signature, as an attacker makes them."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, final

from attrs import evolve, field, frozen
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mechanic_adapters.security.access_tokens import JwtTokens
from mechanic_adapters.security.signing_keys import KeyRing, rsa_keys, secret_keys
from mechanic_core.access import Actor, Role, SessionId
from tests.shops import ManualClock
from tests.strategies import NOON

LIFE: Final = timedelta(minutes=30)
ACTOR: Final = Actor(Role.CUSTOMER, 7, SessionId("session-1"))


def private_pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    """Return *key* as PEM."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


PEM: Final = private_pem(rsa.generate_private_key(65537, 2048))
OTHER_PEM: Final = private_pem(rsa.generate_private_key(65537, 2048))
SHORT_PEM: Final = private_pem(rsa.generate_private_key(65537, 1024))  # noqa: S505 - to be refused
CURVE_PEM: Final = private_pem(ec.generate_private_key(ec.SECP256R1()))
RINGS: Final[Mapping[str, KeyRing]] = {
    "HS256": secret_keys("a secret of thirty-two bytes or more"),
    "RS256": rsa_keys(PEM),
}
STRANGERS: Final[Mapping[str, KeyRing]] = {
    "HS256": secret_keys("another secret of thirty-two bytes"),
    "RS256": rsa_keys(OTHER_PEM),
}


@final
@frozen
class Forgery:
    """A token with any header, claims and signing key."""

    ring: KeyRing
    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    without: tuple[str, ...] = field(default=())

    def with_claims(self, **claims: Any) -> "Forgery":
        """Return the token with other claims."""
        return evolve(self, claims={**self.claims, **claims})

    def without_members(self, names: tuple[str, ...]) -> "Forgery":
        """Return the token without those members of header and claims."""
        return evolve(self, without=names)

    def with_members(self, **members: Any) -> "Forgery":
        """Return the token with other header members."""
        return evolve(self, header={**self.header, **members})

    def signed_by(self, ring: KeyRing) -> "Forgery":
        """Return the token signed with another key but the same `kid`."""
        return evolve(self, ring=ring)

    def __str__(self) -> str:
        """Return the token, signed."""
        return signed(self.ring, json.dumps(self._remaining(self.header)), self._payload())

    def with_header(self, header: str | bytes) -> str:
        """Return the token with *header*, encoded and signed as it is."""
        return signed(self.ring, header, self._payload())

    def with_payload(self, payload: str | bytes) -> str:
        """Return the token with *payload*, encoded and signed as it is."""
        return signed(self.ring, json.dumps(self._remaining(self.header)), payload)

    def _payload(self) -> str:
        return json.dumps(self._remaining(self.claims))

    def _remaining(self, members: Mapping[str, Any]) -> dict[str, Any]:
        return {name: member for name, member in members.items() if name not in self.without}


def tokens_of(ring: KeyRing, clock: ManualClock, **options: Any) -> JwtTokens:
    """Return the issuer and verifier of tokens for *ring*."""
    return JwtTokens(keys=ring, now=clock, life=LIFE, **options)


def genuine(ring: KeyRing) -> Forgery:
    """Return a valid token, issued at noon."""
    noon = int(NOON.timestamp())
    key = ring.current.verifying
    return Forgery(
        ring,
        {"alg": key.algorithm, "kid": key.id, "typ": "at+jwt"},
        {
            "iss": "mechanic-shop",
            "aud": "mechanic-shop",
            "sub": "7",
            "role": "customer",
            "sid": "session-1",
            "iat": noon,
            "nbf": noon,
            "exp": noon + int(LIFE.total_seconds()),
            "jti": "token-1",
        },
    )


def signed(ring: KeyRing, header: str | bytes, payload: str | bytes) -> str:
    """Return the token of *header* and *payload*, signed with *ring*."""
    content = f"{segment(header)}.{segment(payload)}"
    return f"{content}.{segment(signature(ring.current.material, content))}"


def signature(key: bytes | rsa.RSAPrivateKey, content: str) -> bytes:
    """Return the signature of *content* with *key*."""
    if isinstance(key, bytes):
        return hmac.digest(key, content.encode(), hashlib.sha256)
    return key.sign(content.encode(), padding.PKCS1v15(), SHA256())


def segment(data: str | bytes) -> str:
    """Return *data* as one part of a token (base64url)."""
    data = data.encode() if isinstance(data, str) else data
    return urlsafe_b64encode(data).rstrip(b"=").decode()
