"""Signing keys: which are accepted, and how they are rotated."""

import json
from base64 import urlsafe_b64decode

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from mechanic_adapters.security.signing_keys import (
    KeyRing,
    UnsuitableKeyError,
    new_rsa_key,
    rsa_keys,
    secret_keys,
    thumbprint,
)
from mechanic_core.accounts.account import TokenRefused
from tests.shops import ManualClock
from tests.strategies import NOON
from tests.unit.forgery import (
    ACTOR,
    CURVE_PEM,
    OTHER_PEM,
    PEM,
    RINGS,
    SHORT_PEM,
    STRANGERS,
    tokens_of,
)

SECRET = "the secret before, of thirty-two bytes"
OURS, THEIRS = RINGS["RS256"], STRANGERS["RS256"]
ROTATED = rsa_keys(PEM, [OTHER_PEM])

# The example of RFC 7638, section 3.1.
RFC_7638_N = (
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWK"
    "RXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMic"
    "AtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3"
    "XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
)


def public_pem(pem: str) -> str:
    """Return the public key of *pem*."""
    public = load_pem_private_key(pem.encode(), None).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def numbers(text: str) -> int:
    """Return the number in a JWK member."""
    return int.from_bytes(urlsafe_b64decode(text + "==="), "big")


def test_a_thumbprint_is_that_of_the_rfc() -> None:
    """
    The thumbprint of the example key in RFC 7638 is the one given there.
    """
    key = rsa.RSAPublicNumbers(65537, numbers(RFC_7638_N)).public_key()

    assert thumbprint(key) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


@pytest.mark.parametrize("secret", ["", "x" * 31, "é" * 15])
def test_a_short_secret_is_refused(secret: str) -> None:
    """
    A secret has at least as many bytes as the hash (RFC 7518, section 3.2).
    """
    with pytest.raises(UnsuitableKeyError, match="32 bytes"):
        secret_keys(secret)
    with pytest.raises(UnsuitableKeyError, match="32 bytes"):
        secret_keys("x" * 32, [secret])


def test_an_rsa_key_is_no_secret() -> None:
    """
    An RSA key is refused as an HMAC secret, public or private, as PEM, DER or JWK.
    """
    public = OURS.current.verifying
    assert isinstance(public.material, rsa.RSAPublicKey)
    der = public.material.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    for form in (PEM, public_pem(PEM), der, json.dumps(public.jwk)):
        with pytest.raises(UnsuitableKeyError, match="another algorithm"):
            secret_keys(form)


@pytest.mark.parametrize(
    "pem",
    [
        pytest.param("", id="nothing"),
        pytest.param("x" * 99, id="no PEM"),
        pytest.param(public_pem(PEM), id="public"),
        pytest.param(PEM[:400], id="cut"),
        pytest.param(CURVE_PEM, id="elliptic curve"),
        pytest.param(SHORT_PEM, id="1024 bits"),
        pytest.param(
            rsa.generate_private_key(65537, 2048)
            .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
            .decode(),
            id="encrypted",
        ),
    ],
)
def test_a_key_that_cannot_sign_is_refused(pem: str) -> None:
    """
    A key that is no RSA private key of at least 2048 bits stops the start.
    """
    with pytest.raises(UnsuitableKeyError) as refused:
        rsa_keys(pem)

    assert pem[30:60] not in str(refused.value) or not pem


@pytest.mark.parametrize(
    "pem",
    [
        pytest.param("no key", id="no key"),
        pytest.param(public_pem(CURVE_PEM), id="elliptic curve"),
        pytest.param(public_pem(SHORT_PEM), id="1024 bits"),
    ],
)
def test_an_unsuitable_previous_key_is_refused(pem: str) -> None:
    """
    Previous keys must meet the same requirements as the current one.
    """
    with pytest.raises(UnsuitableKeyError):
        rsa_keys(PEM, [pem])


def test_new_keys_are_long_and_new() -> None:
    """
    A generated key can sign, has 3072 bits, and is unique.
    """
    first, second = new_rsa_key(), new_rsa_key()
    public = rsa_keys(first).current.verifying.material

    assert isinstance(public, rsa.RSAPublicKey)
    assert public.key_size == 3072
    assert len({first, second, PEM}) == 3


def test_secrets_are_not_shown() -> None:
    """
    The representation of keys has their ids and no key material.
    """
    shown = repr([secret_keys(SECRET), ROTATED])

    assert SECRET not in shown
    assert "PRIVATE" not in shown
    assert OURS.current.verifying.id in shown


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(secret_keys(SECRET), secret_keys("x" * 32, [SECRET]), id="HS256"),
        pytest.param(THEIRS, ROTATED, id="RS256"),
        pytest.param(THEIRS, rsa_keys(PEM, [public_pem(OTHER_PEM)]), id="public"),
    ],
)
def test_previous_keys_are_accepted(before: KeyRing, after: KeyRing) -> None:
    """
    During a rotation, tokens of the previous key are accepted; new tokens are signed with the current key.
    """
    clock = ManualClock()
    tokens = tokens_of(after, clock)

    assert ACTOR == tokens.verify(tokens_of(before, clock).issue(ACTOR, NOON))
    with pytest.raises(TokenRefused):
        tokens_of(before, clock).verify(tokens.issue(ACTOR, NOON))


def test_public_keys_are_published() -> None:
    """
    The key set has the current and previous public keys, without private members.
    """
    keys = tokens_of(ROTATED, ManualClock()).public_keys()["keys"]

    assert [OURS.current.verifying.id, THEIRS.current.verifying.id] == [k["kid"] for k in keys]
    assert [{"alg", "e", "kid", "kty", "n", "use"}] * 2 == [set(key) for key in keys]


def test_secrets_are_not_published() -> None:
    """
    The key set is empty for secrets.
    """
    assert {"keys": []} == tokens_of(RINGS["HS256"], ManualClock()).public_keys()
