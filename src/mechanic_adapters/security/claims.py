"""The checks that an access token must pass, by the rules of RFC 8725 and RFC 9068."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final, final

from attrs import frozen
from jwt.utils import base64url_decode

from mechanic_core.access import Actor, Role, SessionId

TYPE: Final = "at+jwt"
"""The `typ` of an access token (RFC 9068, section 2.1)."""

HEADER: Final = frozenset({"alg", "kid", "typ"})
"""The only header members allowed: no `crit`, `jku`, `jwk`, `x5c`, `x5u`, `b64` or `zip`."""

_COMPACT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_ID: Final = re.compile(r"[1-9][0-9]{0,18}")
_ROLES: Final[Mapping[str, Role]] = {role.value: role for role in Role}


class InvalidToken(Exception):
    """A token that fails the check named *check*, which is logged and never sent to clients."""

    def __init__(self, check: str) -> None:
        """Name the check."""
        super().__init__(check)
        self.check = check


@final
@frozen
class VerifiedToken:
    """The contents of a token that passed all checks; *expires* in Unix seconds."""

    actor: Actor
    expires: int


@final
@frozen(kw_only=True)
class TokenRules:
    """The expected contents of a token; *life* and *leeway* in seconds."""

    algorithm: str
    issuer: str
    audience: str
    life: int
    leeway: int

    def key_id(self, token: str) -> str:
        """Return the `kid` of a token's header. Raises `InvalidToken`.

        The signature is not verified yet: use the `kid` only to look up one of our own keys.
        """
        _require(_COMPACT.fullmatch(token) is not None, "form")
        header = parse_object(_decode(token.partition(".")[0]), "header")
        if unknown := header.keys() - HEADER:
            raise InvalidToken(f"header {min(unknown)[:32]!r}")
        _require(header.get("alg") == self.algorithm, "alg")
        _require(header.get("typ") == TYPE, "typ")
        return _text(header, "kid")

    def verify_claims(self, payload: bytes, at: float) -> VerifiedToken:
        """Return the claims in *payload*, whose signature is verified. Raises `InvalidToken`."""
        claims = parse_object(payload, "payload")
        _require(claims.get("iss") == self.issuer, "iss")
        _require(claims.get("aud") == self.audience, "aud")
        issued, begins, ends = (_seconds(claims, name) for name in ("iat", "nbf", "exp"))
        latest = at + self.leeway
        _require(issued <= latest, "iat")
        _require(begins <= latest, "nbf")
        expires = min(ends, issued + self.life)
        _require(at < expires, "exp")
        _text(claims, "jti")
        actor = Actor(_role(claims), _id(claims), SessionId(_text(claims, "sid")))
        return VerifiedToken(actor, expires)


def parse_object(data: bytes, check: str) -> dict[str, Any]:
    """Return the JSON object in *data*. Raises `InvalidToken`, for a duplicate member too."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        _require(len(members) == len(pairs), f"{check}: duplicate member")
        return members

    def refuse(_: str) -> None:
        raise InvalidToken(f"{check}: not a number")

    try:
        value = json.loads(data.decode(), object_pairs_hook=unique, parse_constant=refuse)
    except (ValueError, RecursionError):
        raise InvalidToken(check) from None
    _require(isinstance(value, dict), check)
    members: dict[str, Any] = value
    return members


def _require(holds: bool, check: str) -> None:  # noqa: FBT001 - the condition to check
    if not holds:
        raise InvalidToken(check)


def _decode(segment: str) -> bytes:
    try:
        return base64url_decode(segment)
    except ValueError:
        raise InvalidToken("header") from None


def _text(members: Mapping[str, Any], name: str) -> str:
    text = members.get(name)
    if isinstance(text, str) and text:
        return text
    raise InvalidToken(name)


def _seconds(claims: Mapping[str, Any], name: str) -> int:
    """Return a time claim; fractions, which RFC 7519 allows, are refused."""
    seconds = claims.get(name)
    if type(seconds) is int:  # and not a bool, which is a subclass
        return seconds
    raise InvalidToken(name)


def _role(claims: Mapping[str, Any]) -> Role:
    role = _ROLES.get(_text(claims, "role"))
    if role is None:
        raise InvalidToken("role")
    return role


def _id(claims: Mapping[str, Any]) -> int:
    subject = _text(claims, "sub")
    _require(_ID.fullmatch(subject) is not None, "sub")
    return int(subject)
