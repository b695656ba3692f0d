"""Attacks on access tokens."""

from collections.abc import Callable
from functools import partial
from typing import Final

from tests.strategies import NOON
from tests.unit.forgery import RINGS, Forgery, genuine, segment

NOON_S: Final = int(NOON.timestamp())

ATTACKS: Final[dict[str, Callable[[Forgery], Forgery]]] = {
    "expired": lambda f: f.with_claims(exp=NOON_S),
    "expired long ago": lambda f: f.with_claims(
        iat=NOON_S - 9999, nbf=NOON_S - 9999, exp=NOON_S - 99
    ),
    "older than a token may be": lambda f: f.with_claims(iat=NOON_S - 1800, exp=NOON_S + 9999),
    "not yet valid": lambda f: f.with_claims(nbf=NOON_S + 61),
    "issued in the future": lambda f: f.with_claims(iat=NOON_S + 61),
    "another issuer": lambda f: f.with_claims(iss="mechanic-shop.example"),
    "another audience": lambda f: f.with_claims(aud="other-shop"),
    "our audience among others": lambda f: f.with_claims(aud=["mechanic-shop", "other-shop"]),
    "an unknown role": lambda f: f.with_claims(role="owner"),
    "a role that is no text": lambda f: f.with_claims(role=["manager"]),
    "no number for a subject": lambda f: f.with_claims(sub="ada"),
    "a number for a subject": lambda f: f.with_claims(sub=7),
    "a subject with a sign": lambda f: f.with_claims(sub="-7"),
    "a subject in other digits": lambda f: f.with_claims(sub="\u0667"),
    "an empty session": lambda f: f.with_claims(sid=""),
    "a fraction of a second": lambda f: f.with_claims(exp=NOON_S + 60.5),
    "a text for a time": lambda f: f.with_claims(exp=str(NOON_S + 60)),
    "true for a time": lambda f: f.with_claims(nbf=True),
    "an infinite time": lambda f: f.with_claims(exp=float("inf")),
    "the type of any JWT": lambda f: f.with_members(typ="JWT"),
    "another type": lambda f: f.with_members(typ="refresh+jwt"),
    "an unknown kid": lambda f: f.with_members(kid="another"),
    "a kid that is a path": lambda f: f.with_members(kid="../../../dev/null"),
    "a kid that is SQL": lambda f: f.with_members(kid="' OR 1=1 --"),
    "a kid that is a list": lambda f: f.with_members(kid=["x"]),
    "a critical extension": lambda f: f.with_members(crit=["exp"]),
    "a key set's address": lambda f: f.with_members(jku="https://evil.example/jwks"),
    "a certificate's address": lambda f: f.with_members(x5u="https://evil.example/cert"),
    "an embedded key": lambda f: f.with_members(jwk={"kty": "oct", "k": "AAAA"}),
    "an embedded certificate": lambda f: f.with_members(x5c=["MIIB"]),
    "an unencoded payload": lambda f: f.with_members(b64=False),
    "a compressed payload": lambda f: f.with_members(zip="DEF"),
    "a nested token": lambda f: f.with_members(cty="JWT"),
    "no algorithm": lambda f: f.with_members(alg="none"),
    "none in capitals": lambda f: f.with_members(alg="None"),
    "an empty algorithm": lambda f: f.with_members(alg=""),
    "a longer hash": lambda f: f.with_members(alg="HS512"),
    "a list of algorithms": lambda f: f.with_members(alg=["HS256", "RS256"]),
}
"""Invalid headers and claims, to be refused although they are signed with our key."""

ATTACKS.update(
    (f"without {name}", partial(Forgery.without_members, names=(name,)))
    for name in (*genuine(RINGS["HS256"]).header, *genuine(RINGS["HS256"]).claims)
)


CORRUPTIONS: Final[dict[str, Callable[[str], str]]] = {
    "nothing": lambda _: "",
    "no dots": lambda t: t.replace(".", ""),
    "two parts": lambda t: t.rpartition(".")[0],
    "no signature": lambda t: t.rpartition(".")[0] + ".",
    "four parts": lambda t: t + ".AAAA",
    "five parts, as encrypted ones have": lambda t: t + ".AAAA.AAAA",
    "padding": lambda t: t + "=",
    "a space": lambda t: t + " ",
    "a line feed": lambda t: t + "\n",
    "another alphabet": lambda t: t.replace(".", ".+/", 1),
    "letters beyond ASCII": lambda t: t + "\u00e9",
    "an unpaired surrogate": lambda t: t + "\ud800",
    "a changed payload": lambda t: t.replace(t.split(".")[1], segment('{"sub":"1"}')),
    "a cut signature": lambda t: t[:-4],
    "a longer signature": lambda t: t + "AAAA",
    "too long": lambda t: t + "A" * (8 * 1024),
    "much too long": lambda t: t * 5000,
}
"""Corrupted forms of a valid token."""
