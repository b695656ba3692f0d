"""What an access token must be before anything in it is believed."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final, final

from attrs import frozen
from jwt.utils import base64url_decode

from mechanic_core.access import Actor, Role, SessionId

TYPE: Final = "at+jwt"
"""The `typ` of an access token (RFC 9068, section 2.1)."""

MOST_CHARACTERS: Final = 8 * 1024
HEADER: Final = frozenset({"alg", "kid", "typ"})
"""All that a header may say: so none says `crit`, `jku`, `jwk`, `x5c`, `x5u`, `b64` or `zip`."""

_COMPACT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_ID: Final = re.compile(r"[1-9][0-9]{0,18}")
_ROLES: Final[Mapping[str, Role]] = {role.value: role for role in Role}


class UnfitToken(Exception):
    """A token that fails a check; *check* names it, the caller is never told."""

    def __init__(self, check: str) -> None:
        """Name the check."""
        super().__init__(check)
        self.check = check


@final
@frozen
class Proven:
    """What a token was proven to say: who speaks, and until when (Unix seconds)."""

    actor: Actor
    expires: int


@final
@frozen(kw_only=True)
class Expected:
    """What every token of ours says; *life* and *leeway* are in seconds."""

    algorithm: str
    issuer: str
    audience: str
    life: int
    leeway: int

    def key_id(self, token: str) -> str:
        """Return the `kid` of a well-formed token's header. Raises `UnfitToken`.

        The header is not proven yet: its `kid` may only be looked up among our own keys.
        """
        must(len(token) <= MOST_CHARACTERS, "size")
        must(_COMPACT.fullmatch(token) is not None, "form")
        header = unique_members(_decoded(token.partition(".")[0]), "header")
        if unknown := header.keys() - HEADER:
            raise UnfitToken(f"header {min(unknown)[:32]!r}")
        must(header.get("alg") == self.algorithm, "alg")
        must(header.get("typ") == TYPE, "typ")
        return _text(header, "kid")

    def proven(self, payload: bytes, at: float) -> Proven:
        """Return what a payload with a good signature says. Raises `UnfitToken`."""
        claims = unique_members(payload, "payload")
        must(claims.get("iss") == self.issuer, "iss")
        must(claims.get("aud") == self.audience, "aud")
        issued, begins, ends = (_moment(claims, name) for name in ("iat", "nbf", "exp"))
        latest = at + self.leeway
        must(issued <= latest, "iat")
        must(begins <= latest, "nbf")
        expires = min(ends, issued + self.life)
        must(at < expires, "exp")
        _text(claims, "jti")
        actor = Actor(_role(claims), _id(claims), SessionId(_text(claims, "sid")))
        return Proven(actor, expires)


def must(holds: bool, check: str) -> None:  # noqa: FBT001 - reads as a sentence
    """Raise `UnfitToken` unless the check holds."""
    if not holds:
        raise UnfitToken(check)


def unique_members(data: bytes, check: str) -> dict[str, Any]:
    """Return the JSON object in *data*. Raises `UnfitToken`, also for a name given twice."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        must(len(members) == len(pairs), f"{check}: a member twice")
        return members

    def refuse(_: str) -> None:
        raise UnfitToken(f"{check}: not a number")

    try:
        found = json.loads(data.decode(), object_pairs_hook=unique, parse_constant=refuse)
    except (ValueError, RecursionError):
        raise UnfitToken(check) from None
    must(isinstance(found, dict), check)
    members: dict[str, Any] = found
    return members


def _decoded(segment: str) -> bytes:
    try:
        return base64url_decode(segment)
    except ValueError:
        raise UnfitToken("header") from None


def _text(members: Mapping[str, Any], name: str) -> str:
    text = members.get(name)
    if isinstance(text, str) and text:
        return text
    raise UnfitToken(name)


def _moment(claims: Mapping[str, Any], name: str) -> int:
    """Return a time claim; only integers are, although RFC 7519 lets others have fractions."""
    moment = claims.get(name)
    if type(moment) is int:  # a bool is an int by inheritance
        return moment
    raise UnfitToken(name)


def _role(claims: Mapping[str, Any]) -> Role:
    role = _ROLES.get(_text(claims, "role"))
    if role is None:
        raise UnfitToken("role")
    return role


def _id(claims: Mapping[str, Any]) -> int:
    subject = _text(claims, "sub")
    must(_ID.fullmatch(subject) is not None, "sub")
    return int(subject)
