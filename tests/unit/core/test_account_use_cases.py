"""Logging in, staying in, and leaving."""

from datetime import timedelta

import pytest

from mechanic_core.access import ANONYMOUS, Actor, Role, SessionId
from mechanic_core.accounts.account import (
    Account,
    Credentials,
    LogoutRequest,
    Me,
    PasswordChange,
    RefreshRequest,
    TokenPair,
    TokenRefused,
    WrongCredentials,
    WrongPassword,
)
from mechanic_core.mechanics.mechanic import MechanicId
from tests.shops import CUSTOMER, MECHANIC, REFRESH_LIFE
from tests.unit.core.conftest import Premises

ADA = Credentials(email="ada@example.com", password="correct horse battery")
BOB = Credentials(email="bob@shop.example", password="correct horse battery")


def session_of(pair: TokenPair) -> Actor:
    """Return who a plain token speaks for."""
    role, number, session, _ = pair.token.split(":", 3)
    return Actor(Role(role), int(number), SessionId(session))


def refresh(premises: Premises, pair: TokenPair) -> TokenPair:
    """Return the next pair."""
    return premises.shop.refresh_tokens(ANONYMOUS, RefreshRequest(refresh_token=pair.refresh_token))


def must_be_over(premises: Premises, pair: TokenPair) -> None:
    """Check that a session has ended for its access tokens and its refresh tokens."""
    with premises.store.read_only() as work:
        ended = work.revocations.revoked_since(premises.clock() - timedelta(days=1))
    assert session_of(pair).session in ended
    with pytest.raises(TokenRefused):
        refresh(premises, pair)


def test_a_login_gives_a_pair(premises: Premises) -> None:
    """
    Each login starts a session of its own.
    """
    one = premises.shop.log_in_customer(ANONYMOUS, ADA)
    other = premises.shop.log_in_customer(ANONYMOUS, ADA)

    assert ("Bearer", 1800) == (one.token_type, one.expires_in)
    assert CUSTOMER == session_of(one) == session_of(other)
    assert session_of(one).session != session_of(other).session
    assert MECHANIC == session_of(premises.shop.log_in_staff(ANONYMOUS, BOB))


@pytest.mark.parametrize(
    "credentials",
    [
        Credentials(email="ada@example.com", password="wrong"),
        Credentials(email="nobody@example.com", password="correct horse battery"),
        BOB,
    ],
    ids=["password", "email", "door"],
)
def test_wrong_credentials_are_all_alike(premises: Premises, credentials: Credentials) -> None:
    """
    Nobody learns whether it was the address or the password.
    """
    with pytest.raises(WrongCredentials, match="E-mail or password is wrong"):
        premises.shop.log_in_customer(ANONYMOUS, credentials)


def test_an_old_hash_is_made_anew_at_login(premises: Premises) -> None:
    """
    When the parameters change, each login brings one password up to date.
    """
    with premises.store.begin() as work:
        work.accounts.put(
            Account(role=Role.CUSTOMER, holder_id=1, password_hash=f"old:{ADA.password}")
        )

    premises.shop.log_in_customer(ANONYMOUS, ADA)

    with premises.store.read_only() as work:
        account = work.accounts.of(Role.CUSTOMER, 1)
    assert account
    assert f"plain:{ADA.password}" == account.password_hash


def test_a_refresh_rotates(premises: Premises) -> None:
    """
    Each refresh token is good for the next pair of the same session.
    """
    first = premises.shop.log_in_customer(ANONYMOUS, ADA)

    second = refresh(premises, first)
    third = refresh(premises, second)

    tokens = {pair.refresh_token for pair in (first, second, third)}
    assert 3 == len(tokens)
    assert session_of(first).session == session_of(third).session


def test_a_token_used_twice_ends_the_family(premises: Premises) -> None:
    """
    Whoever stole it or lost it, neither stays in.
    """
    first = premises.shop.log_in_customer(ANONYMOUS, ADA)
    second = refresh(premises, first)

    with pytest.raises(TokenRefused):
        refresh(premises, first)

    must_be_over(premises, second)


def test_a_refresh_token_grows_old(premises: Premises) -> None:
    """
    At the end of its life a token is refused, and an unknown one always is.
    """
    pair = premises.shop.log_in_customer(ANONYMOUS, ADA)
    premises.clock.at += REFRESH_LIFE

    with pytest.raises(TokenRefused):
        refresh(premises, pair)
    with pytest.raises(TokenRefused):
        premises.shop.refresh_tokens(ANONYMOUS, RefreshRequest(refresh_token="unknown"))


def test_who_left_the_shop_is_not_refreshed(premises: Premises) -> None:
    """
    A mechanic let go, or a customer erased, gets no next pair.
    """
    ada = premises.shop.log_in_customer(ANONYMOUS, ADA)
    bob = premises.shop.log_in_staff(ANONYMOUS, BOB)

    premises.shop.let_mechanic_go(Actor(Role.MANAGER, 1), MechanicId(2))
    premises.erase(1)

    must_be_over(premises, ada)
    must_be_over(premises, bob)


def test_leaving_ends_the_session(premises: Premises) -> None:
    """
    The caller's session ends, and that of a refresh token of theirs; nobody else's.
    """
    here = premises.shop.log_in_customer(ANONYMOUS, ADA)
    there = premises.shop.log_in_customer(ANONYMOUS, ADA)
    bob = premises.shop.log_in_staff(ANONYMOUS, BOB)

    request = LogoutRequest(refresh_token=bob.refresh_token)
    premises.shop.log_out(session_of(here), request)
    refresh(premises, bob)
    premises.shop.log_out(CUSTOMER, LogoutRequest(refresh_token=there.refresh_token))
    premises.shop.log_out(CUSTOMER, LogoutRequest())

    must_be_over(premises, here)
    must_be_over(premises, there)


def test_everybody_sees_their_own_card(premises: Premises) -> None:
    """
    Customers and staff with the same id see their own records.
    """
    me = premises.shop.read_me

    assert Me(id=1, role=Role.CUSTOMER, name="Ada", email="ada@example.com") == me(CUSTOMER)
    assert Me(id=2, role=Role.MECHANIC, name="Bob", email="bob@shop.example") == me(MECHANIC)


def test_a_new_password_ends_the_other_sessions(premises: Premises) -> None:
    """
    The session that changed it stays, all others end, and the old password is no longer good.
    """
    here = premises.shop.log_in_customer(ANONYMOUS, ADA)
    there = premises.shop.log_in_customer(ANONYMOUS, ADA)
    change = PasswordChange(current_password=ADA.password, new_password="another staple")

    premises.shop.change_password(session_of(here), change)

    must_be_over(premises, there)
    refresh(premises, here)
    with pytest.raises(WrongCredentials):
        premises.shop.log_in_customer(ANONYMOUS, ADA)
    new = Credentials(email=ADA.email, password="another staple")
    assert premises.shop.log_in_customer(ANONYMOUS, new).token


def test_the_current_password_must_be_proven(premises: Premises) -> None:
    """
    A stolen token alone does not change the password.
    """
    change = PasswordChange(current_password="a guess", new_password="another staple")

    with pytest.raises(WrongPassword):
        premises.shop.change_password(CUSTOMER, change)
    with pytest.raises(WrongPassword):
        premises.shop.change_password(Actor(Role.CUSTOMER, 99), change)
