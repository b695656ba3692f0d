"""Accounts, sessions and refresh tokens, with the request and response bodies of logins."""

import hashlib
from datetime import datetime, timedelta
from typing import Annotated, Self

from attrs import evolve, field, frozen

from mechanic_core.access import Role, SessionId
from mechanic_core.accounts.password import Password, PasswordAttempt, mask_secret
from mechanic_core.errors import Forbidden, Unauthenticated
from mechanic_core.rules import Example, Length, Pattern, checked
from mechanic_core.values import Email, LoginEmail, Name

RefreshSecret = Annotated[
    str,
    Length(1, 512),
    Pattern(r"[\x21-\x7e]*", "must be visible ASCII"),
    Example("rXq0gGmZ2nq1nD7t0pJv1cWZb8mVd1yQe3kJ4uPzT5s"),
]


class WrongCredentials(Unauthenticated):
    """E-mail or password is wrong."""


class TokenRefused(Unauthenticated):
    """The token is not valid."""


class WrongPassword(Forbidden):
    """The current password is wrong."""


@frozen(kw_only=True, field_transformer=checked)
class Credentials:
    """E-mail address and password, to log in with."""

    email: LoginEmail
    password: PasswordAttempt = field(repr=mask_secret)


@frozen(kw_only=True, field_transformer=checked)
class RefreshRequest:
    """A refresh token to exchange."""

    refresh_token: RefreshSecret = field(repr=mask_secret)


@frozen(kw_only=True, field_transformer=checked)
class LogoutRequest:
    """A refresh token whose session is to end too, if given."""

    refresh_token: RefreshSecret | None = field(default=None, repr=mask_secret)


@frozen(kw_only=True, field_transformer=checked)
class PasswordChange:
    """The current password and a new one."""

    current_password: PasswordAttempt = field(repr=mask_secret)
    new_password: Annotated[Password, Example("staple horse battery")] = field(repr=mask_secret)


@frozen(kw_only=True, field_transformer=checked)
class TokenPair:
    """An access token, and the refresh token for the next pair. *expires_in* is in seconds."""

    token: Annotated[str, Example("eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9.e30.c2ln")] = field(
        repr=mask_secret
    )
    token_type: Annotated[str, Example("Bearer")] = "Bearer"  # noqa: S105 - a scheme, no secret
    expires_in: Annotated[int, Example(1800)]
    refresh_token: RefreshSecret = field(repr=mask_secret)


@frozen(kw_only=True)
class Me:
    """The account that the access token belongs to."""

    id: Annotated[int, Example(7)]
    role: Role
    name: Name
    email: Email


@frozen(kw_only=True, field_transformer=checked)
class Account:
    """The credentials of one person. *role* and *active* come from the person's own record."""

    role: Role
    holder_id: int
    password_hash: str = field(repr=False)
    active: bool = True


@frozen(kw_only=True, field_transformer=checked)
class Session:
    """The session that a login starts: a family of refresh tokens and their access tokens."""

    id: SessionId
    role: Role
    holder_id: int
    started_at: datetime
    revoked_at: datetime | None = None


@frozen(kw_only=True, field_transformer=checked)
class RefreshToken:
    """One refresh token of a session; only its SHA-256 digest is stored."""

    digest: str = field(repr=False)
    session_id: SessionId
    issued_at: datetime
    expires_at: datetime
    used_at: datetime | None = None

    @classmethod
    def of(cls, secret: str, session_id: SessionId, at: datetime, life: timedelta) -> Self:
        """Return the token whose plain text is *secret*, valid for *life*."""
        return cls(
            digest=digest_of(secret), session_id=session_id, issued_at=at, expires_at=at + life
        )

    def mark_used(self, at: datetime) -> Self:
        """Return the token as used."""
        return evolve(self, used_at=at)


def digest_of(secret: str) -> str:
    """Return the hex SHA-256 of a random secret; no salt is needed for 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()
