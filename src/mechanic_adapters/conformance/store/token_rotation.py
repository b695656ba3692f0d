"""The contract of `Sessions` under the use case that refreshes tokens."""

from datetime import datetime
from itertools import count

import pytest
from attrs import field, frozen

from mechanic_adapters.conformance.samples.records import (
    AT,
    LATER,
    LIFE,
    add_account,
    add_customer,
    new_session,
)
from mechanic_adapters.conformance.samples.threads import in_parallel
from mechanic_core.access import ANONYMOUS, Actor, Role
from mechanic_core.accounts.account import (
    RefreshRequest,
    RefreshToken,
    TokenPair,
    TokenRefused,
    digest_of,
)
from mechanic_core.accounts.use_cases import RefreshTokens, TokenIssuer
from mechanic_core.unit_of_work import Store


@frozen
class FakeTokens:
    """Access tokens without a signature."""

    life: int = 1800

    def issue(self, actor: Actor, at: datetime) -> str:
        """Return the claims as text."""
        return f"{actor.role}:{actor.id}:{actor.session}:{at.isoformat()}"


@frozen
class Client:
    """A client that logs in at `AT` and refreshes its tokens at `LATER`; secrets count up."""

    store: Store
    use_case: RefreshTokens = field(init=False)

    @use_case.default
    def _wire(self) -> RefreshTokens:
        numbers = count(1)
        issuer = TokenIssuer(FakeTokens(), lambda: f"fresh-{next(numbers)}", LIFE)
        return RefreshTokens(self.store.begin, lambda: LATER, issuer)

    def log_in(self, secret: str) -> None:
        """Start a customer's session whose refresh token is *secret*."""
        ada = add_customer(self.store)
        add_account(self.store, Role.CUSTOMER, ada.id)
        session = new_session(ada.id)
        with self.store.begin() as work:
            work.sessions.start(session, RefreshToken.of(secret, session.id, AT, LIFE))

    def refresh(self, secret: str) -> TokenPair:
        """Exchange *secret* for the next pair of tokens."""
        return self.use_case(ANONYMOUS, RefreshRequest(refresh_token=secret))


class TestRefreshTokenRotation:
    """Each refresh token works once; its reuse revokes the session (RFC 9700, section 4.14.2)."""

    def test_exchanges_one_after_the_other(self, store: Store) -> None:
        """Each new pair can be exchanged for the next."""
        client = Client(store)
        client.log_in("first")

        second = client.refresh("first")
        third = client.refresh(second.refresh_token)

        assert len({"first", second.refresh_token, third.refresh_token}) == len("123")

    def test_revokes_the_session_on_reuse(self, store: Store) -> None:
        """When a used token comes back, the newest one stops working too."""
        client = Client(store)
        client.log_in("first")
        fresh = client.refresh("first").refresh_token

        for secret in ("first", fresh):
            with pytest.raises(TokenRefused):
                client.refresh(secret)

    def test_exchanges_a_token_once_in_a_race(self, store: Store) -> None:
        """Of two exchanges of one token in parallel, one succeeds; the session is revoked."""
        client = Client(store)
        for number in range(8):
            secret = f"secret-{number}"
            client.log_in(secret)

            outcomes = in_parallel(*[lambda secret=secret: client.refresh(secret)] * 2)

            pairs = [one for one in outcomes if isinstance(one, TokenPair)]
            refusals = [one for one in outcomes if isinstance(one, TokenRefused)]
            assert (1, 1) == (len(pairs), len(refusals))
            with store.begin() as work:
                locked = work.sessions.lock(digest_of(pairs[0].refresh_token))
            assert locked
            assert LATER == locked[0].revoked_at
