"""Access tokens: what we issue is verified, and anything else is refused."""

import json
import logging
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from mechanic_adapters.security.access_tokens import JwtTokens
from mechanic_adapters.security.signing_keys import KeyRing, SigningKey
from mechanic_core.access import ANONYMOUS, Actor, Role, SessionId
from mechanic_core.accounts.account import TokenRefused
from tests.shops import ManualClock
from tests.strategies import NOON
from tests.unit.forgery import (
    ACTOR,
    LIFE,
    RINGS,
    STRANGERS,
    genuine,
    segment,
    signature,
    tokens_of,
)
from tests.unit.token_attacks import ATTACKS, CORRUPTIONS, NOON_S

HS256 = RINGS["HS256"]


def test_a_token_is_verified(tokens: JwtTokens) -> None:
    """
    A token has the actor that it was issued for, and the session.
    """
    actor = tokens.verify(tokens.issue(ACTOR, NOON))

    assert (ACTOR, ACTOR.session) == (actor, actor.session)


@given(
    role=st.sampled_from(Role),
    holder=st.integers(1, 2**63 - 1),
    session=st.text("aZ9_-", min_size=1),
)
def test_every_actor_is_verified(role: Role, holder: int, session: str) -> None:
    """
    A token may have any role, id and session.
    """
    tokens = tokens_of(HS256, ManualClock())
    actor = Actor(role, holder, SessionId(session))

    verified = tokens.verify(tokens.issue(actor, NOON))

    assert (actor, session) == (verified, verified.session)


def test_a_forgery_without_changes_is_valid(tokens: JwtTokens, ring: KeyRing) -> None:
    """
    The attacks below change a token that is accepted when nothing is changed.
    """
    assert ACTOR == tokens.verify(str(genuine(ring)))


@pytest.mark.parametrize("actor", [ANONYMOUS, Actor(Role.CUSTOMER, 7)])
def test_no_token_is_issued_without_a_session(tokens: JwtTokens, actor: Actor) -> None:
    """
    A token without a role or session, which could not be revoked, is never issued.
    """
    with pytest.raises(ValueError, match="a role and a session"):
        tokens.issue(actor, NOON)


@pytest.mark.parametrize("attack", ATTACKS)
def test_invalid_headers_and_claims_are_refused(
    tokens: JwtTokens, ring: KeyRing, attack: str
) -> None:
    """
    An invalid token is refused although our own key signed it.
    """
    with pytest.raises(TokenRefused):
        tokens.verify(str(ATTACKS[attack](genuine(ring))))


def test_a_token_of_another_key_is_refused(tokens: JwtTokens, algorithm: str) -> None:
    """
    A token signed with another key is refused, whether it has our `kid` or its own.
    """
    stranger = STRANGERS[algorithm]

    for token in (genuine(RINGS[algorithm]).signed_by(stranger), genuine(stranger)):
        with pytest.raises(TokenRefused):
            tokens.verify(str(token))


def test_a_token_of_the_other_algorithm_is_refused(clock: ManualClock, algorithm: str) -> None:
    """
    A valid token of the other algorithm is refused.
    """
    other = next(name for name in RINGS if name != algorithm)

    with pytest.raises(TokenRefused):
        tokens_of(RINGS[algorithm], clock).verify(str(genuine(RINGS[other])))


def test_a_public_key_is_no_secret(clock: ManualClock) -> None:
    """
    A token whose HMAC key is our public key, in any form, is refused (algorithm confusion).
    """
    ring = RINGS["RS256"]
    published = ring.current.verifying.jwk
    public = ring.current.verifying.material
    assert isinstance(public, rsa.RSAPublicKey)
    forms = [
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.PEM, PublicFormat.PKCS1),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(published).encode(),
        json.dumps({"keys": [published]}).encode(),
    ]
    for form in forms:
        attacker = KeyRing(SigningKey(form, HS256.current.verifying))
        token = genuine(ring).with_members(alg="HS256").signed_by(attacker)
        with pytest.raises(TokenRefused):
            tokens_of(ring, clock).verify(str(token))


@pytest.mark.parametrize("name", ["alg", "kid", "typ"])
def test_a_header_member_twice_is_refused(tokens: JwtTokens, ring: KeyRing, name: str) -> None:
    """
    Two readers could differ about which of the two counts.
    """
    header = json.dumps(genuine(ring).header)
    twice = f'{{"{name}": "x", {header[1:]}'

    with pytest.raises(TokenRefused):
        tokens.verify(genuine(ring).with_header(twice))


@pytest.mark.parametrize("name", ["sub", "role", "exp", "extra"])
def test_a_claim_twice_is_refused(tokens: JwtTokens, ring: KeyRing, name: str) -> None:
    """
    Two readers could differ about which of the two counts, wherever they stand.
    """
    claims = json.dumps(genuine(ring).claims)
    twice = f'{claims[:-1]}, "{name}": "9", "{name}": "9"}}'

    with pytest.raises(TokenRefused):
        tokens.verify(genuine(ring).with_payload(twice))


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_a_corrupted_token_is_refused(tokens: JwtTokens, corruption: str) -> None:
    """
    A corrupted token is refused, also right after the valid one was cached.
    """
    token = tokens.issue(ACTOR, NOON)
    tokens.verify(token)

    with pytest.raises(TokenRefused):
        tokens.verify(CORRUPTIONS[corruption](token))


@pytest.mark.parametrize("payload", ["[]", "7", "null", "", "{", "[" * 3000, "\ufeff{}", b"\xff"])
def test_a_payload_that_is_no_object_is_refused(
    tokens: JwtTokens, ring: KeyRing, payload: str | bytes
) -> None:
    """
    Anything but a JSON object is refused, in header or payload.
    """
    for token in (genuine(ring).with_payload(payload), genuine(ring).with_header(payload)):
        with pytest.raises(TokenRefused):
            tokens.verify(token)


@given(token=st.text() | st.from_regex(r"[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*"))
def test_any_text_is_refused(token: str) -> None:
    """
    No text raises another exception.
    """
    with pytest.raises(TokenRefused):
        tokens_of(HS256, ManualClock()).verify(token)


def test_refusals_are_alike(
    tokens: JwtTokens, ring: KeyRing, caplog: pytest.LogCaptureFixture
) -> None:
    """
    All refusals are equal; the log has the failed check, but never the token.
    """
    forged = [str(attack(genuine(ring))) for attack in ATTACKS.values()]
    said = []
    with caplog.at_level(logging.INFO):
        for token in [*forged, "nonsense"]:
            with pytest.raises(TokenRefused) as refused:
                tokens.verify(token)
            said.append((str(refused.value), refused.value.facts, refused.value.__cause__))

    assert [("The token is not valid", {}, None)] * len(said) == said
    assert len(said) == len(caplog.records)
    assert {"exp", "nbf", "iss", "aud", "typ", "kid", "role"} <= {
        vars(record)["check"] for record in caplog.records
    }
    assert not any(token in str(vars(record)) for token in forged for record in caplog.records)


def test_a_token_ends_on_the_second(tokens: JwtTokens, clock: ManualClock) -> None:
    """
    A token is valid before its expiry and not at it, cached or not.
    """
    token = tokens.issue(ACTOR, NOON)
    clock.advance(seconds=LIFE.total_seconds() - 1)
    assert ACTOR == tokens.verify(token)

    clock.advance(seconds=1)

    with pytest.raises(TokenRefused):
        tokens.verify(token)


def test_another_clock_may_be_ahead_by_the_leeway(tokens: JwtTokens, ring: KeyRing) -> None:
    """
    A token from a machine whose clock is a little ahead is valid at once.
    """
    ahead = genuine(ring).with_claims(iat=NOON_S + 10, nbf=NOON_S + 10)

    assert ACTOR == tokens.verify(str(ahead))


@pytest.mark.parametrize("leeway", [timedelta(seconds=61), timedelta(seconds=-1)])
def test_the_leeway_is_a_minute_at_most(leeway: timedelta) -> None:
    """
    More leeway than a minute raises `ValueError`.
    """
    with pytest.raises(ValueError, match="leeway"):
        tokens_of(HS256, ManualClock(), leeway=leeway)


def test_cached_tokens_are_bounded(clock: ManualClock) -> None:
    """
    However many tokens are verified, no more than the given number are cached.
    """
    tokens = tokens_of(HS256, clock, cache_size=10)
    for _ in range(50):
        tokens.verify(tokens.issue(ACTOR, NOON))

    assert len(tokens._verified) == 10


def test_a_signature_has_one_spelling(clock: ManualClock) -> None:
    """
    The unused bits at the end of a signature must be zero.
    """
    content = ".".join(str(genuine(HS256)).split(".")[:2])
    real = segment(signature(HS256.current.material, content))
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = real[:-1] + alphabet[alphabet.index(real[-1]) + 1]

    with pytest.raises(TokenRefused):
        tokens_of(HS256, clock).verify(f"{content}.{other}")
