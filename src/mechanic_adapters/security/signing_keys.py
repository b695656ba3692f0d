"""The keys that sign and verify access tokens: a secret (HS256) or an RSA key (RS256)."""

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

MIN_SECRET_BYTES: Final = 32
MIN_RSA_BITS: Final = 2048
NEW_RSA_BITS: Final = 3072


class UnsuitableKeyError(ValueError):
    """A key that is malformed, too short or of another algorithm."""


@final
@frozen
class VerifyingKey:
    """A key that verifies signatures; *id* is the `kid` of the tokens that it verifies."""

    id: str
    algorithm: str
    material: bytes | rsa.RSAPublicKey = field(repr=False)

    @property
    def jwk(self) -> dict[str, str] | None:
        """The public key as a JWK (RFC 7517); None for a secret."""
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
    """A key that signs tokens, and the one that verifies them."""

    material: bytes | rsa.RSAPrivateKey = field(repr=False)
    verifying: VerifyingKey


@final
@frozen
class KeyRing:
    """The current key, and previous ones that are still accepted (key rotation).

    All are for one algorithm: the settings choose it, and never a token (RFC 8725, section 3.1).
    """

    current: SigningKey
    previous: tuple[VerifyingKey, ...] = ()

    @property
    def algorithm(self) -> str:
        """The only algorithm that is accepted."""
        return self.current.verifying.algorithm

    @property
    def verifying(self) -> tuple[VerifyingKey, ...]:
        """All accepted keys, the current one first."""
        return self.current.verifying, *self.previous


def secret_keys(secret: str | bytes, previous: Iterable[str | bytes] = ()) -> KeyRing:
    """Return the keys for HS256. Raises `UnsuitableKeyError`."""
    current = _secret(secret)
    return KeyRing(
        SigningKey(current, _verifying_secret(current)),
        tuple(_verifying_secret(_secret(one)) for one in previous),
    )


def rsa_keys(pem: str | bytes, previous: Iterable[str | bytes] = ()) -> KeyRing:
    """Return the keys for RS256 from a private PEM; previous keys may be private or public.

    Raises `UnsuitableKeyError`.
    """
    private = _private(pem)
    return KeyRing(
        SigningKey(private, _verifying_rsa(private.public_key())),
        tuple(_verifying_rsa(_public(one)) for one in previous),
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
    """Return the required members of the JWK."""
    jwk: dict[str, Any] = RSAAlgorithm.to_jwk(key, as_dict=True)
    return {name: str(jwk[name]) for name in ("e", "kty", "n")}


def _secret(text: str | bytes) -> bytes:
    secret = text.encode() if isinstance(text, str) else text
    if len(secret) < MIN_SECRET_BYTES:
        raise UnsuitableKeyError(f"a secret must have at least {MIN_SECRET_BYTES} bytes")
    try:  # PyJWT detects a public key used as a secret: algorithm confusion
        return HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(secret)
    except InvalidKeyError as error:
        raise UnsuitableKeyError("a key of another algorithm cannot be a secret") from error


def _verifying_secret(secret: bytes) -> VerifyingKey:
    name = hmac.digest(secret, b"mechanic-shop kid", "sha256")[:12]
    return VerifyingKey(_base64url(name), HS256, secret)


def _verifying_rsa(key: rsa.RSAPublicKey) -> VerifyingKey:
    if key.key_size < MIN_RSA_BITS:
        raise UnsuitableKeyError(f"an RSA key must have at least {MIN_RSA_BITS} bits")
    return VerifyingKey(thumbprint(key), RS256, key)


def _private(pem: str | bytes) -> rsa.RSAPrivateKey:
    try:
        key = load_pem_private_key(_encoded(pem), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UnsuitableKeyError("must be a private key in PEM without a password") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise UnsuitableKeyError("must be an RSA key")
    return key


def _public(pem: str | bytes) -> rsa.RSAPublicKey:
    if b"PRIVATE KEY" in _encoded(pem):
        return _private(pem).public_key()
    try:
        key = load_pem_public_key(_encoded(pem))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UnsuitableKeyError("must be a key in PEM") from error
    if not isinstance(key, rsa.RSAPublicKey):
        raise UnsuitableKeyError("must be an RSA key")
    return key


def _encoded(pem: str | bytes) -> bytes:
    return pem.encode() if isinstance(pem, str) else pem


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
