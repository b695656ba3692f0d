"""The revocation list: how soon a revocation is known, and what an outage does."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event

import pytest
from attrs import define, evolve, frozen

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
from mechanic_core.accounts.ports import RevokedSessions, SessionRevocations
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
    epoch: str = "first"
    numbered_late: SessionId | None = None

    @contextmanager
    def read_only(self) -> Iterator[Work]:
        """Open a view, if the store is available."""
        self.views += 1
        self.before()
        if self.unavailable:
            raise Unavailable
        with self.memory.read_only() as work:
            yield evolve(work, revocations=_Revocations(self, work.revocations))
        after, self.after = self.after, bool
        after()


@frozen
class _Revocations:
    """The revocations of a watched store, read-only."""

    store: WatchedStore
    real: SessionRevocations

    def revoked_after(self, position: int) -> RevokedSessions:
        """Return them, with the epoch of the store, and the one committed late as number 0.5."""
        revoked, late = self.real.revoked_after(position), self.store.numbered_late
        ids = revoked.ids | {late} if late and position == 0 else revoked.ids
        return evolve(revoked, epoch=self.store.epoch, ids=ids)

    def is_active(self, actor: Actor) -> bool:
        """Return what the store does."""
        return self.real.is_active(actor)

    def revoke(self, session_id: SessionId, at: datetime) -> None:
        """Refuse."""
        raise NotImplementedError

    def revoke_all(
        self, role: Role, holder_id: int, at: datetime, but: SessionId | None = None
    ) -> None:
        """Refuse."""
        raise NotImplementedError


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
    return RevocationList(store.read_only, LIFE, seconds)


def log_in(store: WatchedStore) -> Actor:
    """Return a customer who has logged in."""
    customer = add_customer(store.memory)
    session = new_session(customer.id)
    with store.memory.begin() as work:
        work.sessions.start(session, new_token(session))
    return Actor(Role.CUSTOMER, customer.id, session.id)


def revoke(store: WatchedStore, actor: Actor, at: datetime = NOON) -> None:
    """Revoke a session, as another process would whose clock shows *at*."""
    with store.memory.begin() as work:
        work.revocations.revoke(actor.session or SessionId(""), at)


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
    revocations.require_active(actor)
    before = store.views
    for _ in range(1000):
        seconds.at += 0.01
        revocations.require_active(actor)

    assert 4 == store.views - before


def test_a_session_is_looked_up_once(revocations: RevocationList, store: WatchedStore) -> None:
    """
    The first request with a token of a session reads the store, the next ones do not.
    """
    revocations.require_active(log_in(store))
    actor, before = log_in(store), store.views
    for _ in range(3):
        revocations.require_active(actor)

    assert 1 == store.views - before


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


def test_a_session_that_the_store_does_not_know_is_refused(
    revocations: RevocationList, store: WatchedStore
) -> None:
    """
    A token is no use without its session: not after a restore, and not with that of another.
    """
    ada, bo = log_in(store), log_in(store)
    strangers = (
        Actor(Role.CUSTOMER, ada.id, SessionId("of another database")),
        Actor(Role.CUSTOMER, bo.id, ada.session),
        Actor(Role.MANAGER, ada.id, ada.session),
        Actor(Role.CUSTOMER, ada.id),
    )
    before = [accepted(revocations, stranger) for stranger in strangers]

    assert accepted(revocations, ada)
    assert [False] * 4 == before == [accepted(revocations, one) for one in strangers]


@pytest.mark.parametrize("jump", [timedelta(days=-400), timedelta(0), timedelta(days=400)])
def test_no_clock_revives_a_revoked_session(
    revocations: RevocationList, store: WatchedStore, seconds: Seconds, jump: timedelta
) -> None:
    """
    A session stays revoked for ever, whatever the clock of the process that revoked it showed.
    """
    actor, other = log_in(store), log_in(store)
    before = accepted(revocations, actor), accepted(revocations, other)
    revoke(store, actor, NOON + jump)
    seen = []
    for _ in range(200):
        seconds.at += LIFE.total_seconds() / 50
        seen.append((accepted(revocations, actor), accepted(revocations, other)))

    assert (True, True) == before
    assert {(False, True)} == set(seen)


def test_a_revocation_committed_late_is_not_missed(
    revocations: RevocationList, store: WatchedStore, seconds: Seconds
) -> None:
    """
    Revocations are read again for the life of a token: one of a smaller number may follow.
    """
    actor, later = log_in(store), log_in(store)
    revocations.require_active(actor)
    revoke(store, later)
    seconds.at += LIFE.total_seconds() - MOMENT
    revocations.require_active(actor)
    store.numbered_late = actor.session
    seconds.at += LIFE.total_seconds() - MOMENT

    assert not accepted(revocations, actor)


def test_a_new_epoch_forgets_all_sessions(store: WatchedStore, seconds: Seconds) -> None:
    """
    When the data are replaced, sessions are looked up again, within two seconds.
    """
    epochs: list[int] = []
    revocations = RevocationList(
        store.read_only, LIFE, seconds, on_new_epoch=lambda: epochs.append(store.views)
    )
    actor = log_in(store)
    revocations.require_active(actor)
    store.memory, store.epoch = MemoryStore(), "restored"
    seconds.at += REFRESH_S
    revocations.refresh_if_due()
    first = len(epochs)
    seconds.at += MOMENT
    revocations.refresh_if_due()

    assert (1, 2) == (first, len(epochs))
    assert not accepted(revocations, actor)
    assert 2 == len(epochs)


def test_a_process_remembers_a_bounded_number_of_sessions(
    store: WatchedStore, seconds: Seconds
) -> None:
    """
    The sessions looked up first are forgotten first, and looked up again.
    """
    revocations = RevocationList(store.read_only, LIFE, seconds, max_sessions=2)
    actors = [log_in(store) for _ in range(3)]
    for actor in actors:
        revocations.require_active(actor)
    before = store.views
    revocations.require_active(actors[2])
    revocations.require_active(actors[0])

    assert 1 == store.views - before


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


def test_clocks_set_back_and_forth_revive_no_token(
    revocations: RevocationList, store: WatchedStore, seconds: Seconds
) -> None:
    """
    A token whose session ended while the clock was back is refused when the clock is right again.
    """
    clock = ManualClock()
    authenticate = authenticator(tokens_of(RINGS["HS256"], clock), revocations)
    actor = log_in(store)
    token = tokens_of(RINGS["HS256"], clock).issue(actor, NOON)
    before = authenticate(token)
    revoke(store, actor, NOON - 2 * LIFE)
    refused = 0
    for jump in (-2 * LIFE, timedelta(0), -LIFE, LIFE / 2):
        clock.at = NOON + jump
        seconds.at += REFRESH_S + MOMENT
        with pytest.raises(TokenRefused):
            authenticate(token)
        refused += 1

    assert (actor, 4) == (before, refused)
