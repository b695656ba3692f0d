"""Revoked sessions invalidate access tokens: at once in this process, within seconds in others."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from attrs import define, field

from mechanic_adapters.security.access_tokens import JwtTokens, authenticator
from mechanic_adapters.security.password_hashing import CHEAPEST, Argon2Passwords
from mechanic_adapters.security.revocations import MAX_AGE_S, REFRESH_S, RevocationList
from mechanic_adapters.security.signing_keys import secret_keys
from mechanic_adapters.sql.migrations import runner
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.access import ANONYMOUS, Actor, Role
from mechanic_core.accounts.account import (
    Credentials,
    LogoutRequest,
    PasswordChange,
    RefreshRequest,
    TokenPair,
    TokenRefused,
)
from mechanic_core.customers.customer import CustomerId, Registration
from mechanic_core.errors import Unavailable
from mechanic_core.mechanics.mechanic import Hiring, MechanicId
from mechanic_core.shop import Shop
from mechanic_shop.wiring.clock import utc_now
from mechanic_shop.wiring.use_cases import build_shop
from tests.integration.servers import postgres_server
from tests.shops import PlainLinks

LIFE = timedelta(minutes=30)
OWNER = Actor(Role.MANAGER, 0)
PASSWORD = "correct horse battery"
RING = secret_keys("a secret of thirty-two bytes or more")


@define
class Process:
    """A process of the application: its own store, tokens and revocations."""

    url: str
    store: SqlStore = field(init=False)
    shop: Shop = field(init=False)
    authenticate: Callable[[str], Actor] = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Open it."""
        self.store = SqlStore.open(self.url)
        tokens = JwtTokens(keys=RING, now=utc_now, life=LIFE)
        revocations = RevocationList(self.store.read_only, LIFE)
        self.store.subscribe(revocations.invalidate)
        self.shop = build_shop(self.store, utc_now, Argon2Passwords(CHEAPEST), tokens, PlainLinks())
        self.authenticate = authenticator(tokens, revocations)

    def accepts(self, pair: TokenPair) -> bool:
        """Return whether the access token is accepted."""
        try:
            self.authenticate(pair.token)
        except TokenRefused:
            return False
        return True


@pytest.fixture
def here(empty_url: str) -> Iterator[Process]:
    """The process that serves the requests."""
    process = Process(empty_url)
    yield process
    process.store.close()


@pytest.fixture
def elsewhere(empty_url: str) -> Iterator[Process]:
    """Another process on the same database."""
    process = Process(empty_url)
    yield process
    process.store.close()


@pytest.fixture
def pair(here: Process) -> TokenPair:
    """The tokens of a customer who has just logged in."""
    here.shop.register_customer(
        ANONYMOUS, Registration(name="Ada Moore", email="ada@example.com", password=PASSWORD)
    )
    return log_in_again(here)


def log_in_again(process: Process) -> TokenPair:
    """Return the tokens of another login of the same customer."""
    return process.shop.log_in_customer(
        ANONYMOUS, Credentials(email="ada@example.com", password=PASSWORD)
    )


ENDINGS: dict[str, Callable[[Process, Actor, TokenPair], object]] = {
    "logout": lambda at, actor, _: at.shop.log_out(actor, LogoutRequest()),
    "erasure": lambda at, actor, _: at.shop.erase_customer(actor, CustomerId(actor.id)),
    "refresh reuse": lambda at, _, pair: [refresh(at, pair), refresh(at, pair)],
    "password change, elsewhere": lambda at, actor, _: at.shop.change_password(
        at.authenticate(log_in_again(at).token),
        PasswordChange(current_password=PASSWORD, new_password="another horse"),
    ),
}


def refresh(process: Process, pair: TokenPair) -> TokenPair | None:
    """Return the refreshed tokens, or None where the token is refused."""
    try:
        return process.shop.refresh_tokens(
            ANONYMOUS, RefreshRequest(refresh_token=pair.refresh_token)
        )
    except TokenRefused:
        return None


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_revoked_session_is_refused_at_once(here: Process, pair: TokenPair, ending: str) -> None:
    """
    After any revocation the next request with the access token is refused.
    """
    actor = here.authenticate(pair.token)
    ENDINGS[ending](here, actor, pair)

    assert not here.accepts(pair)


def test_a_deactivated_mechanic_is_refused_at_once(here: Process) -> None:
    """
    A deactivated mechanic is refused before the token expires.
    """
    for name in ("bo", "cy"):
        hiring = Hiring(name=name, email=f"{name}@x", password=PASSWORD, role=Role.MANAGER)
        here.shop.hire_mechanic(OWNER, hiring)
    pair = here.shop.log_in_staff(ANONYMOUS, Credentials(email="bo@x", password=PASSWORD))
    actor = here.authenticate(pair.token)
    here.shop.let_mechanic_go(OWNER, MechanicId(actor.id))

    assert not here.accepts(pair)


def test_a_password_change_keeps_the_session_that_made_it(here: Process, pair: TokenPair) -> None:
    """
    A password change revokes all other sessions.
    """
    other = log_in_again(here)
    change = PasswordChange(current_password=PASSWORD, new_password="another horse")
    here.shop.change_password(here.authenticate(pair.token), change)

    assert (True, False) == (here.accepts(pair), here.accepts(other))


def test_other_processes_know_within_five_seconds(
    here: Process, elsewhere: Process, pair: TokenPair
) -> None:
    """
    A revocation takes effect in other processes within five seconds.
    """
    actor = here.authenticate(pair.token)
    before = elsewhere.accepts(pair)
    here.shop.log_out(actor, LogoutRequest())
    ended = asked = time.monotonic()
    while elsewhere.accepts(pair):
        assert asked < ended + MAX_AGE_S
        time.sleep(0.05)
        asked = time.monotonic()

    assert before


def test_the_hot_path_runs_no_statement(here: Process, pair: TokenPair) -> None:
    """
    Hundreds of authenticated requests run one statement every two seconds.
    """
    statements: list[str] = []
    here.authenticate(pair.token)
    begun = time.monotonic()
    here.store.database.on_statement = statements.append
    for _ in range(500):
        here.authenticate(pair.token)

    assert len(statements) <= (time.monotonic() - begun) / REFRESH_S + 1


def test_an_unavailable_database_admits_nobody_for_long() -> None:
    """
    Without the database tokens are accepted for five more seconds, and again when it is back.
    """
    with postgres_server(durable=False) as server:
        url = server.new_database()
        runner.upgrade(url)
        process = Process(url)
        pair = _registered(process)
        known = datetime.now(UTC)
        before = process.accepts(pair)
        server.stop()
        outcomes = set()
        while datetime.now(UTC) < known + timedelta(seconds=2 * MAX_AGE_S):
            try:
                outcomes.add((process.accepts(pair), datetime.now(UTC) - known < _late()))
            except Unavailable:
                break
            time.sleep(0.05)
        with pytest.raises(Unavailable):
            process.authenticate(pair.token)
        server.start()
        deadline = time.monotonic() + 30
        while not (after := _let_in(process, pair)) and time.monotonic() < deadline:
            time.sleep(0.1)
        process.store.close()

    assert before
    assert {(True, True)} == outcomes
    assert after


def _registered(process: Process) -> TokenPair:
    process.shop.register_customer(
        ANONYMOUS, Registration(name="Ada Moore", email="ada@example.com", password=PASSWORD)
    )
    return log_in_again(process)


def _late() -> timedelta:
    return timedelta(seconds=MAX_AGE_S + 3)  # a statement may take its time to fail


def _let_in(process: Process, pair: TokenPair) -> bool:
    try:
        return process.accepts(pair)
    except Unavailable:
        return False
