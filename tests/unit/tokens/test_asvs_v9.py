"""OWASP ASVS 5.0, chapter V9, Self-contained Tokens: requirement by requirement."""

import pytest

from mechanic_adapters.security.access_tokens import JwtTokens
from mechanic_adapters.security.signing_keys import KeyRing
from mechanic_core.accounts.account import TokenRefused
from tests.shops import ManualClock
from tests.strategies import NOON
from tests.unit.forgery import ACTOR, LIFE, RINGS, STRANGERS, Forgery, genuine, tokens_of
from tests.unit.token_attacks import NOON_S


def refuses(tokens: JwtTokens, *forged: Forgery | str) -> bool:
    """Return whether every one of *forged* is refused."""
    for token in forged:
        with pytest.raises(TokenRefused):
            tokens.verify(str(token))
    return True


def test_v9_1_1_signature_is_validated_before_contents_are_accepted(
    tokens: JwtTokens, ring: KeyRing, algorithm: str, caplog: pytest.LogCaptureFixture
) -> None:
    """
    With a bad signature no claim is looked at, not even to say that it has expired.
    """
    caplog.set_level("INFO")
    expired = genuine(ring).by(STRANGERS[algorithm]).saying(exp=1, iss="x")

    assert refuses(tokens, expired)
    assert ["signature"] == [vars(record)["check"] for record in caplog.records]


def test_v9_1_2_only_algorithms_on_an_allowlist(tokens: JwtTokens, ring: KeyRing) -> None:
    """
    One algorithm is allowed, symmetric or asymmetric; "none" is not, nor is the other.
    """
    assert refuses(
        tokens,
        genuine(ring).headed(alg="none"),
        *(genuine(other) for name, other in RINGS.items() if name != ring.algorithm),
        *(genuine(other).headed(alg=ring.algorithm) for other in RINGS.values() if other != ring),
    )


def test_v9_1_3_key_material_is_from_trusted_preconfigured_sources(
    tokens: JwtTokens, ring: KeyRing, algorithm: str
) -> None:
    """
    A key that the token brings or points to is never used, not even one of ours.
    """
    stranger = STRANGERS[algorithm]
    brought = stranger.current.verifying.jwk or {"kty": "oct", "k": "AAAA"}

    assert refuses(
        tokens,
        genuine(stranger),
        genuine(stranger).headed(jwk=brought),
        genuine(ring).headed(jwk=ring.current.verifying.jwk),
        genuine(ring).headed(jku="https://mechanic-shop/.well-known/jwks.json"),
        genuine(ring).headed(x5u="https://mechanic-shop/cert.pem"),
        genuine(ring).headed(x5c=["MIIB"]),
    )


def test_v9_2_1_validity_time_span(tokens: JwtTokens, ring: KeyRing, clock: ManualClock) -> None:
    """
    A token is accepted only between `nbf` and `exp`, cached or not.
    """
    token = tokens.issue(ACTOR, NOON)
    assert ACTOR == tokens.verify(token)

    assert refuses(tokens, genuine(ring).saying(nbf=NOON_S + 61), genuine(ring).saying(exp=NOON_S))
    clock.advance(seconds=LIFE.total_seconds())
    assert refuses(tokens, token)


def test_v9_2_2_correct_type_for_the_intended_purpose(tokens: JwtTokens, ring: KeyRing) -> None:
    """
    Only an access token is one: identity tokens, refresh tokens and untyped ones are not.
    """
    assert refuses(
        tokens,
        *(genuine(ring).headed(typ=typ) for typ in ("JWT", "id+jwt", "rt+jwt", "logout+jwt")),
        genuine(ring).lacking(("typ",)),
        "rXq0gGmZ2nq1nD7t0pJv1cWZb8mVd1yQe3kJ4uPzT5s",
    )


def test_v9_2_3_only_tokens_intended_for_this_service(tokens: JwtTokens, ring: KeyRing) -> None:
    """
    The audience is on an allowlist of one: ourselves.
    """
    assert refuses(
        tokens,
        genuine(ring).saying(aud="another-service"),
        genuine(ring).saying(aud=["mechanic-shop", "another-service"]),
        genuine(ring).lacking(("aud",)),
    )


def test_v9_2_4_audiences_of_one_key_are_told_apart(ring: KeyRing, clock: ManualClock) -> None:
    """
    Two services that share a key issue tokens that only the one meant accepts.
    """
    here, there = (tokens_of(ring, clock, audience=name) for name in ("here", "there"))

    assert ACTOR == there.verify(there.issue(ACTOR, NOON))
    assert refuses(here, there.issue(ACTOR, NOON))
    assert refuses(there, here.issue(ACTOR, NOON))
