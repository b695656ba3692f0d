"""Logging in, staying in, and leaving."""

import hashlib
from typing import final

from attrs import frozen

from mechanic_core.access import Actor
from mechanic_core.accounts.account import (
    Credentials,
    LogoutRequest,
    Me,
    PasswordChange,
    RefreshRequest,
    TokenPair,
)
from mechanic_core.accounts.use_cases import ChangePassword, LogIn, LogOut, ReadMe, RefreshTokens
from mechanic_core.shop import Shop
from mechanic_core.values import fold_case
from mechanic_http.endpoint.operation import endpoint

LOGIN_LIMITS = ("default", "login")


def customer_account(credentials: Credentials) -> str:
    """Return whose password is tried, to count the tries."""
    return _hidden(f"customer:{fold_case(credentials.email)}")


def staff_account(credentials: Credentials) -> str:
    """Return whose password is tried, to count the tries."""
    return _hidden(f"staff:{fold_case(credentials.email)}")


def _hidden(account: str) -> str:
    """Return what tells accounts apart without naming anybody in a limiter's store."""
    return hashlib.sha256(account.encode()).hexdigest()[:32]


@final
@frozen
class CustomerLogin:
    """The customers' door."""

    shop: Shop

    @endpoint(
        LogIn,
        operation_id="log_in_customer",
        issues_tokens=True,
        limits=LOGIN_LIMITS,
        limited_by=customer_account,
    )
    def on_post(self, actor: Actor, credentials: Credentials) -> TokenPair:
        """Log in as a customer."""
        return self.shop.log_in_customer(actor, credentials)


@final
@frozen
class StaffLogin:
    """The door of mechanics and managers."""

    shop: Shop

    @endpoint(
        LogIn,
        operation_id="log_in_staff",
        issues_tokens=True,
        limits=LOGIN_LIMITS,
        limited_by=staff_account,
    )
    def on_post(self, actor: Actor, credentials: Credentials) -> TokenPair:
        """Log in as a mechanic or manager."""
        return self.shop.log_in_staff(actor, credentials)


@final
@frozen
class TokenRefresh:
    """Where a refresh token is traded in."""

    shop: Shop

    @endpoint(RefreshTokens, issues_tokens=True)
    def on_post(self, actor: Actor, request: RefreshRequest) -> TokenPair:
        """Trade a refresh token for a new pair of tokens."""
        return self.shop.refresh_tokens(actor, request)


@final
@frozen
class Logout:
    """The way out."""

    shop: Shop

    @endpoint(LogOut)
    def on_post(self, actor: Actor, request: LogoutRequest | None) -> None:
        """Log out: the session's tokens stop working."""
        self.shop.log_out(actor, request or LogoutRequest())


@final
@frozen
class MeItem:
    """Whoever asks."""

    shop: Shop

    @endpoint(ReadMe)
    def on_get(self, actor: Actor) -> Me:
        """See who you are to the shop."""
        return self.shop.read_me(actor)


@final
@frozen
class PasswordItem:
    """The password of whoever asks."""

    shop: Shop

    @endpoint(ChangePassword)
    def on_put(self, actor: Actor, change: PasswordChange) -> None:
        """Choose another password; all other sessions end."""
        self.shop.change_password(actor, change)
