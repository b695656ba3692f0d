"""Login, logout, access tokens and the current user."""

import hashlib
from typing import Final, final

from attrs import frozen

from mechanic_core.access import Actor, Role
from mechanic_core.accounts.account import (
    Credentials,
    LogoutRequest,
    Me,
    PasswordChange,
    RefreshRequest,
    TokenPair,
    WrongCredentials,
    WrongPassword,
)
from mechanic_core.accounts.use_cases import ChangePassword, LogIn, LogOut, ReadMe, RefreshTokens
from mechanic_core.shop import Shop
from mechanic_core.texts import email_key
from mechanic_http.endpoint.operation import Attempt, endpoint
from mechanic_http.endpoint.route import Route

LIMITS: Final = ("default",)


def customer_account(_: Shop, __: Actor, credentials: Credentials) -> str:
    """Return the key of a customer's account for counting attempts to log in."""
    return _account_key(f"customer:{email_key(credentials.email)}")


def staff_account(_: Shop, __: Actor, credentials: Credentials) -> str:
    """Return the key of a staff account for counting attempts to log in."""
    return _account_key(f"staff:{email_key(credentials.email)}")


def own_account(shop: Shop, actor: Actor, _: object) -> str:
    """Return the key of the actor's account: the same as for a login to it."""
    kind = "customer" if actor.role is Role.CUSTOMER else "staff"
    return _account_key(f"{kind}:{email_key(shop.read_me(actor).email)}")


def _account_key(account: str) -> str:
    """Return a hash of *account*, so that a Redis server never stores e-mail addresses."""
    return hashlib.sha256(account.encode()).hexdigest()[:32]


@final
@frozen
class CustomerLogin:
    """Login of customers."""

    shop: Shop

    @endpoint(
        LogIn,
        operation_id="log_in_customer",
        issues_tokens=True,
        limits=LIMITS,
        attempt=Attempt(customer_account, (WrongCredentials,)),
    )
    def on_post(self, actor: Actor, credentials: Credentials) -> TokenPair:
        """Log in as a customer."""
        return self.shop.log_in_customer(actor, credentials)


@final
@frozen
class StaffLogin:
    """Login of mechanics and managers."""

    shop: Shop

    @endpoint(
        LogIn,
        operation_id="log_in_staff",
        issues_tokens=True,
        limits=LIMITS,
        attempt=Attempt(staff_account, (WrongCredentials,)),
    )
    def on_post(self, actor: Actor, credentials: Credentials) -> TokenPair:
        """Log in as a mechanic or manager."""
        return self.shop.log_in_staff(actor, credentials)


@final
@frozen
class TokenRefresh:
    """Exchange of refresh tokens."""

    shop: Shop

    @endpoint(RefreshTokens, issues_tokens=True)
    def on_post(self, actor: Actor, request: RefreshRequest) -> TokenPair:
        """Exchange a refresh token for new tokens."""
        return self.shop.refresh_tokens(actor, request)


@final
@frozen
class Logout:
    """Logout."""

    shop: Shop

    @endpoint(LogOut)
    def on_post(self, actor: Actor, request: LogoutRequest | None) -> None:
        """Log out and revoke the tokens of the session."""
        self.shop.log_out(actor, request or LogoutRequest())


@final
@frozen
class MeItem:
    """The current user."""

    shop: Shop

    @endpoint(ReadMe)
    def on_get(self, actor: Actor) -> Me:
        """Get the current user."""
        return self.shop.read_me(actor)


@final
@frozen
class PasswordItem:
    """The password of the current user."""

    shop: Shop

    @endpoint(ChangePassword, attempt=Attempt(own_account, (WrongPassword,)))
    def on_put(self, actor: Actor, change: PasswordChange) -> None:
        """Change the password and end all other sessions."""
        self.shop.change_password(actor, change)


ROUTES: Final = (
    Route("/login", CustomerLogin, aliases=("/customers/login",)),
    Route("/mechanics/login", StaffLogin),
    Route("/token/refresh", TokenRefresh),
    Route("/logout", Logout),
    Route("/me", MeItem),
    Route("/me/password", PasswordItem),
)
