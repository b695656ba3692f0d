"""Ended sessions: how soon they are known, and what happens when that cannot be asked."""

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
class Asked:
    """A memory store that counts its views, and is away or slow when told to be."""

    store: MemoryStore
    away: bool = False
    asked: int = 0
    before: Callable[[], object] = bool
    after: Callable[[], object] = bool

    @contextmanager
    def read_only(self) -> Iterator[Work]:
        """Open a view, if the store is there."""
        self.asked += 1
        self.before()
        if self.away:
            raise Unavailable
        with self.store.read_only() as work:
            yield work
        after, self.after = self.after, bool
        after()


@pytest.fixture
def asked() -> Asked:
    """A store whose views are counted."""
    return Asked(MemoryStore())


@pytest.fixture
def seconds() -> Seconds:
    """The process's clock."""
    return Seconds()


@pytest.fixture
def revocations(asked: Asked, seconds: Seconds) -> RevocationList:
    """What this process knows; commits here are not told to it."""
    return RevocationList(asked.read_only, ManualClock(), LIFE, seconds)


def started(asked: Asked) -> Actor:
    """Return somebody who has logged in."""
    customer = add_customer(asked.store)
    session = new_session(customer.id)
    with asked.store.begin() as work:
        work.sessions.start(session, new_token(session))
    return Actor(Role.CUSTOMER, customer.id, session.id)


def end(asked: Asked, actor: Actor, **ago: float) -> None:
    """End a session, as another process would."""
    with asked.store.begin() as work:
        work.revocations.revoke(actor.session or SessionId(""), NOON - timedelta(**ago))


def admitted(revocations: RevocationList, actor: Actor) -> bool:
    """Return whether *actor* is let in."""
    try:
        revocations.require_active(actor)
    except TokenRefused:
        return False
    return True


def test_most_requests_ask_nothing(
    revocations: RevocationList, asked: Asked, seconds: Seconds
) -> None:
    """
    However many requests come, the store is asked once in two seconds.
    """
    actor = started(asked)
    for _ in range(1000):
        seconds.at += 0.01
        revocations.require_active(actor)

    assert asked.asked == 5


def test_a_session_ended_elsewhere_is_known_soon(
    revocations: RevocationList, asked: Asked, seconds: Seconds
) -> None:
    """
    What another process ended is refused here two seconds later.
    """
    actor, other = started(asked), started(asked)
    before = admitted(revocations, actor)
    end(asked, actor)
    seconds.at += REFRESH_S + MOMENT

    assert (True, False, True) == (
        before,
        admitted(revocations, actor),
        admitted(revocations, other),
    )


def test_a_session_ended_here_is_known_at_once(revocations: RevocationList, asked: Asked) -> None:
    """
    What this process ended is refused by the next request.
    """
    asked.store.subscribe(revocations.invalidate)
    actor = started(asked)
    before = admitted(revocations, actor)
    end(asked, actor)

    assert (True, False) == (before, admitted(revocations, actor))


def test_other_writes_ask_nothing(revocations: RevocationList, asked: Asked) -> None:
    """
    A commit that is not about sessions makes no request ask.
    """
    asked.store.subscribe(revocations.invalidate)
    actor = started(asked)
    revocations.require_active(actor)
    before = asked.asked
    add_customer(asked.store)
    revocations.require_active(actor)

    assert before == asked.asked


def test_what_ended_long_ago_is_not_read(revocations: RevocationList, asked: Asked) -> None:
    """
    Sessions are read back for as long as a token may outlive them, and no longer.
    """
    lately, long_ago = started(asked), started(asked)
    end(asked, lately, seconds=LIFE.total_seconds())
    end(asked, long_ago, seconds=LIFE.total_seconds() + 61)

    assert (False, True) == (admitted(revocations, lately), admitted(revocations, long_ago))


def test_a_store_away_is_borne_for_a_while(
    revocations: RevocationList, asked: Asked, seconds: Seconds
) -> None:
    """
    For five seconds what is known will do; then nobody is let in until the store is back.
    """
    actor = started(asked)
    revocations.require_active(actor)
    asked.away = True
    seconds.at += MAX_AGE_S
    borne = admitted(revocations, actor)
    seconds.at += MOMENT
    with pytest.raises(Unavailable):
        revocations.require_active(actor)
    asked.away = False
    seconds.at += RETRY_S

    assert borne
    assert admitted(revocations, actor)


def test_a_store_away_is_not_hammered(
    revocations: RevocationList, asked: Asked, seconds: Seconds
) -> None:
    """
    While the store is away, two requests a second ask it; the others are refused at once.
    """
    asked.away = True
    for _ in range(100):
        seconds.at += 0.1
        with pytest.raises(Unavailable):
            revocations.require_active(ACTOR)

    assert asked.asked <= 10 / RETRY_S


def test_nobody_waits_for_who_asks(
    revocations: RevocationList, asked: Asked, seconds: Seconds
) -> None:
    """
    While one request asks, others go on with what is known; when that is too old, they wait.
    """
    actor, go, asking = started(asked), Event(), Event()
    revocations.require_active(actor)
    end(asked, actor)

    def pause() -> None:
        asking.set()
        assert go.wait(30)

    asked.before = pause
    with ThreadPoolExecutor(2) as threads:
        seconds.at += REFRESH_S + MOMENT
        first = threads.submit(admitted, revocations, actor)
        assert asking.wait(30)
        meanwhile = admitted(revocations, actor)
        seconds.at += MAX_AGE_S
        late = threads.submit(admitted, revocations, actor)
        go.set()

        assert (True, False, False) == (meanwhile, first.result(), late.result())


def test_a_commit_while_asking_is_not_missed(revocations: RevocationList, asked: Asked) -> None:
    """
    A session that ends while somebody asks is known to the request after its end.
    """
    asked.store.subscribe(revocations.invalidate)
    actor = started(asked)
    revocations.require_active(actor)
    asked.after = lambda: end(asked, actor)
    revocations.invalidate(frozenset({"sessions"}))
    raced = admitted(revocations, actor)

    assert (True, False) == (raced, admitted(revocations, actor))


def test_a_token_must_pass_both(revocations: RevocationList, asked: Asked) -> None:
    """
    A request is let in by a good token of a session that goes on, and by nothing else.
    """
    tokens = tokens_of(RINGS["HS256"], ManualClock())
    asked.store.subscribe(revocations.invalidate)
    authenticate = authenticator(tokens, revocations)
    actor = started(asked)
    token = tokens.issue(actor, NOON)
    before = authenticate(token)
    end(asked, actor)

    assert (actor, actor.session) == (before, before.session)
    for refused in (token, "nonsense"):
        with pytest.raises(TokenRefused):
            authenticate(refused)
