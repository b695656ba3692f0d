"""Races: of several who build on the same, one wins and the others are told."""

import time
from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Final

import pytest
from attrs import evolve, field, frozen

from mechanic_adapters.conformance.samples.records import (
    AT,
    LATER,
    LIFE,
    add_account,
    add_customer,
    new_entry,
    new_session,
)
from mechanic_adapters.conformance.samples.seed import CLASHES, Seed, seeded
from mechanic_adapters.conformance.samples.threads import in_parallel
from mechanic_adapters.conformance.store.transactions import names
from mechanic_core.access import ANONYMOUS, Actor, Role
from mechanic_core.accounts.account import (
    RefreshRequest,
    RefreshToken,
    TokenPair,
    TokenRefused,
    digest_of,
)
from mechanic_core.accounts.use_cases import RefreshTokens, TokenIssuer
from mechanic_core.errors import LostRace, Unavailable
from mechanic_core.unit_of_work import Store, Work

HANDS: Final = 8
LONG_S: Final = 1.0
"""Nobody is told to try again sooner, but where they built on what somebody else has changed."""

Save = Callable[[Work, Seed], object]

SAVES: Final[dict[str, Save]] = {
    "customers": lambda work, seed: work.customers.save(evolve(seed.customer, name="Changed")),
    "vehicles": lambda work, seed: work.vehicles.save(evolve(seed.vehicle, plate="CHANGED")),
    "mechanics": lambda work, seed: work.mechanics.save(evolve(seed.mechanic, name="Changed")),
    "tickets": lambda work, seed: work.tickets.save(
        evolve(seed.ticket, description="Changed"), new_entry()
    ),
    "parts": lambda work, seed: work.parts.save([evolve(seed.part, name="Changed")]),
}


@frozen
class FakeTokens:
    """Signs nothing: says whom a token speaks for."""

    life: int = 1800

    def issue(self, actor: Actor, at: datetime) -> str:
        """Return what the token says."""
        return f"{actor.role}:{actor.id}:{actor.session}:{at.isoformat()}"


@frozen
class Till:
    """Trades refresh tokens at *LATER*, with secrets that count up."""

    store: Store
    refresh: RefreshTokens = field(init=False)

    @refresh.default
    def _refresh(self) -> RefreshTokens:
        numbers = count(1)
        desk = TokenIssuer(FakeTokens(), lambda: f"fresh-{next(numbers)}", LIFE)
        return RefreshTokens(self.store.begin, lambda: LATER, desk)

    def log_in(self, secret: str) -> None:
        """Start a customer's session whose refresh token is *secret*."""
        ada = add_customer(self.store)
        add_account(self.store, Role.CUSTOMER, ada.id)
        session = new_session(ada.id)
        with self.store.begin() as work:
            work.sessions.start(session, RefreshToken.of(secret, session.id, AT, LIFE))

    def trade(self, secret: str) -> TokenPair:
        """Trade *secret* for the next pair."""
        return self.refresh(ANONYMOUS, RefreshRequest(refresh_token=secret))


class TestRaces:
    """Of several who build on the same, one wins and the others are told."""

    @pytest.mark.parametrize("noun", SAVES)
    def test_lets_one_save_of_a_version_win(self, store: Store, noun: str) -> None:
        """Of eight who save the same version at once, exactly one does."""
        seed = seeded(store)

        def save() -> str:
            with store.begin() as work:
                SAVES[noun](work, seed)
            return "won"

        outcomes = in_parallel(*[save] * HANDS)

        assert 1 == outcomes.count("won")
        assert HANDS - 1 == sum(isinstance(outcome, LostRace) for outcome in outcomes)

    @pytest.mark.parametrize("what", CLASHES)
    def test_gives_what_is_unique_to_one(self, store: Store, what: str) -> None:
        """Of eight who take the same e-mail, VIN or SKU at once, exactly one gets it.

        Who has waited long, because a busy machine is slow to keep the winner's work or to answer
        at all, may be told to try again. Whoever does so gets one of the two answers.
        """
        take_it, refusal = CLASHES[what]
        seed = seeded(store)

        def take() -> str:
            began = time.monotonic()
            try:
                with store.begin() as work:
                    take_it(work, seed)
            except Unavailable:
                if time.monotonic() - began < LONG_S:
                    raise
                return take()
            return "won"

        outcomes = in_parallel(*[take] * HANDS)

        assert 1 == outcomes.count("won")
        assert HANDS - 1 == sum(isinstance(outcome, refusal) for outcome in outcomes)

    def test_adds_all_that_differ(self, store: Store) -> None:
        """Eight who add at once all do, each under an id of their own."""
        outcomes = in_parallel(*[lambda: add_customer(store).id] * HANDS)

        assert len(names(store)) == len(set(outcomes)) == HANDS


class TestRefreshing:
    """Refresh tokens rotate, and one that comes back ends its session."""

    def test_trades_one_after_the_other(self, store: Store) -> None:
        """Each new pair can be traded for the next."""
        till = Till(store)
        till.log_in("first")

        second = till.trade("first")
        third = till.trade(second.refresh_token)

        assert len({"first", second.refresh_token, third.refresh_token}) == len("123")

    def test_ends_the_session_of_one_used_twice(self, store: Store) -> None:
        """When a spent token comes back, the fresh one stops working too."""
        till = Till(store)
        till.log_in("first")
        fresh = till.trade("first").refresh_token

        for secret in ("first", fresh):
            with pytest.raises(TokenRefused):
                till.trade(secret)

    def test_trades_one_token_once_in_a_race(self, store: Store) -> None:
        """Of two who trade the same token at once one succeeds, and the session ends."""
        till = Till(store)
        for number in range(HANDS):
            secret = f"secret-{number}"
            till.log_in(secret)

            outcomes = in_parallel(*[lambda secret=secret: till.trade(secret)] * 2)

            pairs = [one for one in outcomes if isinstance(one, TokenPair)]
            refusals = [one for one in outcomes if isinstance(one, TokenRefused)]
            assert (1, 1) == (len(pairs), len(refusals))
            with store.begin() as work:
                held = work.sessions.lock(digest_of(pairs[0].refresh_token))
            assert held
            assert LATER == held[0].revoked_at
