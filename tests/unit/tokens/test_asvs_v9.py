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
    With a bad signature no claim is checked, not even the expiry.
    """
    caplog.set_level("INFO")
    expired = genuine(ring).signed_by(STRANGERS[algorithm]).with_claims(exp=1, iss="x")

    assert refuses(tokens, expired)
    assert ["signature"] == [vars(record)["check"] for record in caplog.records]


def test_v9_1_2_only_algorithms_on_an_allowlist(tokens: JwtTokens, ring: KeyRing) -> None:
    """
    One algorithm is allowed, symmetric or asymmetric; neither "none" nor the other one is.
    """
    assert refuses(
        tokens,
        genuine(ring).with_members(alg="none"),
        *(genuine(other) for name, other in RINGS.items() if name != ring.algorithm),
        *(
            genuine(other).with_members(alg=ring.algorithm)
            for other in RINGS.values()
            if other != ring
        ),
    )


def test_v9_1_3_key_material_is_from_trusted_preconfigured_sources(
    tokens: JwtTokens, ring: KeyRing, algorithm: str
) -> None:
    """
    A key that the token embeds or links to is never used, not even one of ours.
    """
    stranger = STRANGERS[algorithm]
    embedded = stranger.current.verifying.jwk or {"kty": "oct", "k": "AAAA"}

    assert refuses(
        tokens,
        genuine(stranger),
        genuine(stranger).with_members(jwk=embedded),
        genuine(ring).with_members(jwk=ring.current.verifying.jwk),
        genuine(ring).with_members(jku="https://mechanic-shop/.well-known/jwks.json"),
        genuine(ring).with_members(x5u="https://mechanic-shop/cert.pem"),
        genuine(ring).with_members(x5c=["MIIB"]),
    )


def test_v9_2_1_validity_time_span(tokens: JwtTokens, ring: KeyRing, clock: ManualClock) -> None:
    """
    A token is accepted only between `nbf` and `exp`, cached or not.
    """
    token = tokens.issue(ACTOR, NOON)
    assert ACTOR == tokens.verify(token)

    assert refuses(
        tokens, genuine(ring).with_claims(nbf=NOON_S + 61), genuine(ring).with_claims(exp=NOON_S)
    )
    clock.advance(seconds=LIFE.total_seconds())
    assert refuses(tokens, token)


def test_v9_2_2_correct_type_for_the_intended_purpose(tokens: JwtTokens, ring: KeyRing) -> None:
    """
    Identity tokens, refresh tokens and untyped tokens are refused.
    """
    assert refuses(
        tokens,
        *(genuine(ring).with_members(typ=typ) for typ in ("JWT", "id+jwt", "rt+jwt", "logout+jwt")),
        genuine(ring).without_members(("typ",)),
        "rXq0gGmZ2nq1nD7t0pJv1cWZb8mVd1yQe3kJ4uPzT5s",
    )


def test_v9_2_3_only_tokens_intended_for_this_service(tokens: JwtTokens, ring: KeyRing) -> None:
    """
    The audience is on an allowlist of one: ourselves.
    """
    assert refuses(
        tokens,
        genuine(ring).with_claims(aud="another-service"),
        genuine(ring).with_claims(aud=["mechanic-shop", "another-service"]),
        genuine(ring).without_members(("aud",)),
    )


def test_v9_2_4_audiences_of_one_key_are_distinct(ring: KeyRing, clock: ManualClock) -> None:
    """
    Of two services that share a key, each accepts only tokens for itself.
    """
    here, there = (tokens_of(ring, clock, audience=name) for name in ("here", "there"))

    assert ACTOR == there.verify(there.issue(ACTOR, NOON))
    assert refuses(here, there.issue(ACTOR, NOON))
    assert refuses(there, here.issue(ACTOR, NOON))
