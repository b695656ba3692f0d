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
    """Tells whether a token is accepted at noon."""

    def accepted(token: object) -> bool:
        try:
            return ACTOR == tokens.verify(str(token))
        except TokenRefused:
            return False

    assert accepted(genuine(ring))
    return accepted


def test_3_1_perform_algorithm_verification(accepts: Accepts, ring: KeyRing) -> None:
    """
    The algorithm is the configuration's; each key is used with exactly one.
    """
    others = {"none", "HS256", "HS384", "HS512", "RS256", "PS256", "ES256"} - {ring.algorithm}

    assert not any(accepts(genuine(ring).headed(alg=alg)) for alg in others)
    assert {key.algorithm for key in ring.verifying} == {ring.algorithm}


def test_3_2_use_appropriate_algorithms(accepts: Accepts, ring: KeyRing) -> None:
    """
    Tokens with no integrity protection are refused, however "none" is spelt.
    """
    bare = genuine(ring)
    for alg in ("none", "None", "NONE", "nOnE", ""):
        spoken = f"{segment(json.dumps({**bare.header, 'alg': alg}))}.{segment(json.dumps(dict(bare.claims)))}"
        assert not accepts(f"{spoken}.")
        assert not accepts(f"{spoken}.AAAA")


def test_3_3_validate_all_cryptographic_operations(
    accepts: Accepts, ring: KeyRing, algorithm: str
) -> None:
    """
    A token fails as a whole when its signature does, and nested tokens are not opened.
    """
    inner = str(genuine(ring))

    assert not accepts(genuine(ring).by(STRANGERS[algorithm]))
    assert not accepts(genuine(ring).headed(cty="JWT").with_payload(inner))


def test_3_4_validate_cryptographic_inputs(accepts: Accepts, ring: KeyRing) -> None:
    """
    A signature that is empty, too short, too long or zero is refused.
    """
    spoken, _, signature = str(genuine(ring)).rpartition(".")

    for forged in ("", signature[:8], signature * 2, segment(bytes(32)), segment(bytes(256))):
        assert not accepts(f"{spoken}.{forged}")


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
    assert not accepts(genuine(ring).headed(zip="DEF"))
    assert not accepts(genuine(ring).headed(enc="A256GCM"))
    assert not accepts(f"{genuine(ring)}.AAAA.AAAA")


def test_3_7_use_utf_8(accepts: Accepts, ring: KeyRing) -> None:
    """
    Header and claims are UTF-8 and nothing else that a JSON parser would take.
    """
    header, claims = (
        json.dumps(dict(part)) for part in (genuine(ring).header, genuine(ring).claims)
    )

    for encoding in ("utf-16", "utf-16-le", "utf-32", "utf-8-sig"):
        assert not accepts(genuine(ring).with_payload(claims.encode(encoding)))
        assert not accepts(genuine(ring).with_header(header.encode(encoding)))


def test_3_8_validate_issuer_and_subject(accepts: Accepts, ring: KeyRing) -> None:
    """
    The issuer is ours, to the letter, and the subject is one that we issue.
    """
    for issuer in (
        "",
        "mechanic-shop ",
        "Mechanic-Shop",
        "https://mechanic-shop",
        None,
        ["mechanic-shop"],
    ):
        assert not accepts(genuine(ring).saying(iss=issuer))
    for subject in ("", "0", "07", "7 ", "customer:7", "-1", "1.0", 7, None):
        assert not accepts(genuine(ring).saying(sub=subject))


def test_3_9_use_and_validate_audience(accepts: Accepts, ring: KeyRing) -> None:
    """
    A token that is not for us, or for us among others, is refused.
    """
    for audience in ("", "other-shop", "mechanic-shop/", None, [], ["mechanic-shop"]):
        assert not accepts(genuine(ring).saying(aud=audience))


def test_3_10_do_not_trust_received_claims(accepts: Accepts, ring: KeyRing) -> None:
    """
    A `kid` is only looked up among our keys; no key comes from the token or from an address.
    """
    for kid in ("", "x", "../../etc/passwd", "' UNION SELECT 'x", "|id", "\x00", 0, None, [7]):
        assert not accepts(genuine(ring).headed(kid=kid))
    for name in ("jku", "x5u", "jwk", "x5c", "x5t", "x5t#S256"):
        assert not accepts(genuine(ring).headed(**{name: "http://169.254.169.254/"}))


def test_3_11_use_explicit_typing(accepts: Accepts, ring: KeyRing) -> None:
    """
    A token says that it is an access token (RFC 9068); any other type is refused.
    """
    for typ in ("JWT", "jwt", "at+JWT", "application/at+jwt", "refresh+jwt", "id+jwt", "", None):
        assert not accepts(genuine(ring).headed(typ=typ))


def test_3_12_use_mutually_exclusive_validation_rules(accepts: Accepts, ring: KeyRing) -> None:
    """
    What is signed with the same key for another purpose is no access token.
    """
    for name in ("role", "sid", "jti", "iat", "nbf", "exp"):
        assert not accepts(genuine(ring).lacking((name,)))
    assert not accepts(genuine(ring).headed(typ="cursor+jwt"))
