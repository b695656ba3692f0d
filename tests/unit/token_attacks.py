"""What attackers do to tokens."""

from collections.abc import Callable
from functools import partial
from typing import Final

from tests.strategies import NOON
from tests.unit.forgery import RINGS, Forgery, genuine, segment

NOON_S: Final = int(NOON.timestamp())

ATTACKS: Final[dict[str, Callable[[Forgery], Forgery]]] = {
    "expired": lambda f: f.saying(exp=NOON_S),
    "expired long ago": lambda f: f.saying(iat=NOON_S - 9999, nbf=NOON_S - 9999, exp=NOON_S - 99),
    "older than a token may be": lambda f: f.saying(iat=NOON_S - 1800, exp=NOON_S + 9999),
    "not yet valid": lambda f: f.saying(nbf=NOON_S + 61),
    "issued in the future": lambda f: f.saying(iat=NOON_S + 61),
    "another issuer": lambda f: f.saying(iss="mechanic-shop.example"),
    "another audience": lambda f: f.saying(aud="other-shop"),
    "our audience among others": lambda f: f.saying(aud=["mechanic-shop", "other-shop"]),
    "an unknown role": lambda f: f.saying(role="owner"),
    "a role that is no text": lambda f: f.saying(role=["manager"]),
    "no number for a subject": lambda f: f.saying(sub="ada"),
    "a number for a subject": lambda f: f.saying(sub=7),
    "a subject with a sign": lambda f: f.saying(sub="-7"),
    "a subject in other digits": lambda f: f.saying(sub="\u0667"),
    "an empty session": lambda f: f.saying(sid=""),
    "a fraction of a second": lambda f: f.saying(exp=NOON_S + 60.5),
    "a text for a moment": lambda f: f.saying(exp=str(NOON_S + 60)),
    "true for a moment": lambda f: f.saying(nbf=True),
    "an endless moment": lambda f: f.saying(exp=float("inf")),
    "the type of any JWT": lambda f: f.headed(typ="JWT"),
    "another type": lambda f: f.headed(typ="refresh+jwt"),
    "an unknown kid": lambda f: f.headed(kid="another"),
    "a kid that is a path": lambda f: f.headed(kid="../../../dev/null"),
    "a kid that is SQL": lambda f: f.headed(kid="' OR 1=1 --"),
    "a kid that is a list": lambda f: f.headed(kid=["x"]),
    "a critical extension": lambda f: f.headed(crit=["exp"]),
    "a key set's address": lambda f: f.headed(jku="https://evil.example/jwks"),
    "a certificate's address": lambda f: f.headed(x5u="https://evil.example/cert"),
    "a key of its own": lambda f: f.headed(jwk={"kty": "oct", "k": "AAAA"}),
    "a certificate of its own": lambda f: f.headed(x5c=["MIIB"]),
    "an unencoded payload": lambda f: f.headed(b64=False),
    "a compressed payload": lambda f: f.headed(zip="DEF"),
    "a nested token": lambda f: f.headed(cty="JWT"),
    "no algorithm": lambda f: f.headed(alg="none"),
    "none in capitals": lambda f: f.headed(alg="None"),
    "an empty algorithm": lambda f: f.headed(alg=""),
    "a longer hash": lambda f: f.headed(alg="HS512"),
    "a list of algorithms": lambda f: f.headed(alg=["HS256", "RS256"]),
}
"""What a token of ours could be made to say: signed with our key, it must be refused."""

ATTACKS.update(
    (f"without {name}", partial(Forgery.lacking, names=(name,)))
    for name in (*genuine(RINGS["HS256"]).header, *genuine(RINGS["HS256"]).claims)
)


MANGLED: Final[dict[str, Callable[[str], str]]] = {
    "nothing": lambda _: "",
    "no dots": lambda t: t.replace(".", ""),
    "two parts": lambda t: t.rpartition(".")[0],
    "no signature": lambda t: t.rpartition(".")[0] + ".",
    "four parts": lambda t: t + ".AAAA",
    "five parts, as encrypted ones have": lambda t: t + ".AAAA.AAAA",
    "padding": lambda t: t + "=",
    "a space": lambda t: t + " ",
    "a line's end": lambda t: t + "\n",
    "another alphabet": lambda t: t.replace(".", ".+/", 1),
    "letters beyond ASCII": lambda t: t + "\u00e9",
    "an unpaired surrogate": lambda t: t + "\ud800",
    "a changed payload": lambda t: t.replace(t.split(".")[1], segment('{"sub":"1"}')),
    "a cut signature": lambda t: t[:-4],
    "a longer signature": lambda t: t + "AAAA",
    "too long": lambda t: t + "A" * (8 * 1024),
    "much too long": lambda t: t * 5000,
}
"""What may happen to a token on its way, by accident or not."""
