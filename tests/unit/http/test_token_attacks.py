"""Attacks on tokens through HTTP, for both algorithms: all get the same 401."""

import functools
import json
from collections.abc import Callable
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mechanic_adapters.security.signing_keys import KeyRing, SigningKey
from tests.unit.forgery import RINGS, STRANGERS, Forgery, genuine, segment
from tests.unit.http.signed_shop import PASSWORD, SignedShop, comparable
from tests.unit.token_attacks import ATTACKS, CORRUPTIONS

NEW_PASSWORD: Final = "another horse battery"
SENDABLE: Final = [name for name in CORRUPTIONS if "beyond" not in name and "surrogate" not in name]


@pytest.fixture(params=RINGS)
def shared_shop(request: pytest.FixtureRequest) -> SignedShop:
    """Return the shared shop of one algorithm; tests only add sessions to it."""
    return cached_shop(request.param)


@functools.cache
def cached_shop(algorithm: str) -> SignedShop:
    """Return a shop that tests share: building the routes takes most of a test."""
    return SignedShop(RINGS[algorithm])


@functools.cache
def malformed_response(algorithm: str) -> tuple[int, str, str | None]:
    """Return the response to a malformed token."""
    return comparable(cached_shop(algorithm).ask("GET", "/me", "nonsense"))


@pytest.fixture(params=RINGS)
def own_shop(request: pytest.FixtureRequest) -> SignedShop:
    """Return a shop of the test's own."""
    return SignedShop(RINGS[request.param])


@pytest.fixture
def valid_token(shared_shop: SignedShop) -> Forgery:
    """Return a valid token of customer 1."""
    token = genuine(shared_shop.ring).with_claims(sub="1")
    assert shared_shop.me(str(token)) == 200
    return token


def require_refusal(shared_shop: SignedShop, token: str) -> None:
    """Check that *token* gets the response to a malformed token."""
    refused = comparable(shared_shop.ask("GET", "/me", token))
    assert refused[0] == 401
    assert malformed_response(shared_shop.ring.algorithm) == refused


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_refused(shared_shop: SignedShop, valid_token: Forgery, attack: str) -> None:
    """
    A validly signed token with wrong claims gets the same 401.
    """
    require_refusal(shared_shop, str(ATTACKS[attack](valid_token)))


@pytest.mark.parametrize("mangle", SENDABLE)
def test_a_modified_token_is_refused(
    shared_shop: SignedShop, valid_token: Forgery, mangle: str
) -> None:
    """
    A token that differs from the signed one gets the same 401.
    """
    token = CORRUPTIONS[mangle](str(valid_token))
    if token.strip(" \n") == str(valid_token):  # space around a header's value is no part of it
        assert shared_shop.me(token) in (200, 401)
    elif token:
        require_refusal(shared_shop, token)


def test_a_token_of_another_key_is_refused(shared_shop: SignedShop, valid_token: Forgery) -> None:
    """
    A token signed by another key gets the same 401, with its own key id and with ours.
    """
    stranger = STRANGERS[shared_shop.ring.algorithm]

    require_refusal(shared_shop, str(valid_token.signed_by(stranger)))
    require_refusal(shared_shop, str(genuine(stranger).with_claims(sub="1")))


def test_algorithms_are_not_confused(shared_shop: SignedShop, valid_token: Forgery) -> None:
    """
    The other algorithm and `none` get the same 401 in every spelling.
    """
    other = next(ring for name, ring in RINGS.items() if name != shared_shop.ring.algorithm)
    bodies = segment(json.dumps(dict(valid_token.claims)))

    require_refusal(shared_shop, str(genuine(other).with_claims(sub="1")))
    require_refusal(
        shared_shop, str(valid_token.signed_by(other).with_members(alg=other.algorithm))
    )
    for alg in ("none", "None", "NONE", "nOnE", ""):
        bare = segment(json.dumps({**valid_token.header, "alg": alg}))
        require_refusal(shared_shop, f"{bare}.{bodies}.")
        require_refusal(shared_shop, f"{bare}.{bodies}.AA")


def test_a_public_key_is_not_an_hmac_secret() -> None:
    """
    A token with an HMAC by the public key gets the same 401, for either algorithm.
    """
    public = RINGS["RS256"].current.verifying.material
    assert isinstance(public, rsa.RSAPublicKey)
    for shared_shop in map(cached_shop, RINGS):
        for form in (PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1):
            pem = public.public_bytes(Encoding.PEM, form)
            for kept in (pem, pem.strip()):
                forger = KeyRing(SigningKey(kept, RINGS["HS256"].current.verifying))
                token = (
                    genuine(shared_shop.ring)
                    .with_members(alg="HS256")
                    .with_claims(sub="1")
                    .signed_by(forger)
                )
                require_refusal(shared_shop, str(token))


@pytest.mark.parametrize("name", ["alg", "kid", "typ"])
def test_a_duplicate_header_member_is_refused(
    shared_shop: SignedShop, valid_token: Forgery, name: str
) -> None:
    """
    A header with a duplicate member gets the same 401, whichever is right.
    """
    header = json.dumps(dict(valid_token.header))

    require_refusal(shared_shop, valid_token.with_header(f'{{"{name}": "x", {header[1:]}'))
    require_refusal(shared_shop, valid_token.with_header(f'{header[:-1]}, "{name}": "x"}}'))


@pytest.mark.parametrize("name", ["sub", "role", "exp", "aud"])
def test_a_duplicate_claim_is_refused(
    shared_shop: SignedShop, valid_token: Forgery, name: str
) -> None:
    """
    A payload with a duplicate claim gets the same 401, even if both are equal.
    """
    claims = json.dumps(dict(valid_token.claims))
    again = json.dumps(valid_token.claims[name])

    require_refusal(shared_shop, valid_token.with_payload(f'{{"{name}": {again}, {claims[1:]}'))


def test_a_refresh_token_is_not_an_access_token(shared_shop: SignedShop) -> None:
    """
    Neither kind of token is accepted as the other.
    """
    pair = shared_shop.log_in()

    require_refusal(shared_shop, pair["refresh_token"])
    assert shared_shop.refresh(pair["token"]).status_code in (401, 422)
    assert shared_shop.me(pair["token"]) == 200


def test_a_reused_refresh_token_ends_the_session(shared_shop: SignedShop) -> None:
    """
    A reused refresh token is 401 and revokes all tokens of its session, but of no other.
    """
    first, other = shared_shop.log_in(), shared_shop.log_in()
    second = shared_shop.refresh(first["refresh_token"]).json
    assert [200, 200] == [shared_shop.me(pair["token"]) for pair in (first, second)]

    replayed = shared_shop.refresh(first["refresh_token"])

    assert (401, "token-refused") == (replayed.status_code, replayed.json["code"])
    assert [401, 401] == [shared_shop.me(pair["token"]) for pair in (first, second)]
    assert shared_shop.refresh(second["refresh_token"]).status_code == 401
    assert (200, 200) == (
        shared_shop.me(other["token"]),
        shared_shop.refresh(other["refresh_token"]).status_code,
    )


def test_an_expired_refresh_token_is_refused(own_shop: SignedShop) -> None:
    """
    A refresh token expires after fourteen days.
    """
    pair = own_shop.log_in()
    own_shop.premises.clock.advance(days=14)

    assert own_shop.refresh(pair["refresh_token"]).status_code == 401


def erase(shared_shop: SignedShop, token: str) -> None:
    """Erase customer 2 at their request."""
    assert shared_shop.ask("DELETE", "/customers/2", token).status_code == 204


def archive_mechanic(shared_shop: SignedShop, _: str) -> None:
    """Archive mechanic 2."""
    eve = shared_shop.log_in("eve@shop.example", staff=True)
    assert shared_shop.ask("DELETE", "/mechanics/2", eve["token"]).status_code == 204


def log_out(shared_shop: SignedShop, token: str) -> None:
    """Log out."""
    assert shared_shop.ask("POST", "/logout", token).status_code == 204


def change_password(shared_shop: SignedShop, _: str) -> None:
    """Change the password of customer 1 in another session."""
    token = shared_shop.log_in()["token"]
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert shared_shop.ask("PUT", "/me/password", token, body).status_code == 204
    assert shared_shop.me(token) == 200


ENDINGS: Final[dict[str, tuple[str, Callable[[SignedShop, str], None]]]] = {
    "logout": ("ada@example.com", log_out),
    "password change": ("ada@example.com", change_password),
    "deactivation": ("bob@shop.example", archive_mechanic),
    "erasure": ("cleo@x.example", erase),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_sessions_end_at_once(own_shop: SignedShop, ending: str) -> None:
    """
    The next request with a token of an ended session is refused like any invalid token.
    """
    email, end = ENDINGS[ending]
    pair = own_shop.log_in(email, staff=email.startswith("bob"))
    assert own_shop.me(pair["token"]) == 200

    end(own_shop, pair["token"])

    require_refusal(own_shop, pair["token"])
    assert own_shop.refresh(pair["refresh_token"]).status_code == 401
