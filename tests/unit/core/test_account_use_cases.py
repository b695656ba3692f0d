"""Log in, refresh tokens, log out, and change the password."""

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
from mechanic_core.tickets.forms import TicketDraft
from mechanic_core.vehicles.vehicle import VehicleForm
from tests.shops import CUSTOMER, MECHANIC, REFRESH_LIFE
from tests.strategies import sample
from tests.unit.core.conftest import Premises

ADA = Credentials(email="ada@example.com", password="correct horse battery")
BOB = Credentials(email="bob@shop.example", password="correct horse battery")


def session_of(pair: TokenPair) -> Actor:
    """Return the actor of a test access token."""
    role, number, session, _ = pair.token.split(":", 3)
    return Actor(Role(role), int(number), SessionId(session))


def refresh(premises: Premises, pair: TokenPair) -> TokenPair:
    """Return the next pair of tokens."""
    return premises.shop.refresh_tokens(ANONYMOUS, RefreshRequest(refresh_token=pair.refresh_token))


def require_ended(premises: Premises, pair: TokenPair) -> None:
    """Check that a session has ended for its access tokens and its refresh tokens."""
    with premises.store.read_only() as work:
        ended = work.revocations.revoked_after(0).ids
    assert session_of(pair).session in ended
    with pytest.raises(TokenRefused):
        refresh(premises, pair)


def test_a_login_returns_a_token_pair(premises: Premises) -> None:
    """
    Each login starts its own session.
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
    The refusal does not show whether the address or the password is wrong.
    """
    with pytest.raises(WrongCredentials, match="E-mail or password is wrong"):
        premises.shop.log_in_customer(ANONYMOUS, credentials)


def test_an_outdated_hash_is_replaced_at_login(premises: Premises) -> None:
    """
    When the hash parameters change, each login rehashes one password.
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


def test_a_refresh_rotates_the_token(premises: Premises) -> None:
    """
    Each refresh token can be exchanged for the next pair of the same session.
    """
    first = premises.shop.log_in_customer(ANONYMOUS, ADA)

    second = refresh(premises, first)
    third = refresh(premises, second)

    tokens = {pair.refresh_token for pair in (first, second, third)}
    assert 3 == len(tokens)
    assert session_of(first).session == session_of(third).session


def test_reuse_of_a_refresh_token_revokes_the_session(premises: Premises) -> None:
    """
    When a refresh token is used twice, all tokens of its session are revoked.
    """
    first = premises.shop.log_in_customer(ANONYMOUS, ADA)
    second = refresh(premises, first)

    with pytest.raises(TokenRefused):
        refresh(premises, first)

    require_ended(premises, second)


def test_a_refresh_token_expires(premises: Premises) -> None:
    """
    An expired refresh token is refused, and so is an unknown one.
    """
    pair = premises.shop.log_in_customer(ANONYMOUS, ADA)
    premises.clock.at += REFRESH_LIFE

    with pytest.raises(TokenRefused):
        refresh(premises, pair)
    with pytest.raises(TokenRefused):
        premises.shop.refresh_tokens(ANONYMOUS, RefreshRequest(refresh_token="unknown"))


def test_inactive_accounts_are_not_refreshed(premises: Premises) -> None:
    """
    A dismissed mechanic or an erased customer gets no next pair.
    """
    ada = premises.shop.log_in_customer(ANONYMOUS, ADA)
    bob = premises.shop.log_in_staff(ANONYMOUS, BOB)

    premises.shop.let_mechanic_go(Actor(Role.MANAGER, 1), MechanicId(2))
    premises.erase(1)

    require_ended(premises, ada)
    require_ended(premises, bob)


def test_logging_out_ends_the_session(premises: Premises) -> None:
    """
    Logging out ends the caller's session and that of their refresh token, and no other.
    """
    here = premises.shop.log_in_customer(ANONYMOUS, ADA)
    there = premises.shop.log_in_customer(ANONYMOUS, ADA)
    bob = premises.shop.log_in_staff(ANONYMOUS, BOB)

    request = LogoutRequest(refresh_token=bob.refresh_token)
    premises.shop.log_out(session_of(here), request)
    refresh(premises, bob)
    premises.shop.log_out(CUSTOMER, LogoutRequest(refresh_token=there.refresh_token))
    premises.shop.log_out(CUSTOMER, LogoutRequest())

    require_ended(premises, here)
    require_ended(premises, there)


def test_everybody_reads_their_own_account(premises: Premises) -> None:
    """
    Customers and staff with the same id see their own records.
    """
    me = premises.shop.read_me

    assert Me(id=1, role=Role.CUSTOMER, name="Ada", email="ada@example.com") == me(CUSTOMER)
    assert Me(id=2, role=Role.MECHANIC, name="Bob", email="bob@shop.example") == me(MECHANIC)


def test_a_new_password_ends_the_other_sessions(premises: Premises) -> None:
    """
    The session that changed the password stays, all others end, and the old password is refused.
    """
    here = premises.shop.log_in_customer(ANONYMOUS, ADA)
    there = premises.shop.log_in_customer(ANONYMOUS, ADA)
    change = PasswordChange(current_password=ADA.password, new_password="another staple")

    premises.shop.change_password(session_of(here), change)

    require_ended(premises, there)
    refresh(premises, here)
    with pytest.raises(WrongCredentials):
        premises.shop.log_in_customer(ANONYMOUS, ADA)
    new = Credentials(email=ADA.email, password="another staple")
    assert premises.shop.log_in_customer(ANONYMOUS, new).token


def test_the_current_password_is_required(premises: Premises) -> None:
    """
    A stolen token alone does not change the password.
    """
    change = PasswordChange(current_password="a guess", new_password="another staple")

    with pytest.raises(WrongPassword):
        premises.shop.change_password(CUSTOMER, change)


@pytest.mark.parametrize("actor", [Actor(Role.CUSTOMER, 99), Actor(Role.MECHANIC, 99)], ids=str)
def test_the_token_of_somebody_who_does_not_exist_is_refused(
    premises: Premises, actor: Actor
) -> None:
    """
    What concerns the caller's own account is refused as by an invalid token.
    """
    change = PasswordChange(current_password="a guess", new_password="another staple")

    with pytest.raises(TokenRefused):
        premises.shop.read_me(actor)
    with pytest.raises(TokenRefused):
        premises.shop.change_password(actor, change)
    if actor.is_customer:
        with pytest.raises(TokenRefused):
            premises.shop.add_vehicle(actor, VehicleForm())
        with pytest.raises(TokenRefused):
            premises.shop.open_ticket(
                actor, sample(TicketDraft, customer_id=None, mechanic_ids=None)
            )
