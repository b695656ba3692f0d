"""The contract of `Sessions`."""

from datetime import datetime, timedelta
from typing import Final

import pytest
from attrs import evolve

from mechanic_adapters.conformance.declarations import Lock, Write
from mechanic_adapters.conformance.samples.records import (
    AT,
    LATER,
    LIFE,
    add_customer,
    add_mechanic,
    add_session,
    new_session,
    new_token,
)
from mechanic_adapters.conformance.samples.seed import Seed
from mechanic_core.access import Role, SessionId
from mechanic_core.accounts.account import (
    RefreshToken,
    Session,
)
from mechanic_core.unit_of_work import Store, Work

TICK = timedelta(microseconds=1)


def _start(work: Work, seed: Seed) -> None:
    session = new_session(seed.customer.id)
    work.sessions.start(session, new_token(session))


def _refresh(work: Work, seed: Seed) -> None:
    assert work.sessions.lock(seed.token.digest)
    work.sessions.rotate(seed.token.mark_used(LATER), new_token(seed.session))


WRITES: Final = (
    Write("sessions.start", _start, "sessions"),
    Write(
        "sessions.rotate",
        lambda work, seed: work.sessions.rotate(
            seed.token.mark_used(LATER), new_token(seed.session, LATER)
        ),
        "sessions",
    ),
    Write(
        "revocations.revoke",
        lambda work, seed: work.revocations.revoke(seed.session.id, LATER),
        "sessions",
    ),
    Write(
        "revocations.revoke_all",
        lambda work, seed: work.revocations.revoke_all(Role.CUSTOMER, seed.customer.id, LATER),
        "sessions",
    ),
)
LOCKS: Final = (
    Lock("sessions.lock", lambda work, seed: work.sessions.lock(seed.token.digest), _refresh),
)


def held(store: Store, token: RefreshToken) -> tuple[Session, RefreshToken] | None:
    """Return what is kept of *token*."""
    with store.begin() as work:
        return work.sessions.lock(token.digest)


def ended(store: Store, since: datetime) -> frozenset[SessionId]:
    """Return the sessions ended at *since* or later."""
    with store.read_only() as work:
        return work.revocations.revoked_since(since)


def alive(store: Store, *tokens: RefreshToken) -> list[bool]:
    """Return for each token whether its session has not been ended."""
    found = [held(store, token) for token in tokens]
    return [pair is not None and pair[0].revoked_at is None for pair in found]


class TestSessions:
    """Every session that may still be alive."""

    def test_gives_back_what_was_started(self, store: Store) -> None:
        """A session comes back by its token's digest, both whole."""
        session = new_session(add_customer(store).id)
        token = add_session(store, session)

        assert (session, token) == held(store, token)

    def test_holds_nothing_for_an_unknown_digest(self, store: Store) -> None:
        """A digest that was never kept has no session."""
        with store.begin() as work:
            assert work.sessions.lock("0" * 64) is None

    def test_rotates(self, store: Store) -> None:
        """The spent token is kept as used, the fresh one beside it in the same session."""
        session = new_session(add_customer(store).id)
        spent = add_session(store, session).mark_used(LATER)
        fresh = new_token(session, LATER)

        with store.begin() as work:
            work.sessions.rotate(spent, fresh)

        assert (session, spent) == held(store, spent)
        assert (session, fresh) == held(store, fresh)

    def test_ends_one_session(self, store: Store) -> None:
        """An ended session tells when; the person's others go on."""
        ada = add_customer(store)
        one, other = new_session(ada.id), new_session(ada.id)
        token, others = add_session(store, one), add_session(store, other)

        with store.begin() as work:
            work.revocations.revoke(one.id, LATER)

        assert (evolve(one, revoked_at=LATER), token) == held(store, token)
        assert (other, others) == held(store, others)

    def test_tells_which_ended_since(self, store: Store) -> None:
        """The moment itself is included, to the microsecond; sessions alive are not there."""
        ada = add_customer(store)
        early, late, never = new_session(ada.id), new_session(ada.id), new_session(ada.id)
        for session in (early, late, never):
            add_session(store, session)

        with store.begin() as work:
            work.revocations.revoke(early.id, AT)
            work.revocations.revoke(late.id, AT + TICK)

        assert {early.id, late.id} == ended(store, AT)
        assert {late.id} == ended(store, AT + TICK)
        assert frozenset() == ended(store, AT + 2 * TICK)

    def test_ends_a_session_once(self, store: Store) -> None:
        """What has ended keeps the moment when it did."""
        ada = add_customer(store)
        session = new_session(ada.id)
        token = add_session(store, session)

        with store.begin() as work:
            work.revocations.revoke(session.id, AT)
            work.revocations.revoke(session.id, LATER)
            work.revocations.revoke_all(Role.CUSTOMER, ada.id, LATER)

        assert (evolve(session, revoked_at=AT), token) == held(store, token)

    def test_ends_all_of_one_person(self, store: Store) -> None:
        """Every session of one person ends; others' go on, with the same id among staff too."""
        ada, bo = add_customer(store), add_customer(store)
        mechanic = add_mechanic(store)
        tokens = [
            add_session(store, new_session(ada.id)),
            add_session(store, new_session(ada.id)),
            add_session(store, new_session(bo.id)),
            add_session(store, new_session(mechanic.id, Role.MECHANIC)),
        ]

        with store.begin() as work:
            work.revocations.revoke_all(Role.CUSTOMER, ada.id, LATER)

        assert [False, False, True, True] == alive(store, *tokens)

    def test_ends_all_but_one(self, store: Store) -> None:
        """The session that asks may go on."""
        ada = add_customer(store)
        mine, other = new_session(ada.id), new_session(ada.id)
        tokens = add_session(store, mine), add_session(store, other)

        with store.begin() as work:
            work.revocations.revoke_all(Role.CUSTOMER, ada.id, LATER, but=mine.id)

        assert [True, False] == alive(store, *tokens)

    @pytest.mark.parametrize(
        ("started", "now"), [(Role.MECHANIC, Role.MANAGER), (Role.MANAGER, Role.MECHANIC)]
    )
    def test_knows_a_person_by_any_role(self, store: Store, started: Role, now: Role) -> None:
        """Sessions from before somebody rose or stepped down are theirs still."""
        bo = add_mechanic(store)
        token = add_session(store, new_session(bo.id, started))

        with store.begin() as work:
            work.revocations.revoke_all(now, bo.id, LATER)

        assert [False] == alive(store, token)

    def test_drops_the_expired_at_the_next_login(self, store: Store) -> None:
        """Starting a session drops that person's expired tokens, nobody else's."""
        ada, bo = add_customer(store), add_customer(store)
        expired = add_session(store, new_session(ada.id), AT)
        going = add_session(store, new_session(ada.id), AT + TICK)
        others = add_session(store, new_session(bo.id), AT)

        fresh = add_session(store, new_session(ada.id, started_at=AT + LIFE), AT + LIFE)

        assert held(store, expired) is None
        assert [True, True, True] == alive(store, going, others, fresh)

    def test_keeps_a_session_with_a_token_left(self, store: Store) -> None:
        """A session whose first token has expired lives on by its next one."""
        ada = add_customer(store)
        session = new_session(ada.id)
        first = add_session(store, session, AT)
        second = new_token(session, LATER)
        with store.begin() as work:
            work.sessions.rotate(first.mark_used(LATER), second)

        add_session(store, new_session(ada.id, started_at=AT + LIFE), AT + LIFE)

        assert held(store, first) is None
        assert (session, second) == held(store, second)
