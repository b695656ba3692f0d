"""RFC 8725, JSON Web Token Best Current Practices: section 3, item by item."""

import json
from collections.abc import Callable

import pytest

from mechanic_adapters.security.access_tokens import JwtTokens
from mechanic_adapters.security.signing_keys import (
    KeyRing,
    UnsuitableKeyError,
    rsa_keys,
    secret_keys,
)
from mechanic_core.accounts.account import TokenRefused
from tests.unit.forgery import ACTOR, SHORT_PEM, STRANGERS, genuine, segment

Accepts = Callable[[object], bool]


@pytest.fixture
def accepts(tokens: JwtTokens, ring: KeyRing) -> Accepts:
    """Return a function that returns whether a token is accepted at noon."""

    def accepted(token: object) -> bool:
        try:
            return ACTOR == tokens.verify(str(token))
        except TokenRefused:
            return False

    assert accepted(genuine(ring))
    return accepted


def test_3_1_perform_algorithm_verification(accepts: Accepts, ring: KeyRing) -> None:
    """
    The settings choose the algorithm; each key is used with exactly one.
    """
    others = {"none", "HS256", "HS384", "HS512", "RS256", "PS256", "ES256"} - {ring.algorithm}

    assert not any(accepts(genuine(ring).with_members(alg=alg)) for alg in others)
    assert {key.algorithm for key in ring.verifying} == {ring.algorithm}


def test_3_2_use_appropriate_algorithms(accepts: Accepts, ring: KeyRing) -> None:
    """
    Tokens with no integrity protection are refused, however "none" is spelt.
    """
    bare = genuine(ring)
    for alg in ("none", "None", "NONE", "nOnE", ""):
        content = f"{segment(json.dumps({**bare.header, 'alg': alg}))}.{segment(json.dumps(dict(bare.claims)))}"
        assert not accepts(f"{content}.")
        assert not accepts(f"{content}.AAAA")


def test_3_3_validate_all_cryptographic_operations(
    accepts: Accepts, ring: KeyRing, algorithm: str
) -> None:
    """
    A token with a bad signature is refused, and nested tokens are not decoded.
    """
    inner = str(genuine(ring))

    assert not accepts(genuine(ring).signed_by(STRANGERS[algorithm]))
    assert not accepts(genuine(ring).with_members(cty="JWT").with_payload(inner))


def test_3_4_validate_cryptographic_inputs(accepts: Accepts, ring: KeyRing) -> None:
    """
    A signature that is empty, too short, too long or zero is refused.
    """
    content, _, signature = str(genuine(ring)).rpartition(".")

    for forged in ("", signature[:8], signature * 2, segment(bytes(32)), segment(bytes(256))):
        assert not accepts(f"{content}.{forged}")


def test_3_5_ensure_cryptographic_keys_have_sufficient_entropy() -> None:
    """
    Short secrets and short RSA keys are refused before anything is signed with them.
    """
    with pytest.raises(UnsuitableKeyError):
        secret_keys("x" * 31)
    with pytest.raises(UnsuitableKeyError):
        rsa_keys(SHORT_PEM)


def test_3_6_avoid_compression_of_encryption_inputs(accepts: Accepts, ring: KeyRing) -> None:
    """
    Nothing is encrypted, so nothing is compressed: encrypted or deflated tokens are refused.
    """
    assert not accepts(genuine(ring).with_members(zip="DEF"))
    assert not accepts(genuine(ring).with_members(enc="A256GCM"))
    assert not accepts(f"{genuine(ring)}.AAAA.AAAA")


def test_3_7_use_utf_8(accepts: Accepts, ring: KeyRing) -> None:
    """
    Header and claims are UTF-8, and no other encoding that a JSON parser accepts.
    """
    header, claims = (
        json.dumps(dict(part)) for part in (genuine(ring).header, genuine(ring).claims)
    )

    for encoding in ("utf-16", "utf-16-le", "utf-32", "utf-8-sig"):
        assert not accepts(genuine(ring).with_payload(claims.encode(encoding)))
        assert not accepts(genuine(ring).with_header(header.encode(encoding)))


def test_3_8_validate_issuer_and_subject(accepts: Accepts, ring: KeyRing) -> None:
    """
    The issuer is exactly ours, and the subject has the form that we issue.
    """
    for issuer in (
        "",
        "mechanic-shop ",
        "Mechanic-Shop",
        "https://mechanic-shop",
        None,
        ["mechanic-shop"],
    ):
        assert not accepts(genuine(ring).with_claims(iss=issuer))
    for subject in ("", "0", "07", "7 ", "customer:7", "-1", "1.0", 7, None):
        assert not accepts(genuine(ring).with_claims(sub=subject))


def test_3_9_use_and_validate_audience(accepts: Accepts, ring: KeyRing) -> None:
    """
    A token for another audience, or for several, is refused.
    """
    for audience in ("", "other-shop", "mechanic-shop/", None, [], ["mechanic-shop"]):
        assert not accepts(genuine(ring).with_claims(aud=audience))


def test_3_10_do_not_trust_received_claims(accepts: Accepts, ring: KeyRing) -> None:
    """
    A `kid` selects one of our keys; no key is taken from the token or from a URL.
    """
    for kid in ("", "x", "../../etc/passwd", "' UNION SELECT 'x", "|id", "\x00", 0, None, [7]):
        assert not accepts(genuine(ring).with_members(kid=kid))
    for name in ("jku", "x5u", "jwk", "x5c", "x5t", "x5t#S256"):
        assert not accepts(genuine(ring).with_members(**{name: "http://169.254.169.254/"}))


def test_3_11_use_explicit_typing(accepts: Accepts, ring: KeyRing) -> None:
    """
    Only the type of access tokens (RFC 9068) is accepted.
    """
    for typ in ("JWT", "jwt", "at+JWT", "application/at+jwt", "refresh+jwt", "id+jwt", "", None):
        assert not accepts(genuine(ring).with_members(typ=typ))


def test_3_12_use_mutually_exclusive_validation_rules(accepts: Accepts, ring: KeyRing) -> None:
    """
    A token signed with the same key for another purpose is refused.
    """
    for name in ("role", "sid", "jti", "iat", "nbf", "exp"):
        assert not accepts(genuine(ring).without_members((name,)))
    assert not accepts(genuine(ring).with_members(typ="cursor+jwt"))
