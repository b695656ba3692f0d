"""The keys that sign access tokens, and those that are only still accepted."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from typing import Any, Final, final

from attrs import field, frozen
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from jwt.algorithms import HMACAlgorithm, RSAAlgorithm
from jwt.exceptions import InvalidKeyError

HS256: Final = "HS256"
RS256: Final = "RS256"
ALGORITHMS: Final = (HS256, RS256)

LEAST_SECRET_BYTES: Final = 32
LEAST_RSA_BITS: Final = 2048
NEW_RSA_BITS: Final = 3072


class UnfitKeyError(ValueError):
    """A key that tokens cannot be trusted to."""


@final
@frozen
class VerifyingKey:
    """What tells that a token is ours. *id* is what the token's `kid` must say."""

    id: str
    algorithm: str
    material: bytes | rsa.RSAPublicKey = field(repr=False)

    @property
    def published(self) -> dict[str, str] | None:
        """The key as a JWK (RFC 7517) where it is public; None for a secret."""
        if not isinstance(self.material, rsa.RSAPublicKey):
            return None
        return {
            **_members(self.material),
            "kid": self.id,
            "use": "sig",
            "alg": self.algorithm,
        }


@final
@frozen
class SigningKey:
    """What tokens are signed with, and what proves it."""

    material: bytes | rsa.RSAPrivateKey = field(repr=False)
    verifying: VerifyingKey


@final
@frozen
class KeyRing:
    """The key that signs, and former ones that are accepted while they are rotated out.

    All are for one algorithm, which is the configuration's choice and never a token's.
    """

    current: SigningKey
    previous: tuple[VerifyingKey, ...] = ()

    @property
    def algorithm(self) -> str:
        """The one algorithm that tokens may have."""
        return self.current.verifying.algorithm

    @property
    def verifying(self) -> tuple[VerifyingKey, ...]:
        """Every key that is accepted, the signing one first."""
        return self.current.verifying, *self.previous


def secret_keys(secret: str | bytes, previous: Iterable[str | bytes] = ()) -> KeyRing:
    """Return the ring for HS256. Raises `UnfitKeyError`."""
    current = _secret(secret)
    return KeyRing(
        SigningKey(current, _of_secret(current)),
        tuple(_of_secret(_secret(former)) for former in previous),
    )


def rsa_keys(pem: str | bytes, previous: Iterable[str | bytes] = ()) -> KeyRing:
    """Return the ring for RS256 from a private PEM; former keys may be private or public.

    Raises `UnfitKeyError`.
    """
    private = _private(pem)
    return KeyRing(
        SigningKey(private, _of_rsa(private.public_key())),
        tuple(_of_rsa(_public(former)) for former in previous),
    )


def new_rsa_key() -> str:
    """Return a new private key for RS256 as PEM (PKCS #8, not encrypted)."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=NEW_RSA_BITS)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem.decode("ascii")


def thumbprint(key: rsa.RSAPublicKey) -> str:
    """Return the SHA-256 thumbprint of a public key (RFC 7638)."""
    canonical = json.dumps(_members(key), separators=(",", ":"), sort_keys=True)
    return _base64url(hashlib.sha256(canonical.encode()).digest())


def _members(key: rsa.RSAPublicKey) -> dict[str, str]:
    """Return the members of a JWK that make the key, and no others."""
    jwk: dict[str, Any] = RSAAlgorithm.to_jwk(key, as_dict=True)
    return {name: str(jwk[name]) for name in ("e", "kty", "n")}


def _secret(text: str | bytes) -> bytes:
    secret = text.encode() if isinstance(text, str) else text
    if len(secret) < LEAST_SECRET_BYTES:
        raise UnfitKeyError(f"a secret needs {LEAST_SECRET_BYTES} bytes or more")
    try:  # PyJWT knows every form of an RSA key that could be passed off as a secret
        return HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(secret)
    except InvalidKeyError as error:
        raise UnfitKeyError("a key of another algorithm cannot be a secret") from error


def _of_secret(secret: bytes) -> VerifyingKey:
    name = hmac.digest(secret, b"mechanic-shop kid", "sha256")[:12]
    return VerifyingKey(_base64url(name), HS256, secret)


def _of_rsa(key: rsa.RSAPublicKey) -> VerifyingKey:
    if key.key_size < LEAST_RSA_BITS:
        raise UnfitKeyError(f"an RSA key needs {LEAST_RSA_BITS} bits or more")
    return VerifyingKey(thumbprint(key), RS256, key)


def _private(pem: str | bytes) -> rsa.RSAPrivateKey:
    try:
        key = load_pem_private_key(_encoded(pem), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UnfitKeyError("not a private key in PEM without a password") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise UnfitKeyError("not an RSA key")
    return key


def _public(pem: str | bytes) -> rsa.RSAPublicKey:
    if b"PRIVATE KEY" in _encoded(pem):
        return _private(pem).public_key()
    try:
        key = load_pem_public_key(_encoded(pem))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UnfitKeyError("not a key in PEM") from error
    if not isinstance(key, rsa.RSAPublicKey):
        raise UnfitKeyError("not an RSA key")
    return key


def _encoded(pem: str | bytes) -> bytes:
    return pem.encode() if isinstance(pem, str) else pem


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
