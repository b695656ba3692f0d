"""The contract of `Sessions`."""

from datetime import timedelta
from typing import Final

import pytest
from attrs import evolve

from mechanic_adapters.conformance.samples.declarations import Lock, Write
from mechanic_adapters.conformance.samples.records import (
    AT,
    LATER,
    LIFE,
    UNKNOWN,
    add_customer,
    add_mechanic,
    add_session,
    new_session,
    new_token,
)
from mechanic_adapters.conformance.samples.seed import Seed
from mechanic_core.access import Actor, Role
from mechanic_core.accounts.account import (
    RefreshToken,
    Session,
)
from mechanic_core.accounts.ports import RevokedSessions
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
        "sessions.sweep",
        lambda work, _: work.sessions.sweep(AT + LIFE + LIFE, 10),
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


def locked(store: Store, token: RefreshToken) -> tuple[Session, RefreshToken] | None:
    """Return the session and the stored form of *token*."""
    with store.begin() as work:
        return work.sessions.lock(token.digest)


def revoked_after(store: Store, position: int) -> RevokedSessions:
    """Return the sessions whose revocation has a greater number than *position*."""
    with store.read_only() as work:
        return work.revocations.revoked_after(position)


def is_active(store: Store, role: Role, holder_id: int, session: Session) -> bool:
    """Return whether *session* is active as a session of that person in that role."""
    with store.read_only() as work:
        return work.revocations.is_active(Actor(role, holder_id, session.id))


def active(store: Store, *tokens: RefreshToken) -> list[bool]:
    """Return for each token whether its session exists and is not revoked."""
    found = [locked(store, token) for token in tokens]
    return [pair is not None and pair[0].revoked_at is None for pair in found]


class TestSessions:
    """Sessions and their refresh tokens."""

    def test_returns_what_was_started(self, store: Store) -> None:
        """A session is found by its token's digest, both unchanged."""
        session = new_session(add_customer(store).id)
        token = add_session(store, session)

        assert (session, token) == locked(store, token)

    def test_returns_none_for_an_unknown_digest(self, store: Store) -> None:
        """An unknown digest has no session."""
        with store.begin() as work:
            assert work.sessions.lock("0" * 64) is None

    def test_lists_those_of_one_person(self, store: Store) -> None:
        """The oldest come first, revoked ones too; staff with the same id have others."""
        ada, bo, staff = add_customer(store), add_customer(store), add_mechanic(store)
        last, first = new_session(ada.id, started_at=LATER), new_session(ada.id)
        others = new_session(bo.id), new_session(staff.id, Role.MANAGER)
        for session in (last, first, *others):
            add_session(store, session)

        with store.begin() as work:
            work.revocations.revoke(first.id, LATER)

        with store.read_only() as work:
            found = [
                list(work.sessions.of(*person))
                for person in (
                    (Role.CUSTOMER, ada.id),
                    (Role.MECHANIC, staff.id),
                    (Role.CUSTOMER, UNKNOWN),
                )
            ]
        assert [[evolve(first, revoked_at=LATER), last], [others[1]], []] == found

    def test_rotates(self, store: Store) -> None:
        """The used token is marked as used; the new one belongs to the same session."""
        session = new_session(add_customer(store).id)
        used = add_session(store, session).mark_used(LATER)
        fresh = new_token(session, LATER)

        with store.begin() as work:
            work.sessions.rotate(used, fresh)

        assert (session, used) == locked(store, used)
        assert (session, fresh) == locked(store, fresh)

    def test_revokes_one_session(self, store: Store) -> None:
        """A revoked session has the moment of its revocation; the person's others go on."""
        ada = add_customer(store)
        one, other = new_session(ada.id), new_session(ada.id)
        token, others = add_session(store, one), add_session(store, other)

        with store.begin() as work:
            work.revocations.revoke(one.id, LATER)

        assert (evolve(one, revoked_at=LATER), token) == locked(store, token)
        assert (other, others) == locked(store, others)

    def test_numbers_revocations_whatever_the_clock_says(self, store: Store) -> None:
        """Revocations are found by their order, not by their moments; active sessions are not."""
        ada = add_customer(store)
        first, second, never = new_session(ada.id), new_session(ada.id), new_session(ada.id)
        for session in (first, second, never):
            add_session(store, session)
        start = revoked_after(store, 0)

        with store.begin() as work:
            work.revocations.revoke(first.id, LATER)
        between = revoked_after(store, start.position)
        with store.begin() as work:
            work.revocations.revoke(second.id, AT)
        after = revoked_after(store, between.position)

        assert [set(), {first.id}, {second.id}] == [set(one.ids) for one in (start, between, after)]
        assert start.position < between.position < after.position
        assert {first.id, second.id} == revoked_after(store, start.position).ids
        assert frozenset() == revoked_after(store, after.position).ids
        assert start.epoch == after.epoch

    def test_a_session_is_active_until_it_is_revoked(self, store: Store) -> None:
        """It is active for its holder in that role, and for nobody else."""
        ada, bo = add_customer(store), add_mechanic(store)
        hers, his = new_session(ada.id), new_session(bo.id, Role.MECHANIC)
        for session in (hers, his):
            add_session(store, session)

        assert is_active(store, Role.CUSTOMER, ada.id, hers)
        assert is_active(store, Role.MECHANIC, bo.id, his)
        assert not is_active(store, Role.CUSTOMER, ada.id + 1, hers)
        assert not is_active(store, Role.MECHANIC, ada.id, hers)
        assert not is_active(store, Role.MANAGER, bo.id, his)
        assert not is_active(store, Role.CUSTOMER, bo.id, his)
        assert not is_active(store, Role.CUSTOMER, ada.id, new_session(ada.id))
        with store.begin() as work:
            work.revocations.revoke(hers.id, LATER)
        assert not is_active(store, Role.CUSTOMER, ada.id, hers)

    def test_no_session_is_active_of_those_who_left(self, store: Store) -> None:
        """An inactive mechanic has no active session, and an erased customer neither."""
        ada, bo = add_customer(store), add_mechanic(store)
        hers, his = new_session(ada.id), new_session(bo.id, Role.MECHANIC)
        for session in (hers, his):
            add_session(store, session)

        with store.begin() as work:
            work.customers.save(ada.erase(LATER))
            work.mechanics.save(evolve(bo, active=False))

        assert not is_active(store, Role.CUSTOMER, ada.id, hers)
        assert not is_active(store, Role.MECHANIC, bo.id, his)

    def test_revokes_a_session_once(self, store: Store) -> None:
        """A second revocation does not change the moment of the first."""
        ada = add_customer(store)
        session = new_session(ada.id)
        token = add_session(store, session)

        with store.begin() as work:
            work.revocations.revoke(session.id, AT)
            work.revocations.revoke(session.id, LATER)
            work.revocations.revoke_all(Role.CUSTOMER, ada.id, LATER)

        assert (evolve(session, revoked_at=AT), token) == locked(store, token)

    def test_revokes_all_of_one_person(self, store: Store) -> None:
        """Every session of one person is revoked; those of others, staff with the same id too, are not."""
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

        assert [False, False, True, True] == active(store, *tokens)

    def test_revokes_all_but_one(self, store: Store) -> None:
        """The session named by `but` goes on."""
        ada = add_customer(store)
        mine, other = new_session(ada.id), new_session(ada.id)
        tokens = add_session(store, mine), add_session(store, other)

        with store.begin() as work:
            work.revocations.revoke_all(Role.CUSTOMER, ada.id, LATER, but=mine.id)

        assert [True, False] == active(store, *tokens)

    @pytest.mark.parametrize(
        ("started", "now"), [(Role.MECHANIC, Role.MANAGER), (Role.MANAGER, Role.MECHANIC)]
    )
    def test_revokes_sessions_of_a_former_role(
        self, store: Store, started: Role, now: Role
    ) -> None:
        """Sessions from before a change between mechanic and manager are revoked too."""
        bo = add_mechanic(store)
        token = add_session(store, new_session(bo.id, started))

        with store.begin() as work:
            work.revocations.revoke_all(now, bo.id, LATER)

        assert [False] == active(store, token)

    def test_deletes_expired_tokens_at_the_next_login(self, store: Store) -> None:
        """Starting a session deletes that person's expired tokens, and no others."""
        ada, bo = add_customer(store), add_customer(store)
        expired = add_session(store, new_session(ada.id), AT)
        going = add_session(store, new_session(ada.id), AT + TICK)
        others = add_session(store, new_session(bo.id), AT)

        fresh = add_session(store, new_session(ada.id, started_at=AT + LIFE), AT + LIFE)

        assert locked(store, expired) is None
        assert [True, True, True] == active(store, going, others, fresh)

    def test_retains_a_session_with_a_valid_token(self, store: Store) -> None:
        """A session whose first token has expired goes on with its next one."""
        ada = add_customer(store)
        session = new_session(ada.id)
        first = add_session(store, session, AT)
        second = new_token(session, LATER)
        with store.begin() as work:
            work.sessions.rotate(first.mark_used(LATER), second)

        add_session(store, new_session(ada.id, started_at=AT + LIFE), AT + LIFE)

        assert locked(store, first) is None
        assert (session, second) == locked(store, second)
