"""The contract of `Sessions`: what has expired is swept."""

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
from mechanic_core.access import Role
from mechanic_core.accounts.account import RefreshToken
from mechanic_core.unit_of_work import Store


def sweep(store: Store, limit: int = 100) -> int:
    """Sweep what ended before a moment at which tokens issued at *LATER* are still valid."""
    with store.begin() as work:
        return work.sessions.sweep(AT + LIFE + (LATER - AT) / 2, limit)


def found(store: Store, *tokens: RefreshToken) -> list[bool]:
    """Return for each token whether it is stored."""
    with store.begin() as work:
        return [work.sessions.lock(token.digest) is not None for token in tokens]


class TestExpiry:
    """Sessions and refresh tokens that nobody can use any more."""

    def test_sweeps_expired_tokens_with_their_sessions(self, store: Store) -> None:
        """A session goes with its last token, of customers and staff alike."""
        people = (add_customer(store).id, Role.CUSTOMER), (add_mechanic(store).id, Role.MECHANIC)
        old = [add_session(store, new_session(*one)) for one in people]
        young = [add_session(store, new_session(*one), LATER) for one in people]

        assert [len([*old, *people]), 0] == [sweep(store), sweep(store)]
        assert [False, False, True, True] == found(store, *old, *young)

    def test_leaves_a_session_with_a_valid_token(self, store: Store) -> None:
        """Of a session that was refreshed only the expired tokens go."""
        session = new_session(add_customer(store).id)
        used = add_session(store, session)
        fresh = new_token(session, LATER)
        with store.begin() as work:
            work.sessions.rotate(used.mark_used(LATER), fresh)

        assert 1 == sweep(store)

        assert [False, True] == found(store, used, fresh)

    def test_sweeps_revoked_sessions(self, store: Store) -> None:
        """A session that was revoked before the moment goes with its tokens; a later one stays."""
        ada = add_customer(store)
        before, after = new_session(ada.id), new_session(ada.id)
        tokens = [add_session(store, session, LATER) for session in (before, after)]
        with store.begin() as work:
            work.revocations.revoke(before.id, AT)
            work.revocations.revoke(after.id, LATER + LIFE)

        assert 1 == sweep(store)

        assert [False, True] == found(store, *tokens)

    def test_sweeps_no_more_than_the_limit(self, store: Store) -> None:
        """Many expired tokens take several sweeps, the same number of each."""
        ada = add_customer(store)
        sessions = [new_session(ada.id) for _ in range(5)]
        with store.begin() as work:
            for session in sessions:
                work.sessions.start(session, new_token(session))

        assert [4, 4, 2, 0] == [sweep(store, 2) for _ in range(4)]
