"""Attacks on tokens through HTTP, on both algorithms: each the same 401; sessions end at once."""

import functools
import json
from collections.abc import Callable
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mechanic_adapters.security.signing_keys import KeyRing, SigningKey
from tests.unit.forgery import RINGS, STRANGERS, Forgery, genuine, segment
from tests.unit.http.signed_shop import PASSWORD, SignedShop, said
from tests.unit.token_attacks import ATTACKS, MANGLED

NEW_PASSWORD: Final = "another horse battery"
SENDABLE: Final = [name for name in MANGLED if "beyond" not in name and "surrogate" not in name]


@pytest.fixture(params=RINGS)
def line(request: pytest.FixtureRequest) -> SignedShop:
    """The small shop, with the tokens of each algorithm; only sessions are added to it."""
    return standing(request.param)


@functools.cache
def standing(algorithm: str) -> SignedShop:
    """Return a shop that tests share: making the routes anew takes most of a test."""
    return SignedShop(RINGS[algorithm])


@functools.cache
def nonsense(algorithm: str) -> tuple[int, str, str | None]:
    """Return what is said to whoever sends no token at all, but some text."""
    return said(standing(algorithm).ask("GET", "/me", "nonsense"))


@pytest.fixture(params=RINGS)
def own(request: pytest.FixtureRequest) -> SignedShop:
    """A small shop of the test's own."""
    return SignedShop(RINGS[request.param])


@pytest.fixture
def good(line: SignedShop) -> Forgery:
    """A token as good as ours, of customer 1."""
    token = genuine(line.ring).saying(sub="1")
    assert line.me(str(token)) == 200
    return token


def must_be_refused(line: SignedShop, token: str) -> None:
    """Check that *token* is refused in the same words as nonsense."""
    refused = said(line.ask("GET", "/me", token))
    assert refused[0] == 401
    assert nonsense(line.ring.algorithm) == refused


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_refused(line: SignedShop, good: Forgery, attack: str) -> None:
    """
    Whatever else a token of our own key says, it gets the same 401 as nonsense.
    """
    must_be_refused(line, str(ATTACKS[attack](good)))


@pytest.mark.parametrize("mangle", SENDABLE)
def test_a_mangled_token_is_refused(line: SignedShop, good: Forgery, mangle: str) -> None:
    """
    A token that is not to the letter what was signed gets the same 401.
    """
    token = MANGLED[mangle](str(good))
    if token.strip(" \n") == str(good):  # space around a header's value is no part of it
        assert line.me(token) in (200, 401)
    elif token:
        must_be_refused(line, token)


def test_a_token_of_another_key_is_refused(line: SignedShop, good: Forgery) -> None:
    """
    A stranger's key gets the same 401, under its own name and under ours.
    """
    stranger = STRANGERS[line.ring.algorithm]

    must_be_refused(line, str(good.by(stranger)))
    must_be_refused(line, str(genuine(stranger).saying(sub="1")))


def test_algorithms_are_not_confused(line: SignedShop, good: Forgery) -> None:
    """
    The other algorithm, and none at all, get the same 401 in every spelling.
    """
    other = next(ring for name, ring in RINGS.items() if name != line.ring.algorithm)
    bodies = segment(json.dumps(dict(good.claims)))

    must_be_refused(line, str(genuine(other).saying(sub="1")))
    must_be_refused(line, str(good.by(other).headed(alg=other.algorithm)))
    for alg in ("none", "None", "NONE", "nOnE", ""):
        bare = segment(json.dumps({**good.header, "alg": alg}))
        must_be_refused(line, f"{bare}.{bodies}.")
        must_be_refused(line, f"{bare}.{bodies}.AA")


def test_a_public_key_is_no_secret() -> None:
    """
    A token whose HMAC was made with our public key gets the same 401, on either algorithm.
    """
    public = RINGS["RS256"].current.verifying.material
    assert isinstance(public, rsa.RSAPublicKey)
    for line in map(standing, RINGS):
        for form in (PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1):
            pem = public.public_bytes(Encoding.PEM, form)
            for kept in (pem, pem.strip()):
                forger = KeyRing(SigningKey(kept, RINGS["HS256"].current.verifying))
                token = genuine(line.ring).headed(alg="HS256").saying(sub="1").by(forger)
                must_be_refused(line, str(token))


@pytest.mark.parametrize("name", ["alg", "kid", "typ"])
def test_a_header_member_twice_is_refused(line: SignedShop, good: Forgery, name: str) -> None:
    """
    A header that says a thing twice gets the same 401, whichever of the two is right.
    """
    header = json.dumps(dict(good.header))

    must_be_refused(line, good.with_header(f'{{"{name}": "x", {header[1:]}'))
    must_be_refused(line, good.with_header(f'{header[:-1]}, "{name}": "x"}}'))


@pytest.mark.parametrize("name", ["sub", "role", "exp", "aud"])
def test_a_claim_twice_is_refused(line: SignedShop, good: Forgery, name: str) -> None:
    """
    A payload that says a thing twice gets the same 401, even if it says the same.
    """
    claims = json.dumps(dict(good.claims))
    again = json.dumps(good.claims[name])

    must_be_refused(line, good.with_payload(f'{{"{name}": {again}, {claims[1:]}'))


def test_a_refresh_token_is_no_access_token(line: SignedShop) -> None:
    """
    Neither kind of token does the other's work.
    """
    pair = line.log_in()

    must_be_refused(line, pair["refresh_token"])
    assert line.refresh(pair["token"]).status_code in (401, 422)
    assert line.me(pair["token"]) == 200


def test_a_replayed_refresh_token_ends_the_family(line: SignedShop) -> None:
    """
    Used again it is a 401, and with it all tokens of the session, but of no other session.
    """
    first, other = line.log_in(), line.log_in()
    second = line.refresh(first["refresh_token"]).json
    assert [200, 200] == [line.me(pair["token"]) for pair in (first, second)]

    replayed = line.refresh(first["refresh_token"])

    assert (401, "token-refused") == (replayed.status_code, replayed.json["code"])
    assert [401, 401] == [line.me(pair["token"]) for pair in (first, second)]
    assert line.refresh(second["refresh_token"]).status_code == 401
    assert (200, 200) == (line.me(other["token"]), line.refresh(other["refresh_token"]).status_code)


def test_an_expired_refresh_token_is_refused(own: SignedShop) -> None:
    """
    After its fourteen days a refresh token is worth nothing.
    """
    pair = own.log_in()
    own.premises.clock.advance(days=14)

    assert own.refresh(pair["refresh_token"]).status_code == 401


def erase(line: SignedShop, token: str) -> None:
    """Have customer 2 forgotten, as they wish."""
    assert line.ask("DELETE", "/customers/2", token).status_code == 204


def let_go(line: SignedShop, _: str) -> None:
    """Let Bob go."""
    eve = line.log_in("eve@shop.example", staff=True)
    assert line.ask("DELETE", "/mechanics/2", eve["token"]).status_code == 204


def log_out(line: SignedShop, token: str) -> None:
    """Log out."""
    assert line.ask("POST", "/logout", token).status_code == 204


def change_password(line: SignedShop, _: str) -> None:
    """Change the password of customer 1, in another session."""
    token = line.log_in()["token"]
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert line.ask("PUT", "/me/password", token, body).status_code == 204
    assert line.me(token) == 200


ENDINGS: Final[dict[str, tuple[str, Callable[[SignedShop, str], None]]]] = {
    "logout": ("ada@example.com", log_out),
    "password change": ("ada@example.com", change_password),
    "deactivation": ("bob@shop.example", let_go),
    "erasure": ("cleo@x.example", erase),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_sessions_end_at_once(own: SignedShop, ending: str) -> None:
    """
    The next request with a token of an ended session is refused, like any bad token.
    """
    email, end = ENDINGS[ending]
    pair = own.log_in(email, staff=email.startswith("bob"))
    assert own.me(pair["token"]) == 200

    end(own, pair["token"])

    must_be_refused(own, pair["token"])
    assert own.refresh(pair["refresh_token"]).status_code == 401
