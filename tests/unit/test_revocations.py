"""The revocation list: how soon a revocation is known, and what an outage does."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import Event

import pytest
from attrs import define

from mechanic_adapters.conformance.samples.records import add_customer, new_session, new_token
from mechanic_adapters.memory import MemoryStore
from mechanic_adapters.security.access_tokens import authenticator
from mechanic_adapters.security.revocations import (
    MAX_AGE_S,
    REFRESH_S,
    RETRY_S,
    RevocationList,
)
from mechanic_core.access import Actor, Role, SessionId
from mechanic_core.accounts.account import TokenRefused
from mechanic_core.errors import Unavailable
from mechanic_core.unit_of_work import Work
from tests.shops import ManualClock, Seconds
from tests.strategies import NOON
from tests.unit.forgery import ACTOR, LIFE, RINGS, tokens_of

MOMENT = 0.001


@define
class WatchedStore:
    """A memory store that counts its views, and can be unavailable or slow."""

    memory: MemoryStore
    unavailable: bool = False
    views: int = 0
    before: Callable[[], object] = bool
    after: Callable[[], object] = bool

    @contextmanager
    def read_only(self) -> Iterator[Work]:
        """Open a view, if the store is available."""
        self.views += 1
        self.before()
        if self.unavailable:
            raise Unavailable
        with self.memory.read_only() as work:
            yield work
        after, self.after = self.after, bool
        after()


@pytest.fixture
def store() -> WatchedStore:
    """The store."""
    return WatchedStore(MemoryStore())


@pytest.fixture
def seconds() -> Seconds:
    """The clock of the process."""
    return Seconds()


@pytest.fixture
def revocations(store: WatchedStore, seconds: Seconds) -> RevocationList:
    """The list, not subscribed to the store."""
    return RevocationList(store.read_only, ManualClock(), LIFE, seconds)


def log_in(store: WatchedStore) -> Actor:
    """Return a customer who has logged in."""
    customer = add_customer(store.memory)
    session = new_session(customer.id)
    with store.memory.begin() as work:
        work.sessions.start(session, new_token(session))
    return Actor(Role.CUSTOMER, customer.id, session.id)


def revoke(store: WatchedStore, actor: Actor, **ago: float) -> None:
    """Revoke a session, as another process would."""
    with store.memory.begin() as work:
        work.revocations.revoke(actor.session or SessionId(""), NOON - timedelta(**ago))


def accepted(revocations: RevocationList, actor: Actor) -> bool:
    """Return whether *actor* is accepted."""
    try:
        revocations.require_active(actor)
    except TokenRefused:
        return False
    return True


def test_most_requests_read_nothing(
    revocations: RevocationList, store: WatchedStore, seconds: Seconds
) -> None:
    """
    However many requests come, the list is read once in two seconds.
    """
    actor = log_in(store)
    for _ in range(1000):
        seconds.at += 0.01
        revocations.require_active(actor)

    assert store.views == 5


def test_a_revocation_of_another_process_is_known_soon(
    revocations: RevocationList, store: WatchedStore, seconds: Seconds
) -> None:
    """
    A session that another process revoked is refused two seconds later.
    """
    actor, other = log_in(store), log_in(store)
    before = accepted(revocations, actor)
    revoke(store, actor)
    seconds.at += REFRESH_S + MOMENT

    assert (True, False, True) == (
        before,
        accepted(revocations, actor),
        accepted(revocations, other),
    )


def test_a_revocation_of_this_process_is_known_at_once(
    revocations: RevocationList, store: WatchedStore
) -> None:
    """
    A session that this process revoked is refused from the next request on.
    """
    store.memory.subscribe(revocations.invalidate)
    actor = log_in(store)
    before = accepted(revocations, actor)
    revoke(store, actor)

    assert (True, False) == (before, accepted(revocations, actor))


def test_other_writes_refresh_nothing(revocations: RevocationList, store: WatchedStore) -> None:
    """
    A commit that wrote no sessions does not refresh the list.
    """
    store.memory.subscribe(revocations.invalidate)
    actor = log_in(store)
    revocations.require_active(actor)
    before = store.views
    add_customer(store.memory)
    revocations.require_active(actor)

    assert before == store.views


def test_old_revocations_are_not_read(revocations: RevocationList, store: WatchedStore) -> None:
    """
    Revocations are read for as long as a token may be valid, and no longer.
    """
    lately, long_ago = log_in(store), log_in(store)
    revoke(store, lately, seconds=LIFE.total_seconds())
    revoke(store, long_ago, seconds=LIFE.total_seconds() + 61)

    assert (False, True) == (accepted(revocations, lately), accepted(revocations, long_ago))


def test_an_outage_is_bridged_for_five_seconds(
    revocations: RevocationList, store: WatchedStore, seconds: Seconds
) -> None:
    """
    The list is used for five seconds; then requests are refused until the store is back.
    """
    actor = log_in(store)
    revocations.require_active(actor)
    store.unavailable = True
    seconds.at += MAX_AGE_S
    bridged = accepted(revocations, actor)
    seconds.at += MOMENT
    with pytest.raises(Unavailable):
        revocations.require_active(actor)
    store.unavailable = False
    seconds.at += RETRY_S

    assert bridged
    assert accepted(revocations, actor)


def test_an_outage_limits_the_attempts(
    revocations: RevocationList, store: WatchedStore, seconds: Seconds
) -> None:
    """
    During an outage two requests a second try to read; the others are refused at once.
    """
    store.unavailable = True
    for _ in range(100):
        seconds.at += 0.1
        with pytest.raises(Unavailable):
            revocations.require_active(ACTOR)

    assert store.views <= 10 / RETRY_S


def test_requests_do_not_wait_for_a_refresh(
    revocations: RevocationList, store: WatchedStore, seconds: Seconds
) -> None:
    """
    While one request refreshes, others use the list; when it is too old, they wait.
    """
    actor, go, refreshing = log_in(store), Event(), Event()
    revocations.require_active(actor)
    revoke(store, actor)

    def pause() -> None:
        refreshing.set()
        assert go.wait(30)

    store.before = pause
    with ThreadPoolExecutor(2) as threads:
        seconds.at += REFRESH_S + MOMENT
        first = threads.submit(accepted, revocations, actor)
        assert refreshing.wait(30)
        meanwhile = accepted(revocations, actor)
        seconds.at += MAX_AGE_S
        late = threads.submit(accepted, revocations, actor)
        go.set()

        assert (True, False, False) == (meanwhile, first.result(), late.result())


def test_a_commit_during_a_refresh_is_not_missed(
    revocations: RevocationList, store: WatchedStore
) -> None:
    """
    A session revoked during a refresh is refused from the next request on.
    """
    store.memory.subscribe(revocations.invalidate)
    actor = log_in(store)
    revocations.require_active(actor)
    store.after = lambda: revoke(store, actor)
    revocations.invalidate(frozenset({"sessions"}))
    raced = accepted(revocations, actor)

    assert (True, False) == (raced, accepted(revocations, actor))


def test_authentication_checks_token_and_revocation(
    revocations: RevocationList, store: WatchedStore
) -> None:
    """
    A request needs a valid token whose session is not revoked.
    """
    tokens = tokens_of(RINGS["HS256"], ManualClock())
    store.memory.subscribe(revocations.invalidate)
    authenticate = authenticator(tokens, revocations)
    actor = log_in(store)
    token = tokens.issue(actor, NOON)
    before = authenticate(token)
    revoke(store, actor)

    assert (actor, actor.session) == (before, before.session)
    for refused in (token, "nonsense"):
        with pytest.raises(TokenRefused):
            authenticate(refused)
